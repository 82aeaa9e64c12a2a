//! How outages and maintenance are read.

use jiff::Timestamp;
use townclerk_domain::names::Code;
use townclerk_domain::outage::{Outage, OutageRules, Status};

use super::Kind;
use super::counted::CountedRows;
use super::few::Few;
use crate::kept::Kept;
use crate::ledger::Ledger;

impl Kind for OutageRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}

impl Few for OutageRules {
    type Stands = Outage;

    fn kept(ledger: &Ledger) -> &[Kept<Outage>] {
        &ledger.outages
    }

    fn touches(outage: &Outage, council: &Code) -> bool {
        outage.councils.contains(council)
    }

    /// When it began, or else is planned to begin.
    fn began(outage: &Outage) -> Timestamp {
        let begun = outage.begun.as_ref().map(|begun| begun.at);
        let planned = outage.notice();
        let planned = planned.map(|planned| planned.maintenance.from);
        begun.or(planned).unwrap_or(Timestamp::MIN)
    }

    /// Something is down or degraded now; maintenance to come is not open yet.
    fn is_open(outage: &Outage) -> bool {
        outage.status() == Status::Open
    }
}
