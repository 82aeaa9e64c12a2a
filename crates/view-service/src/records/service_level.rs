//! The service level of one ticket: what governs it, how it stands, and how that came about.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::http::Problem;
use townclerk_contract::position::Position;
use townclerk_domain::identity::{AggregateKind, canonical_uuid};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::service_level::{Happening, Step, Verdict};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::targets::Target;
use townclerk_domain::ticket::{Priority, Status, TicketKind, TicketRules, UserClass};
use townclerk_views::agreed::{AgreedFacts, agreed_facts};
use townclerk_views::basis::Basis;
use townclerk_views::kept::facts;
use townclerk_views::lists;
use townclerk_views::service_levels::{Governing, TicketLevel, level_of_one, moment};
use uuid::Uuid;

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;
use crate::view::ViewError;

#[derive(Serialize, JsonSchema)]
pub(super) struct Shown {
    log: LogName,
    id: Uuid,
    /// Whether it leaves all figures: it was voided, or nothing was known of it at that time.
    void: bool,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    held: bool,
    /// Absent where it is void.
    #[serde(flatten)]
    state: Option<State>,
}

#[derive(Serialize, JsonSchema)]
struct State {
    /// The moment from which it is looked at.
    as_at: Timestamp,
    kind: TicketKind,
    priority: Priority,
    user_class: UserClass,
    service: Code,
    logged: Timestamp,
    status: Status,
    /// Whether it, or what governs it, was made up for a demonstration.
    sample: bool,
    /// `no-agreement`, `no-target`, `met`, `failed`, `running` or `withdrawn`.
    standing: &'static str,
    /// What share of the target has passed at least, or `overdue`, `paused`, `no-target`,
    /// `no-agreement`; null where it is not open.
    band: Option<&'static str>,
    target_minutes: Option<i64>,
    /// Whole minutes of service time, until it was resolved.
    counted_minutes: Option<i64>,
    /// Negative where it is overdue; null where it is not running.
    left_minutes: Option<i64>,
    /// Null while the clock is stopped, and where the hours that were agreed never suffice.
    due: Option<Timestamp>,
    /// From when on it is an aged one, if it is open then.
    aged_from: Option<Timestamp>,
    aged: bool,
    /// Null where no targets or no service hours govern it.
    terms: Option<TermsShown>,
    /// What happened to its clock, in order.
    trail: Vec<StepShown>,
}

/// The agreements that govern it, each with the position of the event by which it was recorded.
#[derive(Serialize, JsonSchema)]
struct TermsShown {
    targets: Agreed<Vec<Target>>,
    /// Those in force on the day on which it was logged, then those that its clock came to follow.
    hours: Vec<Agreed<ServiceTime>>,
    /// The holidays on which its clock stood until it ended, or else until it is due or until `as_at`,
    /// whichever is later.
    holidays: Vec<HolidayShown>,
    /// The reasons for a hold that stop its clock; null where nothing does.
    pauses: Option<Agreed<BTreeSet<Code>>>,
}

#[derive(Serialize, JsonSchema)]
struct Agreed<T> {
    position: String,
    from: Date,
    agreed: T,
}

#[derive(Serialize, JsonSchema)]
struct HolidayShown {
    day: Date,
    /// Of the event that declared it.
    position: String,
}

#[derive(Serialize, JsonSchema)]
struct StepShown {
    at: Timestamp,
    /// `started`, `held`, `resumed`, `retargeted`, `resolved`, `reopened`, `withdrawn`, `reinstated`
    /// or `reprioritised` (after its end: the result stays).
    what: &'static str,
    priority: Option<Priority>,
    target_minutes: Option<i64>,
    /// Why it was held.
    reason: Option<Code>,
    /// Whether that hold stops the clock.
    pauses: Option<bool>,
    /// `met` or `failed`, where it was resolved and had a target.
    result: Option<&'static str>,
    /// What had counted by then.
    counted_minutes: i64,
    /// When it was due then, if nothing else happened.
    due: Option<Timestamp>,
}

/// A ticket with what governs it.
pub(crate) struct Found {
    pub log: LogName,
    pub id: Uuid,
    pub held: bool,
    pub sample: bool,
    pub agreed: AgreedFacts,
    /// Absent where it was voided, or where nothing was known of it.
    pub level: Option<TicketLevel>,
}

/// The service level of a ticket of `log`; `None` where there is no such ticket.
///
/// # Errors
/// Only what is wrong with the rows.
pub(crate) fn found(
    view: &ViewRows<'_>,
    log: &LogName,
    id: &str,
    basis: Basis,
) -> Result<Option<Found>, ViewError> {
    let Some(id) = canonical_uuid(id) else {
        return Ok(None);
    };
    view.with_reading(|reading| {
        let Some(row) = lists::row::<TicketRules>(reading.rows, log, id)? else {
            return Ok(None);
        };
        let agreed = agreed_facts(reading.rows, log, basis.known_at)?;
        let moment = moment(reading, &Scope::Log(log.clone()), basis)?;
        let facts = facts(&row, basis)?;
        Ok(Some(Found {
            log: log.clone(),
            id,
            held: lists::is_held(reading.rows, log, AggregateKind::Ticket, id)?,
            sample: row.sample,
            level: level_of_one(&facts, &agreed.agreements(), basis, moment),
            agreed,
        }))
    })
}

