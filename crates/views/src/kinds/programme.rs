//! How programmes of restructure are read.

use jiff::Timestamp;
use townclerk_domain::names::Code;
use townclerk_domain::programme::{Programme, ProgrammeRules};

use super::Kind;
use super::counted::CountedRows;
use super::few::Few;
use crate::kept::Kept;
use crate::ledger::Ledger;

impl Kind for ProgrammeRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}

impl Few for ProgrammeRules {
    type Stands = Programme;

    fn kept(ledger: &Ledger) -> &[Kept<Programme>] {
        &ledger.programmes
    }

    /// A shared one restructures the service of all.
    fn touches(_: &Programme, _: &Code) -> bool {
        true
    }

    fn began(programme: &Programme) -> Timestamp {
        programme.opened_at
    }

    fn is_open(_: &Programme) -> bool {
        true
    }
}
