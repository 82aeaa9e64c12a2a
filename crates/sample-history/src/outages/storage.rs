//! The storage outage of April 2019, of which the day was not published, and the change that it
//! happened in. The times of the change and of the incident are sample data.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::{
    Closed, Declared, Effect, Escalated, Linked, OutageFact, OutageRules, Resolved, Reviewed,
    ServiceRestored, Severity,
};
use townclerk_domain::period::end_of_day;
use townclerk_domain::reference::ReferenceKind;

use super::aftermath::{agreed_action, completed, found_cause};
use super::named::{day_of, everybody, reference};
use super::{Failure, SYSTEM};
use crate::chronicle::{Chronicle, Recorder};
use crate::placement::Notice;
use crate::spelling::{Spelt, code, moment, text};
use crate::targets::{CHILDRENS_SOCIAL_CARE, EDUCATION};

/// The outage, and the change during which it began.
pub const OUTAGE: &str = "storage-controller";
pub const CHANGE: &str = "storage-update";

/// When the change was made, and until when all was back.
pub const WINDOW: (&str, &str) = ("2019-04-12T17:00:00Z", "2019-04-12T21:00:00Z");
pub const RESTORED: &str = "2019-04-13T19:30:00Z";

const DOWN: [&str; 9] = [
    "email",
    "finance",
    "hr",
    "housing",
    "revenues-and-benefits",
    "adult-social-care",
    CHILDRENS_SOCIAL_CARE,
    EDUCATION,
    "planning",
];

pub fn notice(recorder: &Recorder) -> Spelt<Notice> {
    Ok(Notice {
        at: moment("2019-04-12T17:39:27Z")?,
        councils: everybody()?,
        service: "network",
        over: moment(RESTORED)?,
        outage: reference(recorder, OUTAGE)?,
    })
}

pub fn tell(recorder: &Recorder) -> Spelt<Chronicle<'_, OutageRules>> {
    let shared = LogName::shared();
    let mut told = Chronicle::new(recorder, SYSTEM, &shared, OUTAGE)?;
    let from = day_of(OUTAGE)?;
    let within = Within {
        from,
        to: from.last_of_month(),
        precision: Precision::Month,
    };
    // It is recorded when it was noticed, but nobody put down that time as its own.
    let noticed = moment("2019-04-12T18:02:00Z")?;
    told.recorded_after(noticed.duration_since(within.start()));
    told.then(within.start(), declared(within)?);
    // By the end of the month it was over: more is not known.
    told.recorded_after(SignedDuration::from_hours(40));
    let last = |minutes| end_of_day(within.to) - SignedDuration::from_mins(minutes);
    for service in ["email", "housing"] {
        let fact = OutageFact::ServiceRestored(ServiceRestored {
            service: code(service)?,
            councils: std::collections::BTreeSet::new(),
        });
        told.then(last(2), fact);
    }
    told.then(last(1), OutageFact::Resolved(Resolved {}));
    told.recorded_after(SignedDuration::from_mins(9));
    for (at, fact) in afterwards(recorder)? {
        told.then(at, fact);
    }
    Ok(told)
}

fn declared(within: Within) -> Spelt<OutageFact> {
    let mut effects = Vec::new();
    for service in DOWN {
        for council in everybody()? {
            effects.push(Effect {
                service: code(service)?,
                council,
                severity: Severity::Down,
                from: None,
                to: None,
            });
        }
    }
    Ok(OutageFact::Declared(Declared {
        title: text("Storage controller fault during a scheduled update")?,
        summary: Some(text(
            "All access to storage was lost; restoring it took long",
        )?),
        when: Some(within),
        councils: everybody()?,
        critical: true,
        effects,
    }))
}

fn afterwards(recorder: &Recorder) -> Spelt<Vec<(Timestamp, OutageFact)>> {
    let failure = Failure {
        component: code("storage")?,
        class: code("change")?,
        supplier: None,
    };
    let summary = "A controller failed while its operating system was updated as scheduled";
    let cause = recorder.reference(&LogName::shared(), ReferenceKind::Change, CHANGE)?;
    let due = jiff::civil::date(2019, 6, 28);
    let (supplier, level) = (code("storage-supplier")?, code("account-manager")?);
    let findings = text("Restoring was the long part: the order of services was not agreed")?;
    let action = "storage-updates";
    let what = "Update storage one controller at a time, with its maker on the line";
    Ok(vec![
        (
            moment("2019-05-01T08:40:00Z")?,
            OutageFact::Linked(Linked { cause }),
        ),
        (
            moment("2019-05-01T09:15:00Z")?,
            OutageFact::Escalated(Escalated { supplier, level }),
        ),
        (
            moment("2019-05-02T13:30:00Z")?,
            found_cause(&failure, Some(summary))?,
        ),
        (
            moment("2019-05-08T10:00:00Z")?,
            OutageFact::Reviewed(Reviewed { findings }),
        ),
        (
            moment("2019-05-08T10:20:00Z")?,
            agreed_action(action, what, "infrastructure", due)?,
        ),
        (
            moment("2019-05-22T09:00:00Z")?,
            OutageFact::Closed(Closed {}),
        ),
        (moment("2019-06-26T15:45:00Z")?, completed(code(action)?)),
    ])
}
