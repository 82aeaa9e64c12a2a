//! The timeline of one aggregate: its recorded events, read as of a moment and as known then.
//!
//! A timeline is ordered by (happened, sequence). A late fact may lie before recorded ones.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::amendment::{Correction, FieldError, HAPPENED, Recordable, compared, with_field};

/// One recorded event of a timeline. It is stored by the million: instants are integers there, since
/// their text is longer and slow to write and read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<F> {
    /// When it happened, as first recorded.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub happened: Timestamp,
    /// From when on it was known: the running maximum of recording times in its log.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub known: Timestamp,
    /// Its sequence in its log.
    pub sequence: u64,
    /// The first bytes of its event id.
    pub id: [u8; 8],
    pub what: Recordable<F>,
}

/// A fact in its present, possibly corrected, form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<F> {
    pub happened: Timestamp,
    pub sequence: u64,
    pub id: [u8; 8],
    pub fact: F,
}

/// All recorded events of one aggregate, by sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline<F> {
    pub entries: Vec<Entry<F>>,
}

impl<F> Default for Timeline<F> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    #[error("no event {event} with fields of its own is recorded here")]
    NoSuchEvent { event: String },
    #[error("{field:?} is {current:?} now, not {was:?}")]
    NotCurrent {
        field: String,
        current: String,
        was: String,
    },
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl<F: Clone + Serialize + DeserializeOwned> Timeline<F> {
    /// The facts as known at `known_at` (all that is recorded if `None`), in the order of the
    /// timeline; `None` if the aggregate was voided by then or nothing was known.
    ///
    /// # Errors
    /// A correction that does not fit what it corrects: no decider lets one be recorded.
    pub fn standing(
        &self,
        known_at: Option<Timestamp>,
    ) -> Result<Option<Vec<Standing<F>>>, CorrectionError> {
        let mut facts: Vec<Standing<F>> = Vec::with_capacity(self.entries.len());
        let known = |entry: &&Entry<F>| known_at.is_none_or(|at| entry.known <= at);
        for entry in self.entries.iter().take_while(known) {
            match &entry.what {
                Recordable::Fact(fact) => facts.push(Standing {
                    happened: entry.happened,
                    sequence: entry.sequence,
                    id: entry.id,
                    fact: fact.clone(),
                }),
                Recordable::Corrected(correction) => correct(&mut facts, correction)?,
                Recordable::Voided(_) => return Ok(None),
            }
        }
        facts.sort_by_key(|standing| (standing.happened, standing.sequence));
        Ok((!facts.is_empty()).then_some(facts))
    }

    /// The sequence of the last recorded event; 0 for an aggregate that is not recorded yet.
    pub fn last_sequence(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.sequence)
    }

    /// When the latest thing of this timeline happened, corrections included.
    pub fn last_happened(&self) -> Option<Timestamp> {
        let recorded = self.entries.iter().map(|entry| entry.happened);
        let corrected = self.entries.iter().filter_map(|entry| match &entry.what {
            Recordable::Corrected(correction) if correction.field == HAPPENED => {
                correction.is.parse().ok()
            }
            _ => None,
        });
        recorded.chain(corrected).max()
    }
}

/// Applies `correction` to the fact that it names.
pub(crate) fn correct<F: Serialize + DeserializeOwned>(
    facts: &mut [Standing<F>],
    correction: &Correction,
) -> Result<(), CorrectionError> {
    let target = facts
        .iter_mut()
        .find(|standing| standing.id == correction.event.short())
        .ok_or_else(|| CorrectionError::NoSuchEvent {
            event: correction.event.to_string(),
        })?;
    let (current, is_current) = if correction.field == HAPPENED {
        let current = target.happened.to_string();
        let same = current == correction.was;
        (current, same)
    } else {
        let Correction { field, was, is, .. } = correction;
        compared(&target.fact, field, was, is)?
    };
    if !is_current {
        return Err(CorrectionError::NotCurrent {
            field: correction.field.clone(),
            current,
            was: correction.was.clone(),
        });
    }
    if correction.field == HAPPENED {
        target.happened = happened(&correction.is)?;
    } else {
        target.fact = with_field(&target.fact, &correction.field, &correction.is)?;
    }
    Ok(())
}

fn happened(text: &str) -> Result<Timestamp, FieldError> {
    text.parse()
        .map_err(|error: jiff::Error| FieldError::NotAValue {
            field: HAPPENED.to_owned(),
            value: text.chars().take(80).collect(),
            why: error.to_string(),
        })
}
