//! Given, when, then: specifications of a decider, read as sentences.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::amendment::{Correction, Recordable, Voiding};
use crate::decider::{Asked, Decider, Rejection, decide};
use crate::identity::EventId;
use crate::names::{Code, LogName};
use crate::timeline::{Entry, Timeline};

/// The clock of a specification: one hour after the last given fact or later.
pub const NOW: &str = "2030-01-01T00:00:00Z";

/// When the first given fact happened; each further one happens an hour later.
pub const FIRST: &str = "2020-01-01T09:00:00Z";

/// The id of the `index`-th given event, from 0.
pub fn given_id(index: usize) -> EventId {
    let number = u128::try_from(index + 1).unwrap_or(u128::MAX);
    EventId(Uuid::from_u128(number << 64))
}

/// When the `index`-th given event happened, from 0.
pub fn given_time(index: usize) -> Timestamp {
    let hours = i64::try_from(index).unwrap_or(i64::MAX);
    instant(FIRST) + SignedDuration::from_hours(hours)
}

#[expect(
    clippy::expect_used,
    reason = "a specification with a bad time is wrong itself"
)]
fn instant(text: &str) -> Timestamp {
    text.parse().expect("a specification's time")
}

pub struct Given<D: Decider> {
    timeline: Timeline<D::Fact>,
    home: LogName,
}

/// Starts from facts that happened one after the other, an hour apart.
pub fn given<D: Decider>(facts: impl IntoIterator<Item = D::Fact>) -> Given<D> {
    given_recorded(facts.into_iter().map(Recordable::Fact))
}

/// Starts from recorded facts and amendments.
pub fn given_recorded<D: Decider>(
    recorded: impl IntoIterator<Item = Recordable<D::Fact>>,
) -> Given<D> {
    let entries = recorded
        .into_iter()
        .enumerate()
        .map(|(index, what)| entry(index, what))
        .collect();
    #[expect(clippy::expect_used, reason = "the name is a constant")]
    let home = LogName::new("brent").expect("a log's name");
    Given {
        timeline: Timeline { entries },
        home,
    }
}

fn entry<F>(index: usize, what: Recordable<F>) -> Entry<F> {
    Entry {
        happened: given_time(index),
        known: given_time(index),
        sequence: u64::try_from(index + 1).unwrap_or(u64::MAX),
        id: given_id(index).short(),
        what,
    }
}

fn correction<F>(index: usize, field: &str, was: &str, is: &str) -> Recordable<F> {
    #[expect(clippy::expect_used, reason = "the reason is a constant")]
    let reason = Code::new("mistyped").expect("a code");
    Recordable::Corrected(Correction {
        event: given_id(index),
        field: field.to_owned(),
        was: was.to_owned(),
        is: is.to_owned(),
        reason,
    })
}

impl<D: Decider> Given<D> {
    #[expect(
        clippy::expect_used,
        reason = "a specification with a bad log is wrong itself"
    )]
    pub fn in_log(mut self, log: &str) -> Self {
        self.home = LogName::new(log).expect("a log's name");
        self
    }

    /// Asks for a fact after all given ones.
    pub fn when(self, fact: D::Fact) -> Outcome<D> {
        let at = given_time(self.timeline.entries.len());
        self.when_late(at, fact)
    }

    /// Asks for a fact that happened at `at`.
    pub fn when_late(self, at: Timestamp, fact: D::Fact) -> Outcome<D> {
        self.asked(at, Recordable::Fact(fact))
    }

    pub fn when_corrected(self, index: usize, field: &str, was: &str, is: &str) -> Outcome<D> {
        let at = given_time(self.timeline.entries.len());
        self.asked(at, correction(index, field, was, is))
    }

    /// Goes on after a correction, which must be one that is recorded.
    #[track_caller]
    pub fn corrected(mut self, index: usize, field: &str, was: &str, is: &str) -> Self {
        let place = self.timeline.entries.len();
        let happened = given_time(place);
        let what = correction(index, field, was, is);
        assert_eq!(self.decided(happened, what.clone()), Ok(()));
        self.timeline.entries.push(entry(place, what));
        self
    }

    /// The state that what is given leads to, as it stands now.
    #[expect(
        clippy::expect_used,
        reason = "a specification with a misfitting correction is wrong itself"
    )]
    pub fn state(&self) -> D::State {
        let standing = self.timeline.standing(None).expect("corrections that fit");
        let facts = standing.unwrap_or_default().into_iter();
        facts.fold(D::State::default(), |state, standing| {
            D::evolve(state, &standing.fact, standing.happened)
        })
    }

    pub fn when_voided(self) -> Outcome<D> {
        #[expect(clippy::expect_used, reason = "the reason is a constant")]
        let reason = Code::new("recorded-in-error").expect("a code");
        let at = given_time(self.timeline.entries.len());
        self.asked(at, Recordable::Voided(Voiding { reason }))
    }

    fn asked(self, happened: Timestamp, what: Recordable<D::Fact>) -> Outcome<D> {
        Outcome(self.decided(happened, what))
    }

    fn decided(
        &self,
        happened: Timestamp,
        what: Recordable<D::Fact>,
    ) -> Result<(), Rejection<D::Refusal>> {
        let asked = Asked { happened, what };
        decide::<D>(&self.timeline, &asked, &self.home, instant(NOW))
    }
}

pub struct Outcome<D: Decider>(Result<(), Rejection<D::Refusal>>);

impl<D: Decider> Outcome<D> {
    #[track_caller]
    pub fn then_recorded(self) {
        assert_eq!(self.0, Ok(()));
    }

    /// Refused by the rules, wherever in the timeline.
    #[track_caller]
    pub fn then_refused(self, refusal: D::Refusal) {
        let decided = self.0.map_err(|rejection| match rejection {
            Rejection::BeforeBeginning { refusal, .. } => Rejection::Refused { refusal },
            other => other,
        });
        assert_eq!(decided, Err(Rejection::Refused { refusal }));
    }

    /// Why it is not recorded, if it is not.
    pub fn rejection(self) -> Option<Rejection<D::Refusal>> {
        self.0.err()
    }

    #[track_caller]
    pub fn then_rejected(self, rejection: Rejection<D::Refusal>) {
        assert_eq!(self.0, Err(rejection));
    }

    /// For rejections whose texts are not worth repeating.
    #[track_caller]
    pub fn then_rejected_as_bad_correction(self) {
        let rejected = matches!(self.0, Err(Rejection::BadCorrection { .. }));
        assert!(rejected, "{:?}", self.0);
    }
}
