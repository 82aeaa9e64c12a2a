//! How posts are read, and what one adds.

use std::sync::Arc;

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::names::Code;
use townclerk_domain::post::{Appointment, Post, PostFact, PostRules};
use townclerk_domain::timeline::Standing;

use super::Kind;
use super::counted::{Counted, CountedRows, Counters, RowsOf};
use super::few::Few;
use crate::contribution::{Attributes, Circumstances, Contribution};
use crate::dimension::Dimension;
use crate::kept::Kept;
use crate::ledger::Ledger;
use crate::measure::Measure;

impl Kind for PostRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        Some(RowsOf::<Self>::READER)
    }
}

impl Counted for PostRules {
    type Stands = Post;

    const COUNTERS: Counters = Counters {
        by: &[Dimension::Appointment, Dimension::Team, Dimension::Role],
        by_pairs: &[],
        arrivals: &[Measure::PostsCreated],
    };

    fn contributions(facts: &[Standing<PostFact>], _: &Circumstances<'_>) -> Vec<Contribution> {
        contributions(facts)
    }

    fn is_open(_: &Post) -> Option<bool> {
        None
    }

    fn links(_: &PostFact) -> bool {
        false
    }
}

impl Few for PostRules {
    type Stands = Post;

    fn kept(ledger: &Ledger) -> &[Kept<Post>] {
        &ledger.posts
    }

    /// A shared one works for all.
    fn touches(_: &Post, _: &Code) -> bool {
        true
    }

    fn began(post: &Post) -> Timestamp {
        post.created_at
    }

    fn is_open(_: &Post) -> bool {
        true
    }
}

/// A post when it was counted.
#[derive(Debug)]
struct Counting {
    team: Code,
    role: Code,
    /// For a filling.
    appointment: Option<Appointment>,
}

impl Attributes for Counting {
    fn value(&self, dimension: Dimension) -> Option<&str> {
        match dimension {
            Dimension::Appointment => self.appointment.map(Appointment::code),
            Dimension::Team => Some(self.team.as_str()),
            Dimension::Role => Some(self.role.as_str()),
            _ => None,
        }
    }

    /// A post hits nobody in particular.
    fn councils(&self) -> Box<dyn Iterator<Item = &Code> + '_> {
        Box::new(std::iter::empty())
    }
}

/// What the facts of one post add. Vacancies are the posts there are without a permanent holder:
/// an interim fills a post and leaves it vacant.
fn contributions(facts: &[Standing<PostFact>]) -> Vec<Contribution> {
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
            let attributes = Counting {
                team: created.team.clone(),
                role: created.role.clone(),
                appointment,
            };
            found.push(Contribution::plain(
                measure,
                at,
                delta,
                Arc::new(attributes),
            ));
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
