//! Posts that interims hold, by when their cover ends: those that have run out first.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::london_day;
use townclerk_domain::post::Post;
use townclerk_views::kept::Kept;
use uuid::Uuid;

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;

/// An establishment has a bounded number of posts: the list has no pages.
pub(super) const TAKES: Takes = Takes {
    names: &["as_at", "known_at", "within_days"],
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Interims {
    scope: Scope,
    /// The moment from which days are counted.
    seen: Timestamp,
    interims: Vec<InterimShown>,
}

#[derive(Serialize, JsonSchema)]
struct InterimShown {
    id: Uuid,
    log: LogName,
    /// Whether it was made up for a demonstration.
    sample: bool,
    role: Code,
    team: Code,
    since: Timestamp,
    /// The last day.
    until: Option<Date>,
    /// From today to the last day: 0 on that day, less than 0 after it.
    days_left: Option<i32>,
    /// Whether the last day is over, and neither an end nor an extension is recorded.
    expired: bool,
}

/// # Errors
/// What cannot be read, or what is wrong with the rows.
pub(super) fn interims(
    view: &ViewRows<'_>,
    scope: &Scope,
    params: &Params,
) -> Result<Interims, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let (ledger, seen) = view.with_reading(|reading| {
        let ledger = reading.ledger(scope, wanted.basis)?;
        Ok((ledger, reading.seen(scope, wanted.basis)))
    })?;
    let posts = ledger.posts.iter();
    // A shared post works for all.
    let of_scope = posts.filter(|post| scope.has(&post.log, |_| true));
    let mut interims: Vec<InterimShown> = of_scope
        .filter_map(|post| InterimShown::of(post, seen))
        .filter(|shown| {
            let within = wanted.within_days;
            within.is_none_or(|within| shown.days_left.is_some_and(|left| left <= within))
        })
        .collect();
    interims.sort_by_key(|shown| (shown.until, shown.since, shown.id));
    Ok(Interims {
        scope: scope.clone(),
        seen,
        interims,
    })
}

impl InterimShown {
    fn of(kept: &Kept<Post>, seen: Timestamp) -> Option<Self> {
        let post = &kept.stands;
        let holder = post.interim().filter(|_| post.has_interim())?;
        Some(Self {
            id: kept.id,
            log: kept.log.clone(),
            sample: kept.sample,
            role: post.created.role.clone(),
            team: post.created.team.clone(),
            since: holder.since,
            until: holder.until,
            days_left: holder.until.and_then(|until| days_left(until, seen)),
            expired: post.interim_expired(seen).is_some(),
        })
    }
}

/// How many days are left until a last day.
pub(crate) fn days_left(until: Date, seen: Timestamp) -> Option<i32> {
    let left = until.since(london_day(seen)).ok()?;
    Some(left.get_days())
}
