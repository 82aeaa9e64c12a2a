//! What became of posts in each phase of a programme: the posts' facts say under which phase each
//! was created, filled and deleted.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::post::{Appointment, PostFact};
use uuid::Uuid;

use crate::basis::Basis;
use crate::kept::facts;
use crate::key::timeline;
use crate::row::Row;
use crate::rows::{Rows, RowsError};

/// A phase of a programme of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhaseKey {
    pub log: LogName,
    pub programme: Uuid,
    pub phase: Code,
}

/// How many posts were created and deleted under a phase, and how many times one was filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhasePosts {
    pub created: u64,
    pub filled_internally: u64,
    pub filled_externally: u64,
    pub interims: u64,
    pub deleted: u64,
}

/// The posts of every phase that one of them names, whether or not such a phase is recorded.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn posts_by_phase(
    rows: &impl Rows,
    basis: Basis,
) -> Result<BTreeMap<PhaseKey, PhasePosts>, RowsError> {
    let prefix = timeline::of_kind(AggregateKind::Post);
    let mut found: BTreeMap<PhaseKey, PhasePosts> = BTreeMap::new();
    rows.scan(&prefix, &prefix, &mut |key, value| {
        let (log, _) = timeline::read(AggregateKind::Post, key)?;
        for standing in facts(&Row::<PostFact>::decode(value)?, basis)? {
            let under = match &standing.fact {
                PostFact::PostCreated(created) => created.under.as_ref(),
                PostFact::PostFilled(filled) => filled.under.as_ref(),
                PostFact::PostDeleted(deleted) => deleted.under.as_ref(),
                _ => None,
            };
            let Some(under) = under else { continue };
            let key = PhaseKey {
                log: log.clone(),
                programme: under.programme,
                phase: under.phase.clone(),
            };
            found.entry(key).or_default().count(&standing.fact);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

impl PhasePosts {
    fn count(&mut self, fact: &PostFact) {
        let counted = match fact {
            PostFact::PostCreated(_) => &mut self.created,
            PostFact::PostDeleted(_) => &mut self.deleted,
            PostFact::PostFilled(filled) => match filled.appointment {
                Appointment::Internal => &mut self.filled_internally,
                Appointment::External => &mut self.filled_externally,
                Appointment::Interim => &mut self.interims,
            },
            _ => return,
        };
        *counted += 1;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use townclerk_domain::amendment::Recordable;
    use townclerk_domain::identity::AggregateId;
    use townclerk_domain::post::{PostCreated, PostDeleted, PostFilled, Under};
    use townclerk_domain::timeline::{Entry, Timeline};

    use super::*;
    use crate::rows::MemoryRows;

    const PROGRAMME: Uuid = Uuid::from_u128(7);

    fn code(text: &str) -> Code {
        Code::new(text).unwrap()
    }

    fn at(hour: u8) -> Timestamp {
        format!("2018-06-04T{hour:02}:00:00Z").parse().unwrap()
    }

    fn under(phase: &str) -> Option<Under> {
        Some(Under {
            programme: PROGRAMME,
            phase: code(phase),
        })
    }

    fn created(phase: Option<Under>) -> PostFact {
        PostFact::PostCreated(PostCreated {
            role: code("analyst"),
            team: code("desk"),
            under: phase,
        })
    }

    fn filled(appointment: Appointment, phase: &str) -> PostFact {
        PostFact::PostFilled(PostFilled {
            appointment,
            until: None,
            under: under(phase),
        })
    }

    /// Rows of posts of the shared log; the facts of each happened an hour apart, from midnight.
    fn rows(posts: &[&[PostFact]]) -> MemoryRows {
        let mut rows = MemoryRows::default();
        for (id, facts) in (1..).zip(posts) {
            let entries = (1..).zip(*facts).map(|(sequence, fact)| Entry {
                happened: at(sequence),
                known: at(sequence),
                sequence: sequence.into(),
                id: [sequence; 8],
                what: Recordable::Fact(fact.clone()),
            });
            let row = Row {
                sample: false,
                timeline: Timeline {
                    entries: entries.collect(),
                },
            };
            let aggregate = AggregateId {
                kind: AggregateKind::Post,
                id: Uuid::from_u128(id),
            };
            let key = timeline::key(&LogName::shared(), aggregate);
            rows.0.insert(key, row.encode().unwrap());
        }
        rows
    }

    fn of_phase(rows: &MemoryRows, basis: Basis, phase: &str) -> Option<PhasePosts> {
        let key = PhaseKey {
            log: LogName::shared(),
            programme: PROGRAMME,
            phase: code(phase),
        };
        posts_by_phase(rows, basis).unwrap().get(&key).copied()
    }

    #[test]
    fn what_a_post_went_through_counts_in_the_phase_that_each_fact_names() {
        let deleted = PostFact::PostDeleted(PostDeleted {
            under: under("second"),
        });
        let rows = rows(&[
            &[
                created(under("first")),
                filled(Appointment::Internal, "second"),
            ],
            &[created(under("first")), deleted],
            &[created(None), filled(Appointment::Interim, "second")],
            &[created(None), filled(Appointment::External, "second")],
        ]);
        let everything = Basis::default();
        let first = PhasePosts {
            created: 2,
            ..PhasePosts::default()
        };
        assert_eq!(of_phase(&rows, everything, "first"), Some(first));
        let second = PhasePosts {
            created: 0,
            filled_internally: 1,
            filled_externally: 1,
            interims: 1,
            deleted: 1,
        };
        assert_eq!(of_phase(&rows, everything, "second"), Some(second));
        assert_eq!(posts_by_phase(&rows, everything).unwrap().len(), 2);
    }

    #[test]
    fn what_happened_later_does_not_count_yet() {
        let filled = filled(Appointment::Internal, "second");
        let rows = rows(&[&[created(under("first")), filled]]);
        let basis = Basis {
            as_at: Some(at(2)),
            known_at: None,
        };
        assert!(of_phase(&rows, basis, "first").is_some());
        assert_eq!(of_phase(&rows, basis, "second"), None);
    }
}
