//! HTTP commands for the restructuring of the service: which councils are its members, the
//! programmes that change it, and the posts of its establishment.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_domain::partnership::PartnershipRules;
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;

mod partnership;
mod post;
mod programme;

#[cfg(test)]
mod tests;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "restructure-service";

const OPERATION: Need = Need::command(&[Role::Operator]);

const OFFICE: Need = Need::command(&[Role::Officer]);

/// Adds the commands of membership, programmes and posts.
#[must_use]
pub fn routes(
    guarded: Guarded,
    partnerships: Arc<Handlers<PartnershipRules>>,
    programmes: Arc<Handlers<ProgrammeRules>>,
    posts: Arc<Handlers<PostRules>>,
) -> Guarded {
    let guarded = partnership::routes(guarded, partnerships);
    let guarded = programme::routes(guarded, programmes);
    post::routes(guarded, posts)
}
