//! What each log agreed on the service level of its tickets. No paper states the partnership's own
//! hours or all of its targets: apart from P3, of which 90 % were to be resolved within two working
//! days, all of it is sample data.

use jiff::SignedDuration;
use jiff::civil::{Date, date, time};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::holidays::{HolidaysDeclared, HolidaysFact, HolidaysRules, holidays_of};
use townclerk_domain::hours::{HoursAgreed, HoursFact, HoursRules, hours_of};
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use townclerk_domain::targets::{
    AgeLimitAgreed, AttainmentAgreed, PausesAgreed, Target, TargetsAgreed, TargetsFact,
    TargetsRules, targets_of,
};
use townclerk_domain::ticket::{Priority, TicketKind, UserClass};

use crate::calendar::HOLIDAYS;
use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::{Spelt, code};
use crate::targets::P3_PERCENT;

/// A working day of ten hours, in minutes.
const DAY: u32 = 600;

/// Targets of standard users in minutes of service time; VIPs get half of it. P3 is published, the
/// last priority has none.
const TARGETS: [(Priority, &str, Option<u32>); 5] = [
    (Priority::P1, "critical", Some(240)),
    (Priority::P2, "high", Some(480)),
    (Priority::P3, "normal", Some(2 * DAY)),
    (Priority::P4, "low", Some(5 * DAY)),
    (Priority::P5, "long-term", None),
];

/// The early May holiday of 2020 was moved to the 8th in the summer before.
const MOVED: Date = date(2020, 5, 8);
const MOVED_ON: Date = date(2019, 6, 7);

/// The attainment of all priorities but P3.
const PERCENT: i64 = 95;

/// From which age on a ticket is an aged one, in days.
const AGE_LIMIT: u32 = 30;

/// The three records of one log.
pub struct Told<'a> {
    pub targets: Chronicle<'a, TargetsRules>,
    pub hours: Chronicle<'a, HoursRules>,
    pub holidays: Chronicle<'a, HolidaysRules>,
}

/// Of tickets from a day on: all of it is signed before the first one comes.
pub fn tell<'a>(recorder: &'a Recorder, log: &LogName, first_day: Date) -> Spelt<Told<'a>> {
    Ok(Told {
        targets: targets(recorder, log, first_day)?,
        hours: hours(recorder, log, first_day)?,
        holidays: holidays(recorder, log, first_day)?,
    })
}

fn targets<'a>(
    recorder: &'a Recorder,
    log: &LogName,
    from: Date,
) -> Spelt<Chronicle<'a, TargetsRules>> {
    let mut told = Chronicle::about(recorder, "registry", log, "targets", targets_of(log))?;
    for kind in [TicketKind::Incident, TicketKind::Request] {
        for (user_class, share) in [(UserClass::Standard, 1), (UserClass::Vip, 2)] {
            let targets: Spelt<Vec<Target>> = TARGETS
                .into_iter()
                .map(|(priority, name, minutes)| {
                    Ok(Target {
                        priority,
                        name: Some(code(name)?),
                        minutes: minutes.map(|minutes| minutes / share),
                    })
                })
                .collect();
            told.then(
                london_midnight(from),
                TargetsFact::TargetsAgreed(TargetsAgreed {
                    kind,
                    user_class,
                    targets: targets?,
                    from,
                    applies_to_existing: false,
                }),
            );
        }
    }
    let reasons = [code("customer")?, code("supplier")?];
    told.then(
        london_midnight(from),
        TargetsFact::PausesAgreed(PausesAgreed {
            reasons: reasons.into(),
            from,
            applies_to_existing: false,
        }),
    );
    for (percent, priority) in [(PERCENT, None), (P3_PERCENT, Some(Priority::P3))] {
        told.then(
            london_midnight(from),
            TargetsFact::AttainmentAgreed(AttainmentAgreed {
                percent: Decimal::whole(percent),
                kind: None,
                priority,
                from,
            }),
        );
    }
    told.then(
        london_midnight(from),
        TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
            days: AGE_LIMIT,
            from,
            applies_to_existing: false,
        }),
    );
    Ok(told)
}

fn hours<'a>(
    recorder: &'a Recorder,
    log: &LogName,
    from: Date,
) -> Spelt<Chronicle<'a, HoursRules>> {
    let mut told = Chronicle::about(recorder, "registry", log, "hours", hours_of(log))?;
    let window = |day| Window {
        day,
        from: time(8, 0, 0, 0),
        to: time(18, 0, 0, 0),
    };
    told.then(
        london_midnight(from),
        HoursFact::HoursAgreed(HoursAgreed {
            hours: ServiceTime::Weekly(Weekday::WORKDAYS.map(window).to_vec()),
            from,
            applies_to_existing: false,
        }),
    );
    Ok(told)
}

fn holidays<'a>(
    recorder: &'a Recorder,
    log: &LogName,
    from: Date,
) -> Spelt<Chronicle<'a, HolidaysRules>> {
    let one = holidays_of(log);
    let mut told = Chronicle::about(recorder, "registry", log, "holidays", one)?;
    let known = HOLIDAYS.into_iter().filter(|day| *day != MOVED);
    let declared = |days| {
        HolidaysFact::HolidaysDeclared(HolidaysDeclared {
            days,
            applies_to_existing: false,
        })
    };
    told.then(london_midnight(from), declared(known.collect()));
    let noon = SignedDuration::from_hours(12);
    told.then(london_midnight(MOVED_ON) + noon, declared([MOVED].into()));
    Ok(told)
}
