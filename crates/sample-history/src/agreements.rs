//! What each council agreed on the availability of two services. The publisher's target is
//! published; the others' agreements, the service time and the notice are sample data.

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;
use townclerk_domain::service_time::ServiceTime;

use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::{Spelt, code};
use crate::targets::{CHILDRENS_SOCIAL_CARE, EDUCATION, TARGET_PERCENT};

/// From when on it is agreed, and how long before that it was signed.
const AGREED_FROM: Date = date(2019, 7, 1);
const SIGNED_BEFORE: SignedDuration = SignedDuration::from_hours(12 * 24 - 11);

/// How long before its begin maintenance must be announced to be excluded.
const NOTICE_HOURS: u32 = 72;

pub fn tell<'a>(
    recorder: &'a Recorder,
    council: &LogName,
) -> Spelt<Chronicle<'a, AvailabilityRules>> {
    let one = availability_of(council);
    let mut told = Chronicle::about(recorder, "registry", council, "availability", one)?;
    for service in [CHILDRENS_SOCIAL_CARE, EDUCATION] {
        let agreed = AvailabilityAgreed {
            service: code(service)?,
            service_time: ServiceTime::Always,
            target: Decimal::whole(TARGET_PERCENT),
            notice_hours: NOTICE_HOURS,
            except_holidays: false,
            from: AGREED_FROM,
        };
        told.then(
            london_midnight(AGREED_FROM) - SIGNED_BEFORE,
            AvailabilityFact::AvailabilityAgreed(agreed),
        );
    }
    Ok(told)
}
