//! How long a programme and its phases took, without the days on which it was paused, beside how
//! long they were planned to take.
//!
//! Days are London's and whole: the first and the last one count. A day is paused where a pause began
//! on it or lasts over it; the day on which the programme was resumed is none.
//!
//! Epping Forest, Stronger Council Select Committee, 14 July 2020, action sheet: all restructures are
//! paused for three months.

use jiff::Timestamp;
use jiff::civil::Date;

use super::fact::PlannedPhase;
use super::rules::Programme;
use crate::names::Code;
use crate::period::london_day;

/// Days that went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// Without the paused ones.
    pub days: i64,
    pub paused_days: i64,
}

/// The days that something was planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub first: Date,
    pub last: Date,
}

impl Plan {
    /// The first and the last one included.
    pub fn days(self) -> i64 {
        days_between(self.first, self.last) + 1
    }

    fn of(first: Option<Date>, last: Option<Date>) -> Option<Self> {
        let (first, last) = first.zip(last)?;
        // Phases that are planned one by one may contradict each other.
        (first <= last).then_some(Self { first, last })
    }
}

impl PlannedPhase {
    /// Absent where a first or a last day is.
    pub fn plan(&self) -> Option<Plan> {
        Plan::of(self.from, self.to)
    }
}

impl Programme {
    /// From the day on which it was opened to its completion, or to what was `seen` of it.
    pub fn elapsed(&self, seen: Timestamp) -> Elapsed {
        self.elapsed_between(self.opened_at, self.completed, seen)
    }

    /// The same of a phase, from the day on which it was started; absent before that.
    pub fn phase_elapsed(&self, phase: &Code, seen: Timestamp) -> Option<Elapsed> {
        let phase = self.phases.get(phase)?;
        let started = phase.started?;
        Some(self.elapsed_between(started, phase.completed, seen))
    }

    /// From the first day that is planned of a phase to the last one, where every phase is planned.
    pub fn plan(&self) -> Option<Plan> {
        let phases = self.opened.phases.iter();
        let plans: Option<Vec<Plan>> = phases.map(PlannedPhase::plan).collect();
        let plans = plans?;
        let first = plans.iter().map(|plan| plan.first).min();
        let last = plans.iter().map(|plan| plan.last).max();
        Plan::of(first, last)
    }

    fn elapsed_between(&self, from: Timestamp, to: Option<Timestamp>, seen: Timestamp) -> Elapsed {
        let first = london_day(from);
        let last = london_day(to.unwrap_or(seen)).max(first);
        // What comes after the last day that counts.
        let end = last.saturating_add(jiff::Span::new().days(1));
        let paused = self.pauses.iter().map(|(began, ended)| {
            let began = london_day(*began).clamp(first, end);
            let ended = ended.map_or(end, |ended| london_day(ended).clamp(first, end));
            days_between(began, ended)
        });
        let paused_days = paused.sum();
        Elapsed {
            days: days_between(first, end) - paused_days,
            paused_days,
        }
    }
}

