//! How tests of recovery are read.

use jiff::Timestamp;
use townclerk_domain::names::Code;
use townclerk_domain::recovery::{RecoveryTest, RecoveryTestRules};

use super::Kind;
use super::counted::CountedRows;
use super::few::Few;
use crate::kept::Kept;
use crate::ledger::Ledger;

impl Kind for RecoveryTestRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}

impl Few for RecoveryTestRules {
    type Stands = RecoveryTest;

    fn kept(ledger: &Ledger) -> &[Kept<RecoveryTest>] {
        &ledger.recovery_tests
    }

    /// A shared one is of all councils.
    fn touches(_: &RecoveryTest, _: &Code) -> bool {
        true
    }

    fn began(test: &RecoveryTest) -> Timestamp {
        test.at
    }

    fn is_open(_: &RecoveryTest) -> bool {
        true
    }
}
