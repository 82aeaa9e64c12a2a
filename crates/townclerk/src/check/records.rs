//! What a feed tells of each record, put to the rules of the record in the order of the feed.
//!
//! As a gateway does, a fact that comes too early is held and tried again whenever something is
//! taken of its record, in order of time. What is still held at the end would be refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use townclerk_contract::fact::{Fact, begins};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::{Asked, Decider, Rejection, decide};
use townclerk_domain::identity::{AggregateKind, CallerId, Token, event_id};
use townclerk_domain::names::LogName;
use townclerk_domain::timeline::{Entry, Timeline};
use townclerk_partner_gateway::facts::{MayPass, may_pass};

use super::finding::{Finding, Findings, Place, Sort};
use super::named;

/// A fact with what is known around it.
pub struct Told<'a> {
    pub place: Place,
    pub fact: &'a Fact,
    /// As whom the tool would send it.
    pub caller: CallerId,
    pub now: Timestamp,
}

/// The records of one kind by the tool's own references.
pub struct Records<D: Decider> {
    by_reference: BTreeMap<Token, Record<D>>,
}

/// What a feed told of one record.
pub struct Record<D: Decider> {
    timeline: Timeline<D::Fact>,
    /// Where each entry of the timeline stands in the feed.
    places: Vec<Place>,
    held: Vec<Held<D>>,
    /// The latest that was told of, and where.
    latest: Option<(Timestamp, Place)>,
    /// The first of its facts that could not be taken; others may not fit for that alone.
    left_out: Option<Place>,
    /// Its facts under an id that another one has: what they tell is known, though none is taken.
    reused: Vec<Reused<D>>,
}

/// A fact that would be another one under an id of its own.
struct Reused<D: Decider> {
    place: Place,
    home: LogName,
    asked: Asked<D::Fact>,
}

/// A fact that does not fit yet.
struct Held<D: Decider> {
    place: Place,
    event: [u8; 8],
    fact: Fact,
    asked: Asked<D::Fact>,
    now: Timestamp,
    rejection: Rejection<D::Refusal>,
}

impl<D: Decider> Default for Records<D> {
    fn default() -> Self {
        Self {
            by_reference: BTreeMap::new(),
        }
    }
}

impl<D: Decider> Default for Record<D> {
    fn default() -> Self {
        Self {
            timeline: Timeline::default(),
            places: Vec::new(),
            held: Vec::new(),
            latest: None,
            left_out: None,
            reused: Vec::new(),
        }
    }
}

impl<D: MayPass> Records<D> {
    /// Notes that a fact of a record could not be read.
    pub fn left_out(&mut self, kind: AggregateKind, reference: &Token, place: Place) {
        if kind == D::KIND {
            let record = self.by_reference.entry(reference.clone()).or_default();
            record.left_out.get_or_insert(place);
        }
    }

    /// Notes that a fact of a record has the id of another one.
    pub fn reused(&mut self, place: Place, fact: &Fact, what: Recordable<D::Fact>) {
        let record = self.by_reference.entry(fact.reference.clone()).or_default();
        record.reused.push(Reused {
            place,
            home: fact.council.clone(),
            asked: Asked {
                happened: fact.happened,
                what,
            },
        });
    }

    pub fn take(&mut self, told: &Told<'_>, what: Recordable<D::Fact>, findings: &mut Findings) {
        let reference = told.fact.reference.clone();
        let record = self.by_reference.entry(reference).or_default();
        record.take(told, what, findings);
    }

    /// Tells of what is held to the end. Of a feed that continues another, records that it does not
    /// make cannot be judged.
    pub fn finish(&mut self, continues: bool, findings: &mut Findings) {
        for record in self.by_reference.values_mut() {
            record.finish(continues, findings);
        }
    }

    /// How many records were made.
    pub fn begun(&self) -> u64 {
        let made = |record: &&Record<D>| !record.timeline.entries.is_empty();
        self.by_reference.values().filter(made).count() as u64
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Token, &Record<D>)> {
        self.by_reference.iter()
    }
}

impl<D: MayPass> Record<D> {
    /// Whether all that was told of it could be taken.
    pub fn is_whole(&self) -> bool {
        self.left_out.is_none() && self.reused.is_empty()
    }

