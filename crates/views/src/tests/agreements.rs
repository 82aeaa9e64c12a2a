//! What random histories agree on the service level of their tickets, at the start and later.

use jiff::{SignedDuration, Timestamp, ToSpan};
use townclerk_domain::amendment::{Correction, Recordable, Voiding};
use townclerk_domain::event::Event;
use townclerk_domain::holidays::{
    HolidaysDeclared, HolidaysFact, HolidaysRules, HolidaysWithdrawn, holidays_of,
};
use townclerk_domain::hours::{HoursAgreed, HoursFact, HoursRules, hours_of};
use townclerk_domain::period::london_day;
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use townclerk_domain::targets::{
    AgeLimitAgreed, PausesAgreed, Target, TargetsAgreed, TargetsEnded, TargetsFact, TargetsRules,
    targets_of,
};
use townclerk_domain::ticket::{Priority, TicketKind, UserClass};

use super::history::{History, LOGS, code, log, start};

const INCIDENTS: (TicketKind, UserClass) = (TicketKind::Incident, UserClass::Standard);

/// Every day from 8 to 18.
fn daytime() -> ServiceTime {
    let window = |day| Window {
        day,
        from: jiff::civil::time(8, 0, 0, 0),
        to: jiff::civil::time(18, 0, 0, 0),
    };
    ServiceTime::Weekly(Weekday::WORKDAYS.map(window).to_vec())
}

fn targets(
    (kind, user_class): (TicketKind, UserClass),
    hours: u32,
    from: Timestamp,
    applies_to_existing: bool,
) -> TargetsFact {
    let target = |(priority, number)| Target {
        priority,
        name: None,
        minutes: Some(hours * 60 * number),
    };
    // The last priority has no target.
    let priorities = Priority::ALL.iter().copied().zip(1..);
    TargetsFact::TargetsAgreed(TargetsAgreed {
        kind,
        user_class,
        targets: priorities.take(4).map(target).collect(),
        from: london_day(from),
        applies_to_existing,
    })
}

fn age_limit(days: u32, from: Timestamp, applies_to_existing: bool) -> TargetsFact {
    TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
        days,
        from: london_day(from),
        applies_to_existing,
    })
}

impl History {
    /// All three logs agree on targets, hours and an age limit before the first ticket.
    pub fn agreeing(mut self) -> Self {
        for name in LOGS {
            let day = start().to_string();
            let hours = HoursFact::HoursAgreed(HoursAgreed {
                hours: daytime(),
                from: london_day(start()),
                applies_to_existing: false,
            });
            self.tell::<HoursRules>(name, hours_of(&log(name)), &day, hours);
            for fact in [
                targets(INCIDENTS, 8, start(), false),
                targets(
                    (TicketKind::Request, UserClass::Standard),
                    20,
                    start(),
                    false,
                ),
            ]
            .into_iter()
            // One log agrees on an age limit later, or never.
            .chain((name != "lewisham").then(|| age_limit(5, start(), false)))
            {
                self.tell::<TargetsRules>(name, targets_of(&log(name)), &day, fact);
            }
        }
        self
    }

    /// Agrees on something more, if its decider accepts it.
    pub fn agree(&mut self, name: &str, detail: u8, at: Timestamp) {
        let reaches_back = detail.is_multiple_of(2);
        let backwards = i64::from(detail % 16) * 24;
        let from = (at - SignedDuration::from_hours(backwards)).max(start());
        let log = log(name);
        let pauses = || {
            TargetsFact::PausesAgreed(PausesAgreed {
                reasons: [code("customer")].into(),
                from: london_day(from),
                applies_to_existing: reaches_back,
            })
        };
        let fact = match detail % 8 {
            0 if detail > 127 => {
                let of_some = (TicketKind::Incident, UserClass::Vip);
                targets(of_some, 1, from, reaches_back)
            }
            0 => targets(INCIDENTS, 2, from, reaches_back),
            1 => age_limit(2, from, reaches_back),
            2 => pauses(),
            3 => {
                let hours = HoursFact::HoursAgreed(HoursAgreed {
                    hours: ServiceTime::Always,
                    from: london_day(from),
                    applies_to_existing: reaches_back,
                });
                let what = Recordable::Fact(hours);
                // What is refused is not recorded: the history goes on without it.
                _ = self.offer::<HoursRules>(name, hours_of(&log), at, what);
                return;
            }
            4 => TargetsFact::TargetsEnded(TargetsEnded {
                kind: TicketKind::Incident,
                user_class: UserClass::Standard,
                through: london_day(from),
            }),
            5 => {
                let withdrawn = HolidaysFact::HolidaysWithdrawn(HolidaysWithdrawn {
                    days: [london_day(from)].into(),
                    applies_to_existing: reaches_back,
                });
                let what = Recordable::Fact(withdrawn);
                _ = self.offer::<HolidaysRules>(name, holidays_of(&log), at, what);
                return;
            }
            6 if detail > 200 => {
                let reason = code("recorded-in-error");
                let what = Recordable::Voided(Voiding { reason });
                _ = self.offer::<HoursRules>(name, hours_of(&log), at, what);
                return;
            }
            6 if detail > 100 => return self.correct_an_agreement(name, detail, at),
            _ => {
                let declared = HolidaysFact::HolidaysDeclared(HolidaysDeclared {
                    days: [london_day(from)].into(),
                    applies_to_existing: reaches_back,
                });
                let what = Recordable::Fact(declared);
                _ = self.offer::<HolidaysRules>(name, holidays_of(&log), at, what);
                return;
            }
        };
        _ = self.offer::<TargetsRules>(name, targets_of(&log), at, Recordable::Fact(fact));
    }

    /// Says of one of the agreements on targets that it begins on another day than was recorded.
    fn correct_an_agreement(&mut self, name: &str, detail: u8, at: Timestamp) {
        let log = log(name);
        let agreements = self.logs[&log]
            .iter()
            .filter_map(|event| match &event.event {
                Event::Targets(Recordable::Fact(TargetsFact::TargetsAgreed(agreed))) => {
                    Some((event.id, agreed.from))
                }
                Event::Targets(Recordable::Fact(TargetsFact::AgeLimitAgreed(agreed))) => {
                    Some((event.id, agreed.from))
                }
                _ => None,
            });
        let agreements: Vec<_> = agreements.collect();
        let Some((event, was)) = agreements.get(usize::from(detail) % agreements.len().max(1))
        else {
            return;
        };
        let is = *was + i64::from(detail % 23 + 1).days();
        let correction = Correction {
            event: *event,
            field: "from".to_owned(),
            was: was.to_string(),
            is: is.to_string(),
            reason: code("mistyped"),
        };
        let what = Recordable::Corrected(correction);
        // An earlier correction may have come first: what is refused is not recorded.
        _ = self.offer::<TargetsRules>(name, targets_of(&log), at, what);
    }
}

#[test]
fn an_agreement_of_a_random_history_can_be_corrected() {
    let mut history = History::covered().agreeing();
    let before = history.all().len();
    let at = start() + SignedDuration::from_hours(24 * 40);
    history.agree("brent", 102, at);
    let all = history.all();
    assert_eq!(all.len(), before + 1);
    let corrected = |event: &Event| matches!(event, Event::Targets(Recordable::Corrected(_)));
    assert!(all.iter().any(|event| corrected(&event.event)));
}
