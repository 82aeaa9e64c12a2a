//! How gates are read.

use jiff::Timestamp;
use townclerk_domain::gate::{Gate, GateRules};
use townclerk_domain::names::Code;

use super::Kind;
use super::counted::CountedRows;
use super::few::Few;
use crate::kept::Kept;
use crate::ledger::Ledger;

impl Kind for GateRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}

impl Few for GateRules {
    type Stands = Gate;

    fn kept(ledger: &Ledger) -> &[Kept<Gate>] {
        &ledger.gates
    }

    /// A shared one holds back a project, whichever council that is of.
    fn touches(_: &Gate, _: &Code) -> bool {
        true
    }

    fn began(gate: &Gate) -> Timestamp {
        gate.set_at
    }

    fn is_open(_: &Gate) -> bool {
        true
    }
}
