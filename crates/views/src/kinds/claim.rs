//! How what was published is read: the registry has all of them.

use townclerk_domain::claim::ClaimRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for ClaimRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