    /// Its facts in order of time, corrected, each with its place; none if it was voided.
    pub fn standing(&self) -> Vec<(Timestamp, Place, D::Fact)> {
        let standing = self.timeline.standing(None).ok().flatten();
        let placed = |sequence: u64| {
            let index = usize::try_from(sequence.saturating_sub(1)).ok()?;
            self.places.get(index).copied()
        };
        standing
            .into_iter()
            .flatten()
            .filter_map(|fact| Some((fact.happened, placed(fact.sequence)?, fact.fact)))
            .collect()
    }

    fn take(&mut self, told: &Told<'_>, what: Recordable<D::Fact>, findings: &mut Findings) {
        let Told {
            place, fact, now, ..
        } = told;
        let asked = Asked {
            happened: fact.happened,
            what,
        };
        let id = event_id(
            &fact.council,
            fact.aggregate(),
            &told.caller,
            &fact.command(),
        );
        let decided = decide::<D>(&self.timeline, &asked, &fact.council, *now);
        if !self.timeline.entries.is_empty() {
            self.order(told, findings);
        }
        let latest = self.latest.get_or_insert((fact.happened, *place));
        if fact.happened >= latest.0 {
            *latest = (fact.happened, *place);
        }
        match decided {
            Ok(()) => {
                self.enter(asked, id.short(), *place, *now);
                self.try_held(*place, findings);
            }
            Err(rejection) if may_fit_later(&rejection) => self.held.push(Held {
                place: *place,
                event: id.short(),
                fact: (*fact).clone(),
                asked,
                now: *now,
                rejection,
            }),
            Err(rejection) => {
                self.left_out.get_or_insert(*place);
                findings.add(refused::<D>(*place, fact, &rejection));
            }
        }
    }

    /// Whether time runs backwards with this fact.
    fn order(&self, told: &Told<'_>, findings: &mut Findings) {
        let Some((latest, line)) = self.latest.map(|(latest, place)| (latest, place.line)) else {
            return;
        };
        if told.fact.happened < latest {
            let found = format!(
                "it happened at {}, before what line {line} tells of at {latest}",
                told.fact.happened
            );
            let remedy =
                "send the facts of a record in order of time; it is taken if it still fits";
            let fact = told.fact;
            let finding = Finding::at(told.place, Sort::OutOfOrder, &found, remedy);
            findings.add(of_fact(finding, fact));
        }
    }

    fn enter(&mut self, asked: Asked<D::Fact>, id: [u8; 8], place: Place, now: Timestamp) {
        self.timeline.entries.push(Entry {
            happened: asked.happened,
            known: now,
            sequence: self.timeline.last_sequence() + 1,
            id,
            what: asked.what,
        });
        self.places.push(place);
    }

    /// Tries what is held again, earliest first, until nothing more fits.
    fn try_held(&mut self, after: Place, findings: &mut Findings) {
        let first = self.timeline.entries.len() == 1;
        if first {
            for held in &self.held {
                let found = format!(
                    "it comes before the fact that makes its record, line {}",
                    after.line
                );
                let remedy = "send first what makes a record; it is held for a while meanwhile";
                let finding = Finding::at(held.place, Sort::BeforeBeginning, &found, remedy);
                findings.add(of_fact(finding, &held.fact));
            }
        }
        self.held
            .sort_by_key(|held| (held.asked.happened, held.place));
        let mut index = 0;
        while let Some(held) = self.held.get_mut(index) {
            let home = &held.fact.council;
            match decide::<D>(&self.timeline, &held.asked, home, held.now) {
                Ok(()) => {
                    let held = self.held.remove(index);
                    self.enter(held.asked, held.event, held.place, held.now);
                    index = 0;
                }
                Err(rejection) => {
                    held.rejection = rejection;
                    index += 1;
                }
            }
        }
    }

    fn finish(&mut self, continues: bool, findings: &mut Findings) {
        let begun = !self.timeline.entries.is_empty();
        let left_out = self.left_out;
        for held in std::mem::take(&mut self.held) {
            let cause = left_out.or_else(|| self.reused_that_would_help(&held));
            self.left_out.get_or_insert(held.place);
            let Held {
                place,
                fact,
                rejection,
                ..
            } = held;
            if let Some(cause) = cause {
                let found = format!(
                    "it does not fit ({rejection}); that may follow from line {}",
                    cause.line
                );
                let remedy = "mend that line first, and check again";
                findings.add(of_fact(
                    Finding::at(place, Sort::NotChecked, &found, remedy),
                    &fact,
                ));
            } else if !begun && !begins(fact.kind, &fact.what) {
                findings.add(match continues {
                    true => began_before(place, &fact),
                    false => without_beginning(place, &fact),
                });
            } else {
                findings.add(refused::<D>(place, &fact, &rejection));
            }
        }
    }
}

