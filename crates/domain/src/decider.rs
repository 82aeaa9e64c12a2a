//! How a command becomes at most one event: `decide` says no or records, `evolve` moves state.
//!
//! The rules of one kind of aggregate stand in its own file as a [`Decider`]. What holds for all
//! kinds stands here: amendments, late facts, time limits.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::amendment::{
    Correction, FieldError, HAPPENED, Recordable, VALUE_BYTES_MAX, Voiding, fields_of,
    hidden_characters, told_in_full,
};
use crate::fields::{self, FieldFault};
use crate::identity::AggregateKind;
use crate::instant;
use crate::names::LogName;
use crate::plain_text::HiddenCharacter;
use crate::timeline::{CorrectionError, Standing, Timeline, correct};

/// How far after the service's clock a fact may lie before it is refused.
pub const FUTURE_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What is said to have happened before this is a mistyped year.
pub const EARLIEST: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// Where and when a fact is said to have happened.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The log that the aggregate lives in.
    pub home: &'a LogName,
    pub happened: Timestamp,
    /// The service's clock: what lies after it nobody can know yet.
    pub now: Timestamp,
}

/// The rules of one kind of aggregate.
pub trait Decider {
    const KIND: AggregateKind;

    /// Fields of facts whose texts have no line breaks.
    const ONE_LINE: &'static [&'static str] = &[];

    /// What can happen to such an aggregate. A command asks for exactly one of these.
    type Fact: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + JsonSchema;

    type State: Clone + Default;

    /// Why a fact is refused, by value.
    type Refusal: Clone + PartialEq + std::fmt::Debug + std::fmt::Display + Serialize;

    /// What is wrong with the fields of a fact that is told, beyond what the schema of its type says.
    /// Looked at only in what is asked: what is recorded was taken by the rules of its day.
    fn faults(_said: &Value) -> Vec<FieldFault> {
        Vec::new()
    }

    /// May `fact` happen next in `state`, on this occasion?
    fn decide(
        state: &Self::State,
        fact: &Self::Fact,
        occasion: Occasion<'_>,
    ) -> Result<(), Self::Refusal>;

    /// The state after `fact`, which happened at `happened`. Cannot fail, and is the only code that
    /// changes state.
    fn evolve(state: Self::State, fact: &Self::Fact, happened: Timestamp) -> Self::State;
}

/// What a caller asks of one aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<F> {
    /// When it happened.
    pub happened: Timestamp,
    pub what: Recordable<F>,
}

/// A business no. Nothing is recorded.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "rejection", rename_all = "kebab-case")]
pub enum Rejection<R: std::fmt::Display + std::fmt::Debug> {
    #[error("{refusal}")]
    Refused { refusal: R },
    /// It lies before all that is recorded, where the rules do not take it.
    #[error("{happened} lies before what is recorded here, which begins at {begun}: {refusal}")]
    BeforeBeginning {
        happened: Timestamp,
        begun: Timestamp,
        refusal: R,
    },
    #[error("with this, what happened at {happened} could not have: {refusal}")]
    ContradictsLater { happened: Timestamp, refusal: R },
    #[error("{happened} lies more than 5 minutes after this service's clock, {now}")]
    FarFuture { happened: Timestamp, now: Timestamp },
    #[error("{happened} lies before 1900: is the year mistyped?")]
    LongPast { happened: Timestamp },
    #[error("nothing is recorded here yet")]
    NothingRecorded,
    #[error("this was voided: it takes no further events")]
    Voided,
    #[error("{why}")]
    BadCorrection { why: String },
    #[error(
        "{}; write texts without control characters and without characters that change the direction of writing",
        listed(characters)
    )]
    HiddenCharacters { characters: Vec<HiddenCharacter> },
    #[error("{}", fields::listed(faults))]
    FaultyFields { faults: Vec<FieldFault> },
}

fn listed(characters: &[HiddenCharacter]) -> String {
    let all: Vec<String> = characters.iter().map(ToString::to_string).collect();
    all.join("; ")
}

type Decided<D> = Result<(), Rejection<<D as Decider>::Refusal>>;

/// May `asked` be recorded as the next event of `timeline` in the log `home`?
///
/// # Errors
/// The rejection, by value; nothing is recorded then.
pub fn decide<D: Decider>(
    timeline: &Timeline<D::Fact>,
    asked: &Asked<D::Fact>,
    home: &LogName,
    now: Timestamp,
) -> Decided<D> {
    let recorded = timeline.standing(None).map_err(bad_correction)?;
    let facts = match recorded {
        Some(facts) => facts,
        None if timeline.entries.is_empty() => Vec::new(),
        None => return Err(Rejection::Voided),
    };
    plausible(asked.happened, now)?;
    // Only of what is asked: what is recorded was taken by the rules of its day.
    let characters = hidden_characters(&asked.what, D::ONE_LINE);
    if !characters.is_empty() {
        return Err(Rejection::HiddenCharacters { characters });
    }
    match &asked.what {
        Recordable::Fact(fact) => {
            let faults = D::faults(&fields_of(fact));
            if !faults.is_empty() {
                return Err(Rejection::FaultyFields { faults });
            }
            let candidate = Standing {
                happened: asked.happened,
                sequence: timeline.last_sequence() + 1,
                id: [0; 8],
                fact: fact.clone(),
            };
            with_fact::<D>(facts, candidate, home, now)
        }
        Recordable::Corrected(correction) => with_correction::<D>(facts, correction, home, now),
        Recordable::Voided(Voiding { .. }) if facts.is_empty() => Err(Rejection::NothingRecorded),
        Recordable::Voided(Voiding { .. }) => Ok(()),
    }
}

