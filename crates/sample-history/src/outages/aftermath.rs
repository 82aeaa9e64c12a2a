//! What happens while and after an outage: who was hit, how people worked in spite of it, its
//! cause, what was done so that it does not come back.

use jiff::{SignedDuration, Timestamp, ToSpan};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::Code;
use townclerk_domain::outage::{
    ActionAgreed, ActionCompleted, CauseFound, Closed, Escalated, OutageFact, Party, Reviewed,
    UsersAffected, WorkedAround,
};
use townclerk_domain::period::london_day;

use super::{Failure, Story};
use crate::calendar::{Calendar, Pace};
use crate::dice::Dice;
use crate::spelling::{Spelt, code, text};

/// Class of cause, and what is done about it: action, text, owner.
const REMEDIES: [(&str, &str, &str, &str); 6] = [
    (
        "hardware",
        "keep-a-spare",
        "Replace the part that failed, and keep a spare",
        "infrastructure",
    ),
    (
        "software",
        "update-software",
        "Bring the software to the release that mends the fault",
        "applications",
    ),
    (
        "capacity",
        "watch-capacity",
        "Watch the capacity, and warn at four fifths of it",
        "infrastructure",
    ),
    (
        "carrier",
        "second-line",
        "Ask the carrier for a second line by another way",
        "networks",
    ),
    (
        "change",
        "try-first",
        "Try such changes in the test environment first",
        "change-board",
    ),
    (
        "power",
        "second-supply",
        "Feed it from a second supply",
        "infrastructure",
    ),
];

const FINDINGS: [&str; 3] = [
    "The times are right, and all who had to know were told",
    "It was noticed by users before it was noticed by the team",
    "It was over quickly, and told of too late",
];

/// Draws what else happens to an ordinary outage.
pub fn aftermath(story: &mut Story, calendar: &Calendar, dice: &mut Dice) -> Spelt<()> {
    let lasts = story.ends.duration_since(story.begins).as_mins();
    let mut more = Vec::new();
    if lasts > 40 && story.noticed.is_none() {
        if dice.percent(45) {
            let percent = Decimal::whole(5 * dice.between(1, 20));
            let at = story.begins + SignedDuration::from_mins(dice.between(10, 25));
            more.push((at, OutageFact::UsersAffected(UsersAffected { percent })));
        }
        if dice.percent(18) {
            let workaround = text("Work on paper or from another site until it is back")?;
            let at = story.begins + SignedDuration::from_mins(lasts / 2);
            more.push((at, OutageFact::WorkedAround(WorkedAround { workaround })));
        }
    }
    if let Some(failure) = &story.failure {
        cause(story, failure, calendar, &mut more, dice)?;
    }
    if story.critical || dice.percent(30) {
        let drawn = usize::try_from(dice.below(3)).unwrap_or(0);
        let findings = text(FINDINGS[drawn])?;
        let reviewed = later(story.ends, (5, 9), calendar, dice);
        more.extend(reviewed.map(|at| (at, OutageFact::Reviewed(Reviewed { findings }))));
    }
    let closed = later(story.ends, (12, 18), calendar, dice);
    more.extend(closed.map(|at| (at, OutageFact::Closed(Closed {}))));
    story.more.extend(more);
    Ok(())
}

fn cause(
    story: &Story,
    failure: &Failure,
    calendar: &Calendar,
    more: &mut Vec<(Timestamp, OutageFact)>,
    dice: &mut Dice,
) -> Spelt<()> {
    if let Some(supplier) = &failure.supplier
        && dice.percent(40)
    {
        let level = code(if story.critical || dice.percent(30) {
            "service-manager"
        } else {
            "service-desk"
        })?;
        let supplier = supplier.clone();
        let at = story.begins + SignedDuration::from_mins(dice.between(8, 60));
        more.push((at, OutageFact::Escalated(Escalated { supplier, level })));
    }
    if let Some(found) = later(story.ends, (0, 3), calendar, dice) {
        more.push((found, found_cause(failure, None)?));
    }
    let remedy = REMEDIES
        .iter()
        .find(|(class, ..)| *class == failure.class.as_str());
    let Some((_, action, what, owner)) = remedy else {
        return Ok(());
    };
    let agreed = later(story.ends, (4, 7), calendar, dice);
    if let Some(agreed) = agreed.filter(|_| story.critical || dice.percent(22)) {
        let days = dice.between(14, 60);
        let due = london_day(agreed).saturating_add(days.days());
        more.push((agreed, agreed_action(action, what, owner, due)?));
        let took = (days - 6, days + 4);
        let done = later(agreed, took, calendar, dice).filter(|_| dice.percent(85));
        let action = code(action)?;
        more.extend(done.map(|at| (at, completed(action))));
    }
    Ok(())
}

pub fn found_cause(failure: &Failure, summary: Option<&str>) -> Spelt<OutageFact> {
    Ok(OutageFact::CauseFound(CauseFound {
        component: failure.component.clone(),
        class: failure.class.clone(),
        party: match failure.supplier {
            Some(_) => Party::Supplier,
            None => Party::Own,
        },
        supplier: failure.supplier.clone(),
        summary: summary.map(text).transpose()?,
    }))
}

pub fn agreed_action(
    action: &str,
    what: &str,
    owner: &str,
    due: jiff::civil::Date,
) -> Spelt<OutageFact> {
    Ok(OutageFact::ActionAgreed(ActionAgreed {
        action: code(action)?,
        text: text(what)?,
        owner: code(owner)?,
        due,
    }))
}

pub fn completed(action: Code) -> OutageFact {
    OutageFact::ActionCompleted(ActionCompleted { action })
}

/// In working hours between so many days after `at`; `None` if that is after the history.
fn later(
    at: Timestamp,
    (least, most): (i64, i64),
    calendar: &Calendar,
    dice: &mut Dice,
) -> Option<Timestamp> {
    let days = SignedDuration::from_hours(24 * dice.between(least, most));
    let into_the_day = SignedDuration::from_mins(dice.between(95, 400));
    let from = (at + days).min(calendar.end);
    calendar.after(from, into_the_day, Pace::Work)
}
