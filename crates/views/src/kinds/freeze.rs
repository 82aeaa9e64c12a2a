//! How freezes are read.

use jiff::Timestamp;
use townclerk_domain::freeze::{Freeze, FreezeRules};
use townclerk_domain::names::Code;

use super::Kind;
use super::counted::CountedRows;
use super::few::Few;
use crate::kept::Kept;
use crate::ledger::Ledger;

impl Kind for FreezeRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}

impl Few for FreezeRules {
    type Stands = Freeze;

    fn kept(ledger: &Ledger) -> &[Kept<Freeze>] {
        &ledger.freezes
    }

    fn touches(freeze: &Freeze, council: &Code) -> bool {
        let councils = &freeze.declared.scope.councils;
        councils.is_empty() || councils.contains(council)
    }

    fn began(freeze: &Freeze) -> Timestamp {
        freeze.declared.from
    }

    fn is_open(_: &Freeze) -> bool {
        true
    }
}
