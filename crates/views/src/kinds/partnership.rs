//! How membership is read: the registry has all of it.

use townclerk_domain::partnership::PartnershipRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for PartnershipRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
