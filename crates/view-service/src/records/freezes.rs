//! Freezes, as they are shown.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::freeze::{Exempt, Freeze, FreezeRules, FreezeScope};
use townclerk_domain::text::Text;
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};

#[derive(Serialize, JsonSchema)]
pub(super) struct FreezeShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    title: Text,
    scope: FreezeScope,
    from: Timestamp,
    to: Option<Timestamp>,
    until: Option<Text>,
    exempted: Vec<ExemptedShown>,
    lifted: Option<Timestamp>,
    /// When it ends or ended; null while it holds until a condition is met.
    ends: Option<Timestamp>,
    /// Whether it holds at `as_at`; null where no moment was named.
    holds: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct ExemptedShown {
    granted: Timestamp,
    exempt: Exempt,
    reason: Text,
}

impl Listable for FreezeRules {
    type Shown = FreezeShown;

    const PLURAL: &'static str = "freezes";

    fn shown(kept: &Kept<Freeze>, beside: &Beside) -> FreezeShown {
        let ends = kept.stands.ends();
        let holds = beside.as_at.map(|at| kept.stands.holds_at(at));
        let freeze = kept.stands.clone();
        let declared = freeze.declared;
        let exempted = freeze.exempted.into_iter();
        let exempted = exempted.map(|(granted, exempted)| ExemptedShown {
            granted,
            exempt: exempted.exempt,
            reason: exempted.reason,
        });
        FreezeShown {
            sample: kept.sample,
            title: declared.title,
            scope: declared.scope,
            from: declared.from,
            to: declared.to,
            until: declared.until,
            exempted: exempted.collect(),
            lifted: freeze.lifted,
            ends,
            holds,
        }
    }
}
