//! Specifications of a programme: its phases, its pauses, its completion.

use jiff::civil::Date;

use super::*;
use crate::amendment::field_text;
use crate::decider::{Decider, Rejection};
use crate::names::Code;
use crate::testing::{given, given_time};
use crate::text::Text;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn planned(phase: &str, from: Option<&str>, to: Option<&str>) -> PlannedPhase {
    PlannedPhase {
        phase: code(phase),
        from: from.map(date),
        to: to.map(date),
    }
}

fn opened_with(phases: Vec<PlannedPhase>) -> ProgrammeFact {
    ProgrammeFact::ProgrammeOpened(ProgrammeOpened {
        title: Text::new("A new structure of the service").unwrap(),
        phases,
    })
}

fn opened() -> ProgrammeFact {
    let phase = |phase| planned(phase, None, None);
    opened_with(vec![phase("interviews"), phase("recruitment")])
}

fn started(phase: &str) -> ProgrammeFact {
    ProgrammeFact::PhaseStarted(PhaseStarted { phase: code(phase) })
}

fn phase_completed(phase: &str) -> ProgrammeFact {
    ProgrammeFact::PhaseCompleted(PhaseCompleted { phase: code(phase) })
}

fn paused_until(until: Option<&str>) -> ProgrammeFact {
    ProgrammeFact::ProgrammePaused(ProgrammePaused {
        reason: code("pandemic"),
        until: until.map(date),
    })
}

fn paused() -> ProgrammeFact {
    paused_until(None)
}

fn resumed() -> ProgrammeFact {
    ProgrammeFact::ProgrammeResumed(ProgrammeResumed {})
}

fn completed() -> ProgrammeFact {
    ProgrammeFact::ProgrammeCompleted(ProgrammeCompleted {})
}

fn office() -> Code {
    code("programme-office-support")
}

fn transferred(from: &str, to: &str) -> ProgrammeFact {
    ProgrammeFact::FunctionTransferred(FunctionTransferred {
        function: office(),
        from: code(from),
        to: code(to),
    })
}

/// A programme of which every phase is complete.
fn done() -> Vec<ProgrammeFact> {
    vec![
        opened(),
        started("recruitment"),
        started("interviews"),
        phase_completed("recruitment"),
        phase_completed("interviews"),
    ]
}

fn and(mut facts: Vec<ProgrammeFact>, next: ProgrammeFact) -> Vec<ProgrammeFact> {
    facts.push(next);
    facts
}

/// Asks each fact of a programme in this order after these, and expects its refusal, or `None`:
/// recorded.
#[track_caller]
fn after(facts: &[ProgrammeFact], refusals: [Option<Refusal>; 7]) {
    let every_fact = [
        opened(),
        started("interviews"),
        phase_completed("interviews"),
        paused(),
        resumed(),
        completed(),
        transferred("change", "organisation"),
    ];
    for (fact, refusal) in every_fact.into_iter().zip(refusals) {
        let asked = given::<ProgrammeRules>(facts.iter().cloned()).when(fact);
        match refusal {
            None => asked.then_recorded(),
            Some(refusal) => asked.then_refused(refusal),
        }
    }
}

fn interviews() -> Code {
    code("interviews")
}

fn no_phase_complete() -> Refusal {
    Refusal::PhasesNotComplete {
        phases: vec![interviews(), code("recruitment")],
    }
}

#[test]
fn before_it_is_opened_a_programme_takes_nothing_else() {
    let mut refusals = [(); 7].map(|()| Some(Refusal::NotOpened));
    refusals[0] = None;
    after(&[], refusals);
}

#[test]
fn an_opened_programme_starts_phases_and_pauses() {
    for life in [vec![opened()], vec![opened(), paused(), resumed()]] {
        let phase = interviews();
        let refusals = [
            Some(Refusal::AlreadyOpened),
            None,
            Some(Refusal::PhaseNotStarted { phase }),
            None,
            Some(Refusal::NotPaused),
            Some(no_phase_complete()),
            None,
        ];
        after(&life, refusals);
    }
}

#[test]
fn a_phase_starts_once_and_is_completed_after_that() {
    let (phase, at) = (interviews(), given_time(1));
    let refusals = [
        Some(Refusal::AlreadyOpened),
        Some(Refusal::PhaseAlreadyStarted { phase, at }),
        None,
        None,
        Some(Refusal::NotPaused),
        Some(no_phase_complete()),
        None,
    ];
    after(&[opened(), started("interviews")], refusals);
}

