//! Failures: how long it took to restore, how long it held in between, and causes that came back.
//!
//! Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.10 to 6.14: what failed, what was
//! done about it, and whether it failed so again since ("no similar outage since").
//!
//! A failure is an outage that nobody had announced and that is no known error. It lasts where its
//! time is known. While one lasts another adds
//! nothing to the time between failures: they are unioned, minute by minute, as downtime is.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::{Action, Nature, Outage};
use townclerk_domain::period::end_of_day;
use townclerk_domain::reference::{Reference, ReferenceKind};

use crate::availability::{begin_of, begun_in, minute};
use crate::kept::Kept;

const SECONDS_PER_MINUTE: i64 = 60;

/// Whether something failed: it was not announced, and is no known error.
pub fn is_failure(outage: &Outage) -> bool {
    match outage.nature() {
        Nature::Failure => true,
        Nature::KnownError | Nature::Maintenance => false,
    }
}

/// From when to when a failure lasted, the end absent while it does; `None` where that is not known,
/// and of what is no failure.
pub fn lasted(outage: &Outage) -> Option<(Timestamp, Option<Timestamp>)> {
    let begun = outage.begun.as_ref()?;
    let is_known = is_failure(outage) && !outage.is_imprecise();
    is_known.then_some((begun.at, outage.resolved))
}

/// The times within `[start, end)` in which nothing had failed, between the end of one failure and
/// the beginning of the next. One of no length parts them too, and takes no minute.
pub fn between(
    failures: impl IntoIterator<Item = (Timestamp, Option<Timestamp>)>,
    (start, end): (Timestamp, Timestamp),
) -> Vec<(Timestamp, Timestamp)> {
    let mut failed: Vec<Range<i64>> = Vec::new();
    for (from, to) in failures {
        let (from, to) = (from.max(start), to.unwrap_or(end).min(end));
        if from < end && start <= to {
            let moment = minute(from)..minute(from);
            failed.push(begun_in(from, to).unwrap_or(moment));
        }
    }
    failed.sort_by_key(|range| range.start);
    let mut union: Vec<Range<i64>> = Vec::new();
    for range in failed {
        match union.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => union.push(range),
        }
    }
    let pairs = union.iter().zip(union.iter().skip(1));
    pairs
        .filter_map(|(one, next)| begin_of(one.end).zip(begin_of(next.start)))
        .collect()
}

/// The latest earlier outage or known error with the same cause of which everything that was to be done about it
/// was done, when this one began.
pub fn recurs_from<'a>(
    outages: impl IntoIterator<Item = &'a Kept<Outage>>,
    this: &Kept<Outage>,
) -> Option<&'a Kept<Outage>> {
    let began = earliest_begin(&this.stands)?;
    let earlier = outages.into_iter().filter(|earlier| {
        let is_itself = (&earlier.log, earlier.id) == (&this.log, this.id);
        !is_itself
            && !earlier.stands.is_planned()
            && is_same_cause(earlier, this)
            && was_remedied(&earlier.stands, began)
    });
    earlier.max_by_key(|earlier| {
        let at = earlier.stands.begun.as_ref().map(|begun| begun.at);
        (at, &earlier.log, earlier.id)
    })
}

/// The first moment at which a failure may have begun.
fn earliest_begin(outage: &Outage) -> Option<Timestamp> {
    let begun = outage.begun.as_ref().filter(|_| is_failure(outage))?;
    let roughly = begun.declared.when.map(|within| within.start());
    Some(roughly.unwrap_or(begun.at))
}

/// Whether remedial actions had been agreed by then, and all of those were complete.
fn was_remedied(outage: &Outage, at: Timestamp) -> bool {
    let agreed: Vec<&Action> = outage
        .actions
        .iter()
        .filter(|action| action.agreed_at < at)
        .collect();
    let is_complete = |action: &&Action| action.completed.is_some_and(|completed| completed < at);
    !agreed.is_empty() && agreed.iter().all(is_complete)
}

/// Whether the causes that were found last are of one component and class, or the one outage is
/// recorded to have recurred in the other.
fn is_same_cause(earlier: &Kept<Outage>, this: &Kept<Outage>) -> bool {
    let causes = earlier
        .stands
        .cause
        .as_ref()
        .zip(this.stands.cause.as_ref());
    let is_alike = causes.is_some_and(|(one, other)| {
        (&one.component, &one.class) == (&other.component, &other.class)
    });
    is_alike
        || earlier
            .stands
            .recurred
            .contains(&reference(&this.log, this))
}

fn reference(log: &LogName, outage: &Kept<Outage>) -> Reference {
    Reference {
        log: log.clone(),
        kind: ReferenceKind::Outage,
        id: outage.id,
    }
}

/// The remedial actions that were not complete when their day was over, seen at a moment.
pub fn overdue(outage: &Outage, seen: Timestamp) -> impl Iterator<Item = &Action> {
    let actions = outage.actions.iter();
    actions.filter(move |action| is_overdue(action, seen))
}

/// Whether a remedial action's day is over and it is not complete, seen at a moment.
pub fn is_overdue(action: &Action, seen: Timestamp) -> bool {
    action.completed.is_none() && end_of_day(action.agreed.due) <= seen
}

/// Whole minutes from one moment to another, a begun one included.
pub fn begun_minutes(from: Timestamp, to: Timestamp) -> i64 {
    let exactly: SignedDuration = to.duration_since(from);
    let (minutes, rest) = (exactly.as_mins(), exactly.as_secs() % SECONDS_PER_MINUTE);
    let started = rest > 0 || exactly.subsec_nanos() > 0;
    minutes + i64::from(started)
}
