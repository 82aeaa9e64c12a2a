//! What happened to one thing of the newer families, in the order in which it was recorded.
//!
//! Each fact is recorded some time after it happened and never before the one told before it, so
//! that what the rules want in order is let in in order.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::amendment::{Correction, HAPPENED, Recordable, Voiding, field_text};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::{
    AggregateId, AggregateKind, CallerId, Token, created_aggregate, event_id,
};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::reference::{Reference, ReferenceKind};

use crate::malformed;
use crate::message::{Entry, source};
use crate::spelling::{Spelt, code};

/// Who records, and until when.
pub struct Recorder {
    pub caller: CallerId,
    /// What happens or is recorded after this is not in the history.
    pub end: Timestamp,
}

impl Recorder {
    /// The id of what is created under `name` in `log`, before or after it is told.
    pub fn aggregate(&self, log: &LogName, kind: AggregateKind, name: &str) -> Spelt<AggregateId> {
        let creating = command(name, 1)?;
        Ok(created_aggregate(log, kind, &self.caller, &creating))
    }

    pub fn reference(&self, log: &LogName, kind: ReferenceKind, name: &str) -> Spelt<Reference> {
        Ok(Reference {
            log: log.clone(),
            kind,
            id: self.aggregate(log, kind.into(), name)?.id,
        })
    }
}

pub struct Chronicle<'a, R: Recording> {
    recorder: &'a Recorder,
    log: LogName,
    name: String,
    system: Code,
    aggregate: AggregateId,
    /// How long after it happened a fact is recorded.
    delay: SignedDuration,
    steps: Vec<Step<R::Fact>>,
    /// Nothing is told once something lay after the end.
    over: bool,
}

struct Step<F> {
    happened: Timestamp,
    recorded: Timestamp,
    what: Recordable<F>,
}

fn command(name: &str, number: usize) -> Spelt<Token> {
    Token::new(format!("{name}-{number}")).map_err(malformed)
}

impl<'a, R: Recording> Chronicle<'a, R> {
    /// Of something that is created under `name`.
    pub fn new(recorder: &'a Recorder, system: &str, log: &LogName, name: &str) -> Spelt<Self> {
        let aggregate = recorder.aggregate(log, R::KIND, name)?;
        Self::about(recorder, system, log, name, aggregate)
    }

    /// Of something that has its id already.
    pub fn about(
        recorder: &'a Recorder,
        system: &str,
        log: &LogName,
        name: &str,
        aggregate: AggregateId,
    ) -> Spelt<Self> {
        Ok(Self {
            recorder,
            log: log.clone(),
            name: name.to_owned(),
            system: code(system)?,
            aggregate,
            delay: SignedDuration::from_mins(2),
            steps: Vec::new(),
            over: false,
        })
    }

    /// From now on facts are recorded this long after they happened.
    pub fn recorded_after(&mut self, delay: SignedDuration) {
        self.delay = delay;
    }

    /// When the last of it was recorded.
    pub fn last_recorded(&self) -> Timestamp {
        self.steps
            .last()
            .map_or(Timestamp::MIN, |step| step.recorded)
    }

    /// How many events are told so far; the number of the next one, counted from 0.
    pub fn told(&self) -> usize {
        self.steps.len()
    }

    pub fn then(&mut self, happened: Timestamp, fact: R::Fact) {
        let recorded = (happened + self.delay).max(self.last_recorded());
        self.step(happened, recorded, Recordable::Fact(fact));
    }

    /// Corrects when the `number`-th event, from 0, happened.
    pub fn correct_time(
        &mut self,
        number: usize,
        is: Timestamp,
        wait: SignedDuration,
    ) -> Spelt<()> {
        let Some(step) = self.steps.get(number) else {
            return Ok(());
        };
        let was = step.happened.to_string();
        self.correct(number, HAPPENED, was, is.to_string(), wait)
    }

    /// Corrects one field of the `number`-th event, from 0.
    pub fn correct_field(
        &mut self,
        number: usize,
        field: &str,
        is: &str,
        wait: SignedDuration,
    ) -> Spelt<()> {
        let Some(Step {
            what: Recordable::Fact(fact),
            ..
        }) = self.steps.get(number)
        else {
            return Ok(());
        };
        let was = field_text(fact, field).map_err(malformed)?;
        self.correct(number, field, was, is.to_owned(), wait)
    }

    fn correct(
        &mut self,
        number: usize,
        field: &str,
        was: String,
        is: String,
        wait: SignedDuration,
    ) -> Spelt<()> {
        if was == is {
            return Ok(());
        }
        let command = command(&self.name, number + 1)?;
        let caller = &self.recorder.caller;
        let correction = Correction {
            event: event_id(&self.log, self.aggregate, caller, &command),
            field: field.to_owned(),
            was,
            is,
            reason: code("found-in-review")?,
        };
        self.amend(wait, Recordable::Corrected(correction));
        Ok(())
    }

    pub fn void(&mut self, wait: SignedDuration) -> Spelt<()> {
        let reason = code("recorded-in-error")?;
        self.amend(wait, Recordable::Voided(Voiding { reason }));
        Ok(())
    }

    fn amend(&mut self, wait: SignedDuration, what: Recordable<R::Fact>) {
        let recorded = self.last_recorded().saturating_add(wait);
        let recorded = recorded.unwrap_or(Timestamp::MAX);
        self.step(recorded, recorded, what);
    }

    fn step(&mut self, happened: Timestamp, recorded: Timestamp, what: Recordable<R::Fact>) {
        let end = self.recorder.end;
        self.over = self.over || happened >= end || recorded > end;
        if !self.over {
            self.steps.push(Step {
                happened,
                recorded,
                what,
            });
        }
    }

    /// All of it, ready for the log.
    pub fn entries(self) -> Spelt<Vec<Entry>> {
        let source = source(&self.log, &self.system);
        let correlation = Token::new(self.name.clone()).map_err(malformed)?;
        let entry = |(number, step): (usize, Step<R::Fact>)| {
            Ok(Entry {
                source: source.clone(),
                aggregate: self.aggregate,
                command: command(&self.name, number)?,
                correlation: correlation.clone(),
                happened: step.happened,
                recorded: step.recorded,
                event: R::into_event(step.what),
            })
        };
        (1..).zip(self.steps).map(entry).collect()
    }
}