fn days_between(first: Date, end: Date) -> i64 {
    first
        .until(end)
        .map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decider::Decider;
    use crate::programme::{
        PhaseCompleted, PhaseStarted, ProgrammeCompleted, ProgrammeFact, ProgrammeOpened,
        ProgrammePaused, ProgrammeResumed, ProgrammeRules,
    };
    use crate::text::Text;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn code(text: &str) -> Code {
        Code::new(text).unwrap()
    }

    fn planned(phase: &str, from: Option<&str>, to: Option<&str>) -> PlannedPhase {
        PlannedPhase {
            phase: code(phase),
            from: from.map(|day| day.parse().unwrap()),
            to: to.map(|day| day.parse().unwrap()),
        }
    }

    fn programme(phases: Vec<PlannedPhase>, facts: &[(&str, ProgrammeFact)]) -> Programme {
        let opened = ProgrammeFact::ProgrammeOpened(ProgrammeOpened {
            title: Text::new("A new structure").unwrap(),
            phases,
        });
        let opened = ProgrammeRules::evolve(None, &opened, at("2020-03-02T09:00:00Z"));
        let programme = facts.iter().fold(opened, |programme, (when, fact)| {
            ProgrammeRules::evolve(programme, fact, at(when))
        });
        programme.unwrap()
    }

    fn paused() -> ProgrammeFact {
        ProgrammeFact::ProgrammePaused(ProgrammePaused {
            reason: code("pandemic"),
            until: None,
        })
    }

    fn resumed() -> ProgrammeFact {
        ProgrammeFact::ProgrammeResumed(ProgrammeResumed {})
    }

    fn interviews() -> Vec<PlannedPhase> {
        vec![planned(
            "interviews",
            Some("2020-03-09"),
            Some("2020-04-05"),
        )]
    }

    #[test]
    fn three_months_of_pause_are_no_part_of_what_a_programme_took() {
        let phase = code("interviews");
        let started = ProgrammeFact::PhaseStarted(PhaseStarted {
            phase: phase.clone(),
        });
        let complete = ProgrammeFact::PhaseCompleted(PhaseCompleted {
            phase: phase.clone(),
        });
        let facts = [
            ("2020-03-09T09:00:00Z", started),
            ("2020-03-23T18:00:00Z", paused()),
            ("2020-06-23T08:00:00Z", resumed()),
            ("2020-07-06T15:00:00Z", complete),
            (
                "2020-07-10T15:00:00Z",
                ProgrammeFact::ProgrammeCompleted(ProgrammeCompleted {}),
            ),
        ];
        let programme = programme(interviews(), &facts);
        let late = at("2020-12-01T00:00:00Z");
        // 9 to 22 March and 23 June to 6 July: as planned, 14 days and 14 days.
        let of_phase = programme.phase_elapsed(&phase, late).unwrap();
        assert_eq!((of_phase.days, of_phase.paused_days), (28, 92));
        assert_eq!(programme.plan().unwrap().days(), 28);
        let whole = programme.elapsed(late);
        assert_eq!((whole.days, whole.paused_days), (7 + 28 + 4, 92));
        assert_eq!(programme.phase_elapsed(&code("other"), late), None);
    }

    #[test]
    fn what_is_under_way_has_taken_what_was_seen_of_it() {
        let facts = [("2020-03-04T12:00:00Z", paused())];
        let programme = programme(interviews(), &facts);
        for (seen, days, paused_days) in [
            ("2020-03-02T10:00:00Z", 1, 0),
            ("2020-03-03T10:00:00Z", 2, 0),
            ("2020-03-04T13:00:00Z", 2, 1),
            ("2020-03-10T13:00:00Z", 2, 7),
        ] {
            let elapsed = Elapsed { days, paused_days };
            assert_eq!(programme.elapsed(at(seen)), elapsed, "{seen}");
        }
        assert_eq!(
            programme.phase_elapsed(&code("interviews"), at("2020-03-03T10:00:00Z")),
            None
        );
    }

    #[test]
    fn a_programme_of_which_a_phase_has_no_plan_has_none() {
        let open = planned("recruitment", Some("2020-04-06"), None);
        assert_eq!(open.plan(), None);
        let both = [interviews(), vec![open]].concat();
        assert_eq!(programme(both, &[]).plan(), None);
        let next = planned("recruitment", Some("2020-04-06"), Some("2020-05-01"));
        let both = programme([interviews(), vec![next]].concat(), &[]);
        let (first, last) = ("2020-03-09".parse().unwrap(), "2020-05-01".parse().unwrap());
        assert_eq!(both.plan(), Some(Plan { first, last }));
    }

    proptest! {
        /// Against an oracle that looks at each day: paused is one at the end of which a pause
        /// that began by then lasts.
        #[test]
        fn every_day_is_either_paused_or_not(hours in proptest::collection::vec(1..200_i64, 0..12), seen in 0..2_000_i64) {
            let after = |hours: i64| at("2020-03-02T09:00:00Z") + jiff::SignedDuration::from_hours(hours);
            let mut programme = programme(interviews(), &[]);
            let mut now = 0;
            for (index, hours) in hours.iter().enumerate() {
                now += hours;
                let fact = if index % 2 == 0 { paused() } else { resumed() };
                programme = ProgrammeRules::evolve(Some(programme), &fact, after(now)).unwrap();
            }
            let seen = after(now.max(seen));
            let (first, last) = (london_day(programme.opened_at), london_day(seen));
            let mut expected = Elapsed { days: 0, paused_days: 0 };
            for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
                let end = crate::period::end_of_day(day);
                let mut pauses = programme.pauses.iter();
                let is_paused = pauses.any(|(began, ended)| *began < end && ended.is_none_or(|ended| end <= ended));
                *if is_paused { &mut expected.paused_days } else { &mut expected.days } += 1;
            }
            prop_assert_eq!(programme.elapsed(seen), expected);
        }
    }
}