#[test]
fn a_paused_programme_takes_nothing_but_that_it_is_resumed() {
    for life in [
        vec![opened(), paused()],
        vec![opened(), started("interviews"), paused()],
    ] {
        let since = given_time(life.len() - 1);
        let phase = interviews;
        let refusals = [
            Some(Refusal::AlreadyOpened),
            Some(Refusal::PhaseStartedWhilePaused {
                phase: phase(),
                since,
            }),
            Some(Refusal::PhaseCompletedWhilePaused {
                phase: phase(),
                since,
            }),
            Some(Refusal::AlreadyPaused { since }),
            None,
            Some(Refusal::CompletedWhilePaused { since }),
            Some(Refusal::TransferredWhilePaused {
                function: office(),
                since,
            }),
        ];
        after(&life, refusals);
    }
}

#[test]
fn a_programme_with_every_phase_complete_is_completed() {
    let phase = interviews;
    let refusals = [
        Some(Refusal::AlreadyOpened),
        Some(Refusal::PhaseAlreadyStarted {
            phase: phase(),
            at: given_time(2),
        }),
        Some(Refusal::PhaseAlreadyCompleted {
            phase: phase(),
            at: given_time(4),
        }),
        None,
        Some(Refusal::NotPaused),
        None,
        None,
    ];
    after(&done(), refusals);
}

#[test]
fn a_completed_programme_takes_nothing_more() {
    let refusals = [(); 7].map(|()| Some(Refusal::Completed { at: given_time(5) }));
    after(&and(done(), completed()), refusals);
}

#[test]
fn phases_that_are_not_complete_are_named() {
    let life = [
        opened(),
        started("interviews"),
        started("recruitment"),
        phase_completed("interviews"),
    ];
    given::<ProgrammeRules>(life)
        .when(completed())
        .then_refused(Refusal::PhasesNotComplete {
            phases: vec![code("recruitment")],
        });
}

#[test]
fn a_phase_completed_in_a_paused_programme_is_refused() {
    let refusal = Refusal::PhaseCompletedWhilePaused {
        phase: code("interviews"),
        since: given_time(2),
    };
    assert_eq!(
        refusal.to_string(),
        "this programme is paused since 2020-01-01T11:00:00Z: resume it before the phase \
         interviews is completed"
    );
    let life = || vec![opened(), started("interviews"), paused()];
    given::<ProgrammeRules>(life())
        .when(phase_completed("interviews"))
        .then_refused(refusal.clone());
    given::<ProgrammeRules>(and(life(), resumed()))
        .when(phase_completed("interviews"))
        .then_recorded();
    // Recorded late, and said to have happened within the pause.
    let within = given_time(2) + jiff::SignedDuration::from_mins(30);
    given::<ProgrammeRules>(and(life(), resumed()))
        .when_late(within, phase_completed("interviews"))
        .then_refused(refusal);
}

#[test]
fn a_late_pause_must_not_cover_what_was_done_in_it() {
    let between = given_time(1) + jiff::SignedDuration::from_mins(30);
    given::<ProgrammeRules>([
        opened(),
        started("interviews"),
        phase_completed("interviews"),
    ])
    .when_late(between, paused())
    .then_rejected(Rejection::ContradictsLater {
        happened: given_time(2),
        refusal: Refusal::PhaseCompletedWhilePaused {
            phase: code("interviews"),
            since: between,
        },
    });
}

#[test]
fn a_programme_has_1_to_64_phases() {
    let phases = |count: usize| {
        let phases = (0..count).map(|number| planned(&format!("phase-{number}"), None, None));
        opened_with(phases.collect())
    };
    for count in [1, 64] {
        given::<ProgrammeRules>([])
            .when(phases(count))
            .then_recorded();
    }
    for found in [0, 65] {
        given::<ProgrammeRules>([])
            .when(phases(found))
            .then_refused(Refusal::PhaseCount { found });
    }
}