impl<D: MayPass> Record<D> {
    /// The first fact under the id of another one with which, taken under an id of its own, this one
    /// would fit.
    fn reused_that_would_help(&self, held: &Held<D>) -> Option<Place> {
        let helps = |reused: &&Reused<D>| {
            let Reused { home, asked, .. } = reused;
            if decide::<D>(&self.timeline, asked, home, held.now).is_err() {
                return false;
            }
            let mut with = self.timeline.clone();
            with.entries.push(Entry {
                happened: asked.happened,
                known: held.now,
                sequence: with.last_sequence() + 1,
                id: [0; 8],
                what: asked.what.clone(),
            });
            decide::<D>(&with, &held.asked, home, held.now).is_ok()
        };
        self.reused.iter().find(helps).map(|reused| reused.place)
    }
}

/// Whether a fact that is refused so may be taken after others of its record.
fn may_fit_later<R: std::fmt::Debug + std::fmt::Display>(rejection: &Rejection<R>) -> bool {
    match rejection {
        Rejection::Refused { .. }
        | Rejection::BeforeBeginning { .. }
        | Rejection::NothingRecorded => true,
        Rejection::ContradictsLater { .. }
        | Rejection::BadCorrection { .. }
        | Rejection::FarFuture { .. }
        | Rejection::LongPast { .. }
        | Rejection::HiddenCharacters { .. }
        | Rejection::FaultyFields { .. }
        | Rejection::Voided => false,
    }
}

fn of_fact(finding: Finding, fact: &Fact) -> Finding {
    let record = named(fact.kind, &fact.reference);
    finding.with(Some(fact.id.as_str()), Some(record))
}

fn without_beginning(place: Place, fact: &Fact) -> Finding {
    let kind = fact.kind;
    let remedy = format!(
        "send the fact that makes the {kind} too; if it was sent before, check with --continues"
    );
    let found = format!("nothing in this feed makes its {kind}");
    of_fact(Finding::at(place, Sort::NoBeginning, &found, &remedy), fact)
}

fn began_before(place: Place, fact: &Fact) -> Finding {
    let found = format!("its {} began before this feed", fact.kind);
    let remedy = "nothing; whether it fits is seen when it is sent";
    of_fact(Finding::at(place, Sort::BeganBefore, &found, remedy), fact)
}

fn refused<D: MayPass>(place: Place, fact: &Fact, rejection: &Rejection<D::Refusal>) -> Finding {
    let (sort, remedy) = match rejection {
        rejection @ (Rejection::Refused { .. }
        | Rejection::BeforeBeginning { .. }
        | Rejection::NothingRecorded) => (
            Sort::NotAllowed,
            match may_pass::<D>(rejection) {
                true => "send what happened in between, or leave this out if it did not happen",
                false => "mend what is wrong in it, or leave it out if it did not happen",
            },
        ),
        Rejection::ContradictsLater { .. } => (
            Sort::ContradictsLater,
            "see whether its time is right; what it would undo comes earlier in this feed",
        ),
        Rejection::FarFuture { .. } => (
            Sort::Future,
            "send when it happened; is the tool's clock wrong, or the offset of its time?",
        ),
        Rejection::LongPast { .. } => (Sort::LongPast, "send when it happened"),
        Rejection::Voided => (
            Sort::AfterVoiding,
            "a voided record takes nothing more: begin another with a reference of its own",
        ),
        Rejection::BadCorrection { .. } => (
            Sort::BadCorrection,
            "name the id of the recorded event, and the value that is current",
        ),
        Rejection::HiddenCharacters { .. } => (
            Sort::InvalidField,
            "see what the tool copies them from: no reader can see them",
        ),
        Rejection::FaultyFields { .. } => (Sort::InvalidField, "send what would be taken"),
    };
    let found = rejection.to_string();
    of_fact(Finding::at(place, sort, &found, remedy), fact)
}
