//! Posts of the establishment, as they are shown: how one is held, never by whom.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::Code;
use townclerk_domain::post::{Holder, Post, PostRules};
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};

#[derive(Serialize, JsonSchema)]
pub(super) struct PostShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    role: Code,
    team: Code,
    created: Timestamp,
    /// The group of those who alone may apply.
    ringfenced: Option<Code>,
    holder: Option<Holder>,
    /// In the establishment and without a permanent holder.
    vacant: bool,
    deleted: Option<Timestamp>,
}

impl Listable for PostRules {
    type Shown = PostShown;

    const PLURAL: &'static str = "posts";

    fn shown(kept: &Kept<Post>, _: &Beside) -> PostShown {
        let vacant = kept.stands.is_vacant();
        let post = kept.stands.clone();
        PostShown {
            sample: kept.sample,
            role: post.created.role,
            team: post.created.team,
            created: post.created_at,
            ringfenced: post.ringfenced,
            holder: post.holder,
            vacant,
            deleted: post.deleted,
        }
    }
}
