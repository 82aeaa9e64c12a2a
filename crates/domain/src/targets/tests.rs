//! Specifications of agreements on how long tickets may take.

use super::*;
use crate::decider::Rejection;
use crate::names::Code;
use crate::testing::{given, given_time};
use crate::ticket::{Priority, TicketKind, UserClass};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn target(priority: Priority, minutes: Option<u32>) -> Target {
    Target {
        priority,
        name: None,
        minutes,
    }
}

fn targets(kind: TicketKind, targets: &[Target], from: &str) -> TargetsFact {
    TargetsFact::TargetsAgreed(TargetsAgreed {
        kind,
        user_class: UserClass::Standard,
        targets: targets.to_vec(),
        from: from.parse().unwrap(),
        applies_to_existing: false,
    })
}

/// P1 four hours, and no target for P5, which the paper calls long term.
fn agreed(from: &str) -> TargetsFact {
    let long_term = Target {
        name: Some(code("long-term")),
        ..target(Priority::P5, None)
    };
    let all = [target(Priority::P1, Some(240)), long_term];
    targets(TicketKind::Incident, &all, from)
}

fn ended(through: &str) -> TargetsFact {
    TargetsFact::TargetsEnded(TargetsEnded {
        kind: TicketKind::Incident,
        user_class: UserClass::Standard,
        through: through.parse().unwrap(),
    })
}

fn pauses(reasons: &[&str], from: &str) -> TargetsFact {
    TargetsFact::PausesAgreed(PausesAgreed {
        reasons: reasons.iter().map(|reason| code(reason)).collect(),
        from: from.parse().unwrap(),
        applies_to_existing: false,
    })
}

fn attainment(percent: &str, priority: Option<Priority>, from: &str) -> TargetsFact {
    TargetsFact::AttainmentAgreed(AttainmentAgreed {
        percent: percent.parse().unwrap(),
        kind: None,
        priority,
        from: from.parse().unwrap(),
    })
}

fn age_limit(days: u32, from: &str) -> TargetsFact {
    TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
        days,
        from: from.parse().unwrap(),
        applies_to_existing: false,
    })
}

const INCIDENTS: Subject = Subject::Targets {
    kind: TicketKind::Incident,
    user_class: UserClass::Standard,
};

#[test]
fn each_subject_has_agreements_of_its_own_one_after_the_other() {
    let given = || {
        given::<TargetsRules>([
            agreed("2017-04-01"),
            pauses(&["customer"], "2017-04-01"),
            attainment("90", None, "2017-04-01"),
            age_limit(30, "2017-04-01"),
        ])
    };
    for fact in [
        agreed("2018-04-01"),
        // Recorded after a later one, and effective before it.
        agreed("2016-04-01"),
        targets(
            TicketKind::Request,
            &[target(Priority::P3, Some(2_100))],
            "2017-04-01",
        ),
        pauses(&[], "2018-04-01"),
        attainment("95", None, "2017-08-01"),
        attainment("90", Some(Priority::P3), "2017-04-01"),
        age_limit(60, "2018-04-01"),
    ] {
        given().when(fact).then_recorded();
    }
}

#[test]
fn two_agreements_on_one_subject_never_begin_on_one_day() {
    let refusal = Refusal::AlreadyAgreed {
        subject: INCIDENTS,
        from: "2017-04-01".parse().unwrap(),
    };
    given::<TargetsRules>([agreed("2017-04-01")])
        .when(agreed("2017-04-01"))
        .then_refused(refusal.clone());
    given::<TargetsRules>([agreed("2017-04-01"), ended("2017-12-31")])
        .when(agreed("2017-04-01"))
        .then_refused(refusal.clone());
    given::<TargetsRules>([agreed("2017-04-01"), agreed("2018-04-01")])
        .when_corrected(1, "from", "2018-04-01", "2017-04-01")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal,
        });
    let from = "2017-04-01".parse().unwrap();
    for (fact, subject) in [
        (pauses(&[], "2017-04-01"), Subject::Pauses),
        (age_limit(10, "2017-04-01"), Subject::AgeLimit),
        (
            attainment("95", None, "2017-04-01"),
            Subject::Attainment {
                kind: None,
                priority: None,
            },
        ),
    ] {
        given::<TargetsRules>([fact.clone()])
            .when(fact)
            .then_refused(Refusal::AlreadyAgreed { subject, from });
    }
}

