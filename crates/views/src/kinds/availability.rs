//! How agreements on availability are read: each log has one record of them.

use townclerk_domain::availability::AvailabilityRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for AvailabilityRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
