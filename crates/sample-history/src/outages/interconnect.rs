//! The incidents of the interconnect before July 2018. When each was is not published, so each is
//! recorded as one that was some time within the half year.

use jiff::SignedDuration;
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::{
    Closed, Declared, Effect, Escalated, OutageFact, OutageRules, Resolved, Severity, WorkedAround,
};
use townclerk_domain::period::end_of_day;

use super::aftermath::{agreed_action, completed, found_cause};
use super::{Failure, SYSTEM};
use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::{Spelt, code, codes, moment, text};
use crate::targets::{INTERCONNECT_DAYS, INTERCONNECT_INCIDENTS};

const SUPPLIER: &str = "interconnect-supplier";

/// Whom each hit.
const COUNCILS: [&[&str]; INTERCONNECT_INCIDENTS] = [
    &["brent", "lewisham"],
    &["brent", "lewisham"],
    &["brent", "lewisham", "southwark"],
];

pub fn tell(recorder: &Recorder) -> Spelt<Vec<Chronicle<'_, OutageRules>>> {
    let numbered = (1..).zip(COUNCILS);
    numbered
        .map(|(number, councils)| incident(recorder, number, councils))
        .collect()
}

fn incident<'a>(
    recorder: &'a Recorder,
    number: i64,
    councils: &[&str],
) -> Spelt<Chronicle<'a, OutageRules>> {
    let name = format!("interconnect-{number}");
    let mut told = Chronicle::new(recorder, SYSTEM, &LogName::shared(), &name)?;
    let (from, to) = INTERCONNECT_DAYS;
    let within = Within {
        from,
        to,
        precision: Precision::Interval,
    };
    let councils = codes(councils)?;
    let effect = |council| {
        Ok(Effect {
            service: code("network")?,
            council,
            severity: Severity::Down,
            from: None,
            to: None,
        })
    };
    let effects: Spelt<Vec<Effect>> = councils.iter().cloned().map(effect).collect();
    let declared = Declared {
        title: text("The interconnect between the data centres was lost")?,
        summary: None,
        when: Some(within),
        councils,
        critical: true,
        effects: effects?,
    };
    let recorded = moment("2018-07-06T09:30:00Z")? + SignedDuration::from_mins(20 * number);
    told.recorded_after(recorded.duration_since(within.start()));
    told.then(within.start(), OutageFact::Declared(declared));
    told.recorded_after(SignedDuration::from_mins(5));
    let workaround = text("All live services run from the Brent data centre")?;
    let moved = moment("2018-06-14T10:00:00Z")?;
    told.then(moved, OutageFact::WorkedAround(WorkedAround { workaround }));
    let (supplier, level) = (code(SUPPLIER)?, code("chief-executive")?);
    let raised = moment("2018-06-21T13:00:00Z")?;
    told.then(raised, OutageFact::Escalated(Escalated { supplier, level }));
    let last = end_of_day(to) - SignedDuration::from_mins(1);
    told.then(last, OutageFact::Resolved(Resolved {}));
    let failure = Failure {
        component: code("interconnect")?,
        class: code("carrier")?,
        supplier: Some(code(SUPPLIER)?),
    };
    let summary = "The supplier's equipment failed";
    let found = moment("2018-07-09T09:00:00Z")?;
    told.then(found, found_cause(&failure, Some(summary))?);
    let (action, due) = ("attend-board", jiff::civil::date(2018, 7, 31));
    let what = "The supplier attends the management board until the interconnect is stable";
    told.then(found, agreed_action(action, what, "head-of-service", due)?);
    told.then(moment("2018-07-26T14:30:00Z")?, completed(code(action)?));
    told.then(
        moment("2018-09-28T10:00:00Z")?,
        OutageFact::Closed(Closed {}),
    );
    Ok(told)
}