#[test]
fn targets_end_once_and_not_before_they_start() {
    given::<TargetsRules>([agreed("2017-04-01")])
        .when(ended("2017-12-31"))
        .then_recorded();
    given::<TargetsRules>([])
        .when(ended("2017-12-31"))
        .then_refused(Refusal::NotAgreed { subject: INCIDENTS });
    given::<TargetsRules>([agreed("2017-04-01")])
        .when(ended("2017-03-31"))
        .then_refused(Refusal::AgreementEndsBeforeItStarts {
            subject: INCIDENTS,
            from: "2017-04-01".parse().unwrap(),
            through: "2017-03-31".parse().unwrap(),
        });
    let through = "2017-12-31".parse().unwrap();
    given::<TargetsRules>([agreed("2017-04-01"), ended("2017-12-31")])
        .when(ended("2018-12-31"))
        .then_refused(Refusal::AlreadyEnded {
            subject: INCIDENTS,
            from: "2017-04-01".parse().unwrap(),
            through,
        });
    given::<TargetsRules>([agreed("2017-04-01"), ended("2017-12-31")])
        .when(agreed("2017-12-31"))
        .then_refused(Refusal::BeginsBeforeAnEnd {
            subject: INCIDENTS,
            from: through,
            through,
        });
    given::<TargetsRules>([agreed("2017-04-01"), ended("2017-12-31")])
        .when(agreed("2018-01-01"))
        .then_recorded();
}

#[test]
fn a_target_is_at_least_a_minute_and_a_priority_has_one() {
    for minutes in [0, MINUTES_MAX + 1] {
        given::<TargetsRules>([])
            .when(targets(
                TicketKind::Incident,
                &[target(Priority::P1, Some(minutes))],
                "2017-04-01",
            ))
            .then_refused(Refusal::TargetOutOfRange {
                priority: Priority::P1,
                minutes,
            });
    }
    for minutes in [1, MINUTES_MAX] {
        given::<TargetsRules>([])
            .when(targets(
                TicketKind::Incident,
                &[target(Priority::P1, Some(minutes))],
                "2017-04-01",
            ))
            .then_recorded();
    }
    let twice = [
        target(Priority::P1, Some(240)),
        target(Priority::P1, Some(60)),
    ];
    given::<TargetsRules>([])
        .when(targets(TicketKind::Incident, &twice, "2017-04-01"))
        .then_refused(Refusal::TwoTargets {
            priority: Priority::P1,
        });
    given::<TargetsRules>([])
        .when(targets(TicketKind::Incident, &[], "2017-04-01"))
        .then_refused(Refusal::NoTargets);
}

#[test]
fn shares_and_ages_that_cannot_be_are_refused() {
    for percent in ["0", "100.1", "-5"] {
        given::<TargetsRules>([])
            .when(attainment(percent, None, "2017-04-01"))
            .then_refused(Refusal::AttainmentOutOfRange {
                percent: percent.parse().unwrap(),
            });
    }
    for days in [0, 3_651] {
        given::<TargetsRules>([])
            .when(age_limit(days, "2017-04-01"))
            .then_refused(Refusal::AgeLimitOutOfRange { days });
    }
    let reasons: Vec<String> = (0..=REASONS_MAX)
        .map(|number| format!("r{number}"))
        .collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    given::<TargetsRules>([])
        .when(pauses(&reasons, "2017-04-01"))
        .then_refused(Refusal::TooManyReasons {
            found: REASONS_MAX + 1,
        });
    given::<TargetsRules>([])
        .when(pauses(&reasons[1..], "2017-04-01"))
        .then_recorded();
}

#[test]
fn no_more_agreements_are_taken_than_a_command_can_replay() {
    let first: jiff::civil::Date = "2000-01-01".parse().unwrap();
    let days = first.series(jiff::ToSpan::days(1));
    let many = days.map(|day| age_limit(30, &day.to_string()));
    given::<TargetsRules>(many.take(AGREEMENTS_MAX))
        .when(agreed("2017-04-01"))
        .then_refused(Refusal::TooMany);
}