/// One ticket against what was agreed, as it stood where `as_at` or `known_at` say so.
pub(super) fn service_level(
    view: &ViewRows<'_>,
    log: &LogName,
    id: &str,
    params: &Params,
) -> Result<Shown, ReadError> {
    let Wanted { basis, .. } = Wanted::read(&Takes::ONE, params)?;
    let found = found(view, log, id, basis)?;
    let missing = || Problem::not_found(format!("ticket {id} in the log {log}"));
    let found = found.ok_or_else(missing)?;
    let state = found.level.as_ref().map(|level| State::of(&found, level));
    Ok(Shown {
        log: found.log.clone(),
        id: found.id,
        void: state.is_none(),
        held: found.held,
        state,
    })
}

impl State {
    fn of(found: &Found, level: &TicketLevel) -> Self {
        let governed = level.governed.as_ref();
        let running = level.running();
        let attributes = &level.attributes;
        let steps = governed.into_iter().flat_map(|level| &level.trail);
        Self {
            as_at: level.as_at,
            kind: attributes.kind,
            priority: attributes.priority,
            user_class: attributes.user_class,
            service: attributes.service.clone(),
            logged: level.logged_at,
            status: level.status,
            sample: found.sample || (governed.is_some() && found.agreed.sample),
            standing: level.standing(),
            band: level.risk().map(|risk| risk.code()),
            target_minutes: governed.and_then(|level| level.target).map(minutes),
            counted_minutes: governed.map(|level| begun_minutes(level.counted)),
            left_minutes: running.map(|(left, _)| minutes(left)),
            due: running.and_then(|(_, due)| due),
            aged_from: level.aged_from,
            aged: level.is_aged(),
            terms: Governing::of(&found.agreed, level)
                .map(|governing| TermsShown::of(&found.log, governing)),
            trail: steps.map(StepShown::of).collect(),
        }
    }
}

impl TermsShown {
    fn of(log: &LogName, governing: Governing<'_>) -> Self {
        let position = |sequence: u64| {
            let log = log.clone();
            Position { log, sequence }.to_string()
        };
        let (by, targets) = governing.targets;
        let hours = governing.hours.into_iter().map(|(by, hours)| Agreed {
            position: position(by),
            from: hours.from,
            agreed: hours.hours.clone(),
        });
        let holidays = governing.holidays.into_iter();
        let holidays = holidays.map(|(day, by)| HolidayShown {
            day,
            position: position(by),
        });
        Self {
            targets: Agreed {
                position: position(by),
                from: targets.from,
                agreed: targets.targets.clone(),
            },
            hours: hours.collect(),
            holidays: holidays.collect(),
            pauses: governing.pauses.map(|(by, pauses)| Agreed {
                position: position(by),
                from: pauses.from,
                agreed: pauses.reasons.clone(),
            }),
        }
    }
}

impl StepShown {
    fn of(step: &Step) -> Self {
        let mut shown = Self {
            at: step.at,
            what: code(&step.what),
            priority: None,
            target_minutes: None,
            reason: None,
            pauses: None,
            result: None,
            counted_minutes: begun_minutes(step.counted),
            due: step.due,
        };
        match &step.what {
            Happening::Started { priority, target }
            | Happening::Retargeted { priority, target } => {
                shown.priority = Some(*priority);
                shown.target_minutes = target.map(minutes);
            }
            Happening::Held { reason, pauses } => {
                shown.reason = Some(reason.clone());
                shown.pauses = Some(*pauses);
            }
            Happening::Resolved { result } => {
                shown.target_minutes = result.map(|verdict| minutes(verdict.target));
                shown.result = result.map(Verdict::code);
            }
            Happening::ReprioritisedLater { priority } => shown.priority = Some(*priority),
            Happening::Resumed
            | Happening::Reopened
            | Happening::Withdrawn
            | Happening::Reinstated => {}
        }
        shown
    }
}

fn code(what: &Happening) -> &'static str {
    match what {
        Happening::Started { .. } => "started",
        Happening::Held { .. } => "held",
        Happening::Resumed => "resumed",
        Happening::Retargeted { .. } => "retargeted",
        Happening::Resolved { .. } => "resolved",
        Happening::Reopened => "reopened",
        Happening::Withdrawn => "withdrawn",
        Happening::Reinstated => "reinstated",
        Happening::ReprioritisedLater { .. } => "reprioritised",
    }
}

/// Whole minutes; of what is overdue every begun one counts.
pub(crate) fn minutes(duration: SignedDuration) -> i64 {
    let floor = duration.as_secs().div_euclid(60);
    let begun =
        duration.is_negative() && duration.subsec_nanos() != 0 && duration.as_secs() % 60 == 0;
    floor - i64::from(begun)
}

/// Whole minutes of time that counted, a begun one too: with what is left they are the target.
pub(crate) fn begun_minutes(counted: SignedDuration) -> i64 {
    minutes(-counted).saturating_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counted_and_what_is_left_are_the_target() {
        let target: SignedDuration = "PT1H".parse().unwrap();
        for counted in ["PT0S", "PT59M59S", "PT1H", "PT1H0.5S", "PT2H30M1S"] {
            let counted: SignedDuration = counted.parse().unwrap();
            let both = begun_minutes(counted) + minutes(target - counted);
            assert_eq!(both, 60, "{counted}");
        }
    }

    #[test]
    fn minutes_are_whole_and_what_is_overdue_is_never_nothing() {
        for (text, found) in [
            ("PT59S", 0),
            ("PT61.5S", 1),
            ("-PT1S", -1),
            ("-PT0.5S", -1),
            ("-PT60S", -1),
            ("-PT60.5S", -2),
            ("PT0S", 0),
        ] {
            assert_eq!(minutes(text.parse().unwrap()), found, "{text}");
        }
    }
}