#[test]
fn each_phase_is_planned_once_and_ends_after_it_starts() {
    let phase = |from, to| planned("interviews", from, to);
    given::<ProgrammeRules>([])
        .when(opened_with(vec![phase(None, None), phase(None, None)]))
        .then_refused(Refusal::PlannedTwice {
            phase: code("interviews"),
        });
    given::<ProgrammeRules>([])
        .when(opened_with(vec![phase(
            Some("2018-05-01"),
            Some("2018-04-30"),
        )]))
        .then_refused(Refusal::PlannedBackwards {
            phase: code("interviews"),
            from: date("2018-05-01"),
            to: date("2018-04-30"),
        });
    for (from, to) in [
        (Some("2018-05-01"), Some("2018-05-01")),
        (Some("2018-05-01"), None),
        (None, Some("2018-05-01")),
    ] {
        given::<ProgrammeRules>([])
            .when(opened_with(vec![phase(from, to)]))
            .then_recorded();
    }
}

#[test]
fn phases_that_are_not_planned_are_refused_with_those_that_are() {
    let refusal = Refusal::NotPlanned {
        phase: code("celebration"),
        planned: vec![code("interviews"), code("recruitment")],
    };
    assert_eq!(
        refusal.to_string(),
        "celebration is no phase of this programme; it has interviews, recruitment"
    );
    for fact in [started("celebration"), phase_completed("celebration")] {
        for life in [vec![opened()], vec![opened(), paused()]] {
            given::<ProgrammeRules>(life)
                .when(fact.clone())
                .then_refused(refusal.clone());
        }
    }
}

#[test]
fn a_pause_does_not_end_before_it_begins_in_london() {
    given::<ProgrammeRules>([opened()])
        .when(paused_until(Some("2020-01-01")))
        .then_recorded();
    given::<ProgrammeRules>([opened()])
        .when(paused_until(Some("2019-12-31")))
        .then_refused(Refusal::PauseEndsBeforeItBegins {
            day: date("2020-01-01"),
            until: date("2019-12-31"),
        });
    // In summer the day begins in London while it is still the day before in UTC.
    given::<ProgrammeRules>([opened()])
        .when_late(
            "2020-06-30T23:00:00Z".parse().unwrap(),
            paused_until(Some("2020-06-30")),
        )
        .then_refused(Refusal::PauseEndsBeforeItBegins {
            day: date("2020-07-01"),
            until: date("2020-06-30"),
        });
}

#[test]
fn a_programme_pauses_as_often_as_it_resumes() {
    let life = vec![opened(), paused(), resumed()];
    given::<ProgrammeRules>(life.clone())
        .when(paused())
        .then_recorded();
    let programme = and(life, paused()).iter().enumerate().fold(
        None,
        |state: Option<Programme>, (index, fact)| {
            ProgrammeRules::evolve(state, fact, given_time(index))
        },
    );
    let programme = programme.unwrap();
    assert_eq!(
        programme.pauses,
        [(given_time(1), Some(given_time(2))), (given_time(3), None)]
    );
    assert_eq!(programme.paused_since(), Some(given_time(3)));
    assert!(programme.is_paused());
}

#[test]
fn a_corrected_plan_keeps_the_phases_that_were_started() {
    let was = field_text(&opened(), "phases").unwrap();
    given::<ProgrammeRules>([opened(), started("interviews")])
        .when_corrected(0, "phases", &was, r#"[{"phase":"interviews"}]"#)
        .then_recorded();
    given::<ProgrammeRules>([opened(), started("interviews")])
        .when_corrected(0, "phases", &was, r#"[{"phase":"recruitment"}]"#)
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::NotPlanned {
                phase: code("interviews"),
                planned: vec![code("recruitment")],
            },
        });
}

#[test]
fn a_function_moves_from_the_service_that_has_it_to_another() {
    let life = [opened(), transferred("transformation", "chief-executive")];
    given::<ProgrammeRules>(life.clone())
        .when(transferred("chief-executive", "transformation"))
        .then_recorded();
    given::<ProgrammeRules>(life)
        .when(transferred("transformation", "finance"))
        .then_refused(Refusal::FunctionElsewhere {
            function: office(),
            from: code("transformation"),
            service: code("chief-executive"),
        });
    given::<ProgrammeRules>([opened()])
        .when(transferred("finance", "finance"))
        .then_refused(Refusal::TransferredToItself {
            function: office(),
            service: code("finance"),
        });
}
