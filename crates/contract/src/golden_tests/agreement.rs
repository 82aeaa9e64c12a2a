//! Samples of agreements on availability.

use jiff::civil::time;
use townclerk_domain::availability::{AvailabilityAgreed, AvailabilityEnded, AvailabilityFact};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};

use super::code;

pub fn availability_facts() -> Vec<AvailabilityFact> {
    let agreed = AvailabilityAgreed {
        service: code("childrens-social-care"),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 72,
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
            ..agreed
        }),
        AvailabilityFact::AvailabilityEnded(AvailabilityEnded {
            service: code("childrens-social-care"),
            through: "2020-08-31".parse().unwrap(),
        }),
    ]
}
