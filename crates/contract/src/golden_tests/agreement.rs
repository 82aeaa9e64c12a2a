//! Samples of agreements.

use jiff::civil::time;
use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityEnded, AvailabilityFact, AvailabilityRules,
};
use townclerk_domain::holidays::{
    HolidaysDeclared, HolidaysFact, HolidaysRules, HolidaysWithdrawn,
};
use townclerk_domain::hours::{HoursAgreed, HoursFact, HoursRules};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use townclerk_domain::targets::{
    AgeLimitAgreed, AttainmentAgreed, PausesAgreed, Target, TargetsAgreed, TargetsEnded,
    TargetsFact, TargetsRules,
};
use townclerk_domain::ticket::{Priority, TicketKind, UserClass};

use super::{Sampled, code};

impl Sampled for AvailabilityRules {
    const LOG: &str = "lewisham";
    const SERVICE: &str = "registry-service";

    fn facts() -> Vec<AvailabilityFact> {
        let agreed = AvailabilityAgreed {
            service: code("childrens-social-care"),
            service_time: ServiceTime::Always,
            target: "99".parse().unwrap(),
            notice_hours: 72,
            except_holidays: false,
            from: "2019-07-01".parse().unwrap(),
        };
        let window = |day, to| Window {
            day,
            from: time(8, 40, 0, 0),
            to,
        };
        vec![
            AvailabilityFact::AvailabilityAgreed(agreed.clone()),
            AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
                service_time: ServiceTime::Weekly(vec![
                    window(Weekday::Monday, time(17, 0, 0, 0)),
                    window(Weekday::Sunday, time(0, 0, 0, 0)),
                ]),
                target: "99.5".parse().unwrap(),
                ..agreed.clone()
            }),
            AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
                except_holidays: true,
                ..agreed
            }),
            AvailabilityFact::AvailabilityEnded(AvailabilityEnded {
                service: code("childrens-social-care"),
                through: "2020-08-31".parse().unwrap(),
            }),
        ]
    }
}

impl Sampled for TargetsRules {
    const LOG: &str = "lewisham";
    const SERVICE: &str = "registry-service";

    fn facts() -> Vec<TargetsFact> {
        let target = |priority, name: Option<&str>, minutes| Target {
            priority,
            name: name.map(code),
            minutes,
        };
        let from = "2018-04-01".parse().unwrap();
        vec![
            TargetsFact::TargetsAgreed(TargetsAgreed {
                kind: TicketKind::Incident,
                user_class: UserClass::Standard,
                targets: vec![
                    target(Priority::P1, Some("critical"), Some(240)),
                    target(Priority::P5, Some("long-term"), None),
                ],
                from,
                applies_to_existing: false,
            }),
            TargetsFact::TargetsAgreed(TargetsAgreed {
                kind: TicketKind::Request,
                user_class: UserClass::Vip,
                targets: vec![target(Priority::P3, None, Some(2_100))],
                from,
                applies_to_existing: true,
            }),
            TargetsFact::TargetsEnded(TargetsEnded {
                kind: TicketKind::Incident,
                user_class: UserClass::Standard,
                through: "2020-03-31".parse().unwrap(),
            }),
            TargetsFact::PausesAgreed(PausesAgreed {
                reasons: [code("customer"), code("supplier")].into(),
                from,
                applies_to_existing: false,
            }),
            TargetsFact::AttainmentAgreed(AttainmentAgreed {
                percent: "95".parse().unwrap(),
                kind: None,
                priority: None,
                from: "2017-08-01".parse().unwrap(),
            }),
            TargetsFact::AttainmentAgreed(AttainmentAgreed {
                percent: "90".parse().unwrap(),
                kind: Some(TicketKind::Incident),
                priority: Some(Priority::P3),
                from,
            }),
            TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
                days: 30,
                from,
                applies_to_existing: false,
            }),
        ]
    }
}

impl Sampled for HoursRules {
    const LOG: &str = "lewisham";
    const SERVICE: &str = "registry-service";

    fn facts() -> Vec<HoursFact> {
        let hours = |hours, applies_to_existing| {
            HoursFact::HoursAgreed(HoursAgreed {
                hours,
                from: "2018-04-01".parse().unwrap(),
                applies_to_existing,
            })
        };
        let friday = Window {
            day: Weekday::Friday,
            from: time(8, 40, 0, 0),
            to: time(16, 30, 0, 0),
        };
        vec![
            hours(ServiceTime::Weekly(vec![friday]), false),
            hours(ServiceTime::Always, true),
        ]
    }
}

impl Sampled for HolidaysRules {
    const LOG: &str = "lewisham";
    const SERVICE: &str = "registry-service";

    fn facts() -> Vec<HolidaysFact> {
        let days = ["2022-09-19".parse().unwrap(), "2022-12-26".parse().unwrap()];
        vec![
            HolidaysFact::HolidaysDeclared(HolidaysDeclared {
                days: days.into(),
                applies_to_existing: false,
            }),
            HolidaysFact::HolidaysWithdrawn(HolidaysWithdrawn {
                days: days.into(),
                applies_to_existing: true,
            }),
        ]
    }
}