fn with_fact<D: Decider>(
    mut facts: Vec<Standing<D::Fact>>,
    candidate: Standing<D::Fact>,
    home: &LogName,
    now: Timestamp,
) -> Decided<D> {
    let happened = candidate.happened;
    let begun = facts.first().map(|first| first.happened);
    let place = facts.partition_point(|standing| standing.happened <= happened);
    facts.insert(place, candidate);
    let decided = replay::<D>(&facts, place, home, now);
    match (decided, begun) {
        (Err(Rejection::Refused { refusal }), Some(begun)) if place == 0 => {
            Err(Rejection::BeforeBeginning {
                happened,
                begun,
                refusal,
            })
        }
        (decided, _) => decided,
    }
}

fn with_correction<D: Decider>(
    mut facts: Vec<Standing<D::Fact>>,
    correction: &Correction,
    home: &LogName,
    now: Timestamp,
) -> Decided<D> {
    if facts.is_empty() {
        return Err(Rejection::NothingRecorded);
    }
    let longest = correction.was.len().max(correction.is.len());
    if correction.was == correction.is || longest > VALUE_BYTES_MAX {
        return Err(Rejection::BadCorrection {
            why: format!(
                "the new value must differ, and both have at most {VALUE_BYTES_MAX} bytes"
            ),
        });
    }
    let faults_before = faults_of_corrected::<D>(&facts, correction);
    let told = told_strictly(&facts, correction);
    correct(&mut facts, correction).map_err(|error| match (error, told) {
        // The words of our own, where both say that it is no value of the field.
        (CorrectionError::Field(FieldError::NotAValue { .. }), Err(told)) => {
            bad_correction(told.into())
        }
        (error, _) => bad_correction(error),
    })?;
    told_strictly(&facts, correction).map_err(|error| bad_correction(error.into()))?;
    let mut faults = faults_of_corrected::<D>(&facts, correction);
    faults.retain(|fault| !faults_before.contains(fault));
    if !faults.is_empty() {
        let why = fields::listed(&faults);
        return Err(Rejection::BadCorrection { why });
    }
    for standing in &facts {
        plausible(standing.happened, now)?;
    }
    facts.sort_by_key(|standing| (standing.happened, standing.sequence));
    replay::<D>(&facts, facts.len(), home, now)
}

/// What is wrong with the fact that a correction is of.
fn faults_of_corrected<D: Decider>(
    facts: &[Standing<D::Fact>],
    correction: &Correction,
) -> Vec<FieldFault> {
    let mut facts = facts.iter();
    let target = facts.find(|standing| standing.id == correction.event.short());
    target.map_or_else(Vec::new, |target| D::faults(&fields_of(&target.fact)))
}

/// Recorded corrections are read leniently; a new one is told as a new fact is.
fn told_strictly<F: Serialize + DeserializeOwned + JsonSchema>(
    corrected: &[Standing<F>],
    correction: &Correction,
) -> Result<(), FieldError> {
    if correction.field == HAPPENED {
        let read = instant::parse(&correction.is);
        return read.map(drop).map_err(|why| FieldError::NotAValue {
            field: HAPPENED.to_owned(),
            value: why.found.clone(),
            why: why.to_string(),
        });
    }
    let target = corrected
        .iter()
        .find(|standing| standing.id == correction.event.short());
    target.map_or(Ok(()), |target| {
        told_in_full(&target.fact, &correction.field, &correction.is)
    })
}

/// Replays the whole timeline; a refusal at `place` is the candidate's own.
fn replay<D: Decider>(
    facts: &[Standing<D::Fact>],
    place: usize,
    home: &LogName,
    now: Timestamp,
) -> Decided<D> {
    let mut state = D::State::default();
    for (index, standing) in facts.iter().enumerate() {
        let happened = standing.happened;
        let occasion = Occasion {
            home,
            happened,
            now,
        };
        D::decide(&state, &standing.fact, occasion).map_err(|refusal| {
            if index == place {
                Rejection::Refused { refusal }
            } else {
                Rejection::ContradictsLater { happened, refusal }
            }
        })?;
        state = D::evolve(state, &standing.fact, happened);
    }
    Ok(())
}

fn plausible<R: std::fmt::Display + std::fmt::Debug>(
    happened: Timestamp,
    now: Timestamp,
) -> Result<(), Rejection<R>> {
    if happened.duration_since(now) > FUTURE_TOLERANCE {
        return Err(Rejection::FarFuture { happened, now });
    }
    if happened < EARLIEST {
        return Err(Rejection::LongPast { happened });
    }
    Ok(())
}

fn bad_correction<R: std::fmt::Display + std::fmt::Debug>(error: CorrectionError) -> Rejection<R> {
    Rejection::BadCorrection {
        why: error.to_string(),
    }
}
