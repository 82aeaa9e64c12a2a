//! How what is covered is read: the registry has all of them.

use townclerk_domain::coverage::CoverageRules;

use super::Kind;
use super::counted::CountedRows;

impl Kind for CoverageRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        None
    }
}
