//! What was to be done by a day that is over: reviews of changes, and interims whose last day passed
//! without an end or an extension. Each goes with what is recorded next.

use townclerk_domain::change::{ChangeFact, ChangeRules};
use townclerk_domain::post::{PostFact, PostRules};
use townclerk_domain::timeline::Standing;

use super::{FindingKind, Search};
use crate::rows::{Rows, RowsError};

impl<R: Rows> Search<'_, R> {
    /// Changes that were implemented and not reviewed by the day that was set. The event that made
    /// it so is the one that set it.
    pub(super) fn reviews(&mut self) -> Result<(), RowsError> {
        for change in &self.ledger.changes {
            let stands = &change.stands;
            let Some(due) = stands.review_due(self.seen) else {
                continue;
            };
            if !stands.is_review_overdue(self.seen) {
                continue;
            }
            let set = |standing: &Standing<ChangeFact>| matches!(&standing.fact, ChangeFact::ReviewDue(set) if set == due);
            let detail = format!(
                "The change “{}” was implemented and not reviewed; {} was to see to that by {}.",
                stands.requested.title, due.owner, due.by
            );
            self.add::<ChangeRules, _>(FindingKind::ReviewOverdue, change, set, detail)?;
        }
        Ok(())
    }

    /// Posts that interims hold longer than was said, as far as it is recorded.
    pub(super) fn interims(&mut self) -> Result<(), RowsError> {
        for post in &self.ledger.posts {
            let stands = &post.stands;
            let Some(until) = stands.interim_expired(self.seen) else {
                continue;
            };
            let said = |standing: &Standing<PostFact>| {
                matches!(
                    standing.fact,
                    PostFact::PostFilled(_) | PostFact::InterimExtended(_)
                )
            };
            let detail = format!(
                "The last day of the interim who holds the post of {} in {} was {until}; neither an \
                 end nor an extension is recorded.",
                stands.created.role, stands.created.team
            );
            self.add::<PostRules, _>(FindingKind::InterimExpired, post, said, detail)?;
        }
        Ok(())
    }
}
