//! How targets are read: each log has one record of them.

use townclerk_domain::targets::TargetsRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for TargetsRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
