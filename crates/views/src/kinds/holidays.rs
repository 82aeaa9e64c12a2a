//! How holidays are read: each log has one record of them.

use townclerk_domain::holidays::HolidaysRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for HolidaysRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
