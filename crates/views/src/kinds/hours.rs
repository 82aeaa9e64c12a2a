//! How service hours are read: each log has one record of them.

use townclerk_domain::hours::HoursRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for HoursRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
