//! What a post adds.

use townclerk_domain::decider::Decider;
use townclerk_domain::post::{Post, PostFact, PostRules};
use townclerk_domain::timeline::Standing;

use super::Contribution;
use crate::attributes::Attributes;
use crate::measure::Measure;

/// What the facts of one post add. Vacancies are the posts there are without a permanent holder:
/// an interim fills a post and leaves it vacant.
pub(crate) fn of(facts: &[Standing<PostFact>]) -> Vec<Contribution> {
    let mut found = Vec::new();
    let mut post = None;
    for standing in facts {
        let at = standing.happened;
        let was_vacant = post.as_ref().is_some_and(Post::is_vacant);
        let had_interim = post.as_ref().is_some_and(Post::has_interim);
        post = PostRules::evolve(post, &standing.fact, at);
        let Some(Post { created, .. }) = &post else {
            continue;
        };
        let is_vacant = post.as_ref().is_some_and(Post::is_vacant);
        let has_interim = post.as_ref().is_some_and(Post::has_interim);
        let mut add = |measure, delta, appointment| {
            let attributes = Attributes::Post {
                team: created.team.clone(),
                role: created.role.clone(),
                appointment,
            };
            found.push(Contribution::plain(measure, at, delta, attributes));
        };
        match &standing.fact {
            PostFact::PostCreated(_) => {
                add(Measure::PostsCreated, 1, None);
                add(Measure::Establishment, 1, None);
            }
            PostFact::PostFilled(filled) => {
                add(Measure::PostsFilled, 1, Some(filled.appointment));
            }
            PostFact::PostDeleted(_) => {
                add(Measure::PostsDeleted, 1, None);
                add(Measure::Establishment, -1, None);
            }
            PostFact::PostRingfenced(_)
            | PostFact::InterimExtended(_)
            | PostFact::InterimEnded(_)
            | PostFact::PostVacated(_) => {}
        }
        match (was_vacant, is_vacant) {
            (false, true) => add(Measure::Vacancies, 1, None),
            (true, false) => add(Measure::Vacancies, -1, None),
            _ => {}
        }
        match (had_interim, has_interim) {
            (false, true) => add(Measure::Interims, 1, None),
            (true, false) => add(Measure::Interims, -1, None),
            _ => {}
        }
    }
    found
}
