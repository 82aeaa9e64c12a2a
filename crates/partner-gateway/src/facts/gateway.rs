//! From a request of a tool to the answer of each of its facts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::stream;
use jiff::SignedDuration;
use lru::LruCache;
use serde_json::value::RawValue;
use tokio::sync::MutexGuard as TurnGuard;
use tokio::task::yield_now;
use townclerk_app::clock::Clock;
use townclerk_app::command::CodesInUse;
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_contract::fact::{self, Fact};
use townclerk_domain::identity::{AggregateId, CommandId};
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::EventLog;

use super::answer::{Answer, Answered, Answers, problem_of};
use super::deciding::{Deciding, Tool, Verdict, id_reused};
use super::held::{Full, Held, Room, Waiting, WaitingShown, say_the_same};
use super::in_turn::{InTurn, Turn};
use super::quota::{Over, Quotas};
use super::requests::{Admitted, Requests};

/// Ids of facts whose record is remembered: one that comes again for another record is refused.
const RECENT_IDS: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// Facts of one log that are decided at a time, and records of one request: they share the log's
/// batches.
const RECORDS_AT_A_TIME: usize = 64;

/// Facts that are read in one turn. Reading takes no time but that of the processor.
const READ_IN_A_TURN: usize = 32;

/// Records that have their turn one after the other share one of so many locks.
const TURNS: usize = 1_024;

/// How often the held facts of a record are gone through: several times only where they happened at
/// the same moment and came in the wrong order.
const ROUNDS_MAX: usize = 8;

/// How long, and how many, facts are held that come too early.
#[derive(Clone, Copy, Debug)]
pub struct HoldLimits {
    pub hold_for: SignedDuration,
    pub of_a_tool: usize,
    pub in_all: usize,
    /// Of all held facts as they were sent.
    pub bytes: usize,
}

impl Default for HoldLimits {
    fn default() -> Self {
        Self {
            hold_for: SignedDuration::from_mins(10),
            of_a_tool: 1_000,
            in_all: 10_000,
            bytes: 64 * 1024 * 1024,
        }
    }
}

/// What one request may be: one fact, several, or whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    One,
    Several,
    Either,
}

/// Takes in facts, for all tools of all councils.
pub struct Gateway {
    deciding: Deciding,
    clock: Clock,
    hold_for: SignedDuration,
    waiting: Mutex<Waiting>,
    quotas: Arc<Quotas>,
    /// The turns in which facts of a log are decided. A log that does not answer holds up its own.
    deciding_turns: BTreeMap<LogName, InTurn>,
    /// The turns in which requests are read.
    reading_turns: InTurn,
    /// Of one record one fact is decided at a time, so that none is put to wait just after what it
    /// waits for was recorded.
    turns: Vec<tokio::sync::Mutex<()>>,
    requests: Requests,
    /// Of which record a fact with this id was recorded.
    recent: Mutex<LruCache<CommandId, AggregateId>>,
}

/// A fact's answer, and those of held facts that it settled.
struct Taken {
    answer: Answer,
    settled: Vec<(CommandId, Answer)>,
    /// Whether it is refused only because it does not fit what is recorded.
    misfit: bool,
}

impl Taken {
    /// Nothing else was settled by it.
    fn alone(fact: &Fact, what: Answered) -> Self {
        Self {
            answer: answer(fact, what),
            settled: Vec::new(),
            misfit: false,
        }
    }
}

/// A fact of a request: which one in it, and how many bytes it has.
struct Sent {
    index: usize,
    bytes: usize,
    fact: Fact,
}

impl Gateway {
    /// On the logs of councils that may be written here.
    pub fn new(
        logs: &[Arc<dyn EventLog>],
        clock: Clock,
        limits: HoldLimits,
        quotas: Arc<Quotas>,
        codes: &Arc<CodesInUse>,
    ) -> Self {
        let turns = |log: &Arc<dyn EventLog>| (log.name().clone(), InTurn::new(RECORDS_AT_A_TIME));
        let room = Room {
            of_a_tool: limits.of_a_tool,
            in_all: limits.in_all,
            bytes: limits.bytes,
        };
        Self {
            deciding: Deciding::new(logs, &clock, codes),
            clock,
            hold_for: limits.hold_for,
            waiting: Mutex::new(Waiting::new(room)),
            quotas,
            deciding_turns: logs.iter().map(turns).collect(),
            reading_turns: InTurn::new(1),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::new(())).collect(),
            requests: Requests::default(),
            recent: Mutex::new(LruCache::new(RECENT_IDS)),
        }
    }

    /// Lets one more request of a tool in.
    ///
    /// # Errors
    /// The problem, where as many as may are being answered.
    pub(super) fn admit(&self, log: &LogName, partner: &str) -> Result<Admitted<'_>, Problem> {
        self.requests.admit(log, partner)
    }

    /// Answers one request.
    ///
    /// # Errors
    /// The problem with the request as a whole; nothing of it was looked at then.
    pub(super) async fn answer(
        &self,
        body: &[u8],
        form: Form,
        tool: &Tool,
    ) -> Result<Answers, Problem> {
        let is_array = body.trim_ascii_start().starts_with(b"[");
        let expected = match (form, is_array) {
            (Form::One, true) => Some("one CloudEvent, and this is an array"),
            (Form::Several, false) => Some("an array of CloudEvents, and this is none"),
            _ => None,
        };
        if let Some(expected) = expected {
            let why = format!("the body is declared as {expected}");
            return Err(Problem::malformed_json(why));
        }
        let texts = {
            let _turn = self.reading_turns.turn(tool.caller.as_str()).await;
            fact::split(body).map_err(|fault| problem_of(&fault))?
        };
        let mut answers = self.take_all(&texts, tool).await;
        match (is_array, answers.pop()) {
            (false, Some(only)) => Ok(Answers::One(only)),
            (_, last) => {
                answers.extend(last);
                Ok(Answers::Several(answers))
            }
        }
    }

    /// Takes each fact for itself, and answers in their order.
    async fn take_all(&self, texts: &[Box<RawValue>], tool: &Tool) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(texts.len());
        let mut first_of: BTreeMap<CommandId, Fact> = BTreeMap::new();
        let mut records: BTreeMap<AggregateId, Vec<Sent>> = BTreeMap::new();
        for texts in texts.chunks(READ_IN_A_TURN) {
            let _turn = self.reading_turns.turn(tool.caller.as_str()).await;
            for text in texts {
                let index = answers.len();
                match read(text.get(), tool, &mut first_of) {
                    Err(refused) => answers.push(Some(*refused)),
                    Ok(fact) => {
                        answers.push(None);
                        let bytes = text.get().len();
                        let of_record = records.entry(fact.aggregate()).or_default();
                        of_record.push(Sent { index, bytes, fact });
                    }
                }
            }
            // Others may have come meanwhile whom nobody has looked at yet.
            yield_now().await;
        }
        let out = AtomicBool::new(false);
        let taking = records
            .into_values()
            .map(|of_record| self.take_record(of_record, tool, &out));
        let mut taken = stream::iter(taking).buffer_unordered(RECORDS_AT_A_TIME);
        while let Some(of_record) = taken.next().await {
            for (index, answer) in of_record {
                answers[index] = Some(answer);
            }
        }
        drop(taken);
        answers.into_iter().flatten().collect()
    }

    /// The facts of one record: first what makes it, then by time.
    async fn take_record(
        &self,
        mut facts: Vec<Sent>,
        tool: &Tool,
        out: &AtomicBool,
    ) -> Vec<(usize, Answer)> {
        facts.sort_by_key(|sent| (!sent.fact.begins(), sent.fact.happened, sent.index));
        let mut answers: Vec<(usize, CommandId, Answer)> = Vec::with_capacity(facts.len());
        let moment = |sent: &Sent| (sent.fact.begins(), sent.fact.happened);
        for of_moment in facts.chunk_by(|a, b| moment(a) == moment(b)) {
            self.take_moment(of_moment, tool, out, &mut answers).await;
        }
        answers
            .into_iter()
            .map(|(index, _, answer)| (index, answer))
            .collect()
    }

    /// Facts of one record and one moment, in the order in which they fit.
    async fn take_moment(
        &self,
        facts: &[Sent],
        tool: &Tool,
        out: &AtomicBool,
        answers: &mut Vec<(usize, CommandId, Answer)>,
    ) {
        let mut left: Vec<&Sent> = facts.iter().collect();
        loop {
            let trying = left.len();
            let mut misfits = Vec::new();
            for sent in std::mem::take(&mut left) {
                let command = sent.fact.command();
                if out.load(Ordering::Relaxed) {
                    answers.push((sent.index, command, not_tried(&sent.fact)));
                    continue;
                }
                let taken = self.take(&sent.fact, sent.bytes, tool).await;
                if is_out(&taken.answer) {
                    out.store(true, Ordering::Relaxed);
                }
                // What waited within this request is told what became of it.
                for (settled, answer) in taken.settled {
                    let mut earlier = answers.iter_mut();
                    if let Some(earlier) = earlier.find(|(_, command, _)| *command == settled) {
                        earlier.2 = answer;
                    }
                }
                if taken.misfit {
                    left.push(sent);
                    misfits.push((sent.index, command, taken.answer));
                } else {
                    answers.push((sent.index, command, taken.answer));
                }
            }
            if left.is_empty() || left.len() == trying {
                answers.extend(misfits);
                return;
            }
        }
    }

    /// Decides one fact, and then what waited for it.
    async fn take(&self, fact: &Fact, bytes: usize, tool: &Tool) -> Taken {
        // First, so that nobody waits for it who has the turn of a record.
        let _turn = self.turn_of(tool).await;
        let _record = self.turn(fact.aggregate()).await;
        let held = self.waiting().find(fact);
        if held
            .as_ref()
            .is_some_and(|held| !say_the_same(&held.fact, fact))
        {
            return Taken::alone(fact, Answered::Refused(id_reused()));
        }
        if self.is_of_another(fact) {
            return Taken::alone(fact, Answered::Refused(id_reused()));
        }
        if held.is_some() {
            // It was counted when it was put to wait.
            return self.decide(fact, bytes, tool, held).await;
        }
        let counted = match self.quotas.count(tool.caller.as_str()) {
            Ok(counted) => counted,
            Err(over) => return Taken::alone(fact, self.beyond(fact, tool, over).await),
        };
        let taken = self.decide(fact, bytes, tool, None).await;
        if !taken.answer.counts() {
            self.quotas.give_back(&counted);
        }
        taken
    }

    /// A fact beyond its tool's quota. What is recorded already is answered as that; of anything else
    /// nothing is decided.
    async fn beyond(&self, fact: &Fact, tool: &Tool, over: Over) -> Answered {
        match self.deciding.recorded(fact, tool).await {
            None => Answered::TryAgain(over.problem()),
            Some(Verdict::Recorded(handled)) => Answered::Recorded(handled),
            Some(Verdict::TryAgain(why)) => Answered::TryAgain(why),
            Some(Verdict::Early(why) | Verdict::Misfit(why) | Verdict::Refused(why)) => {
                Answered::Refused(why)
            }
        }
    }

    /// Decides a fact for which there is room; `held` is what waits of it.
    async fn decide(
        &self,
        fact: &Fact,
        bytes: usize,
        tool: &Tool,
        held: Option<Arc<Held>>,
    ) -> Taken {
        let alone = |what| Taken::alone(fact, what);
        match self.deciding.decide(fact, tool).await {
            Verdict::Recorded(handled) => {
                self.recorded(fact);
                let settled = self.settle(fact, handled.already).await;
                Taken {
                    answer: answer(fact, Answered::Recorded(handled)),
                    settled,
                    misfit: false,
                }
            }
            Verdict::Early(why) => {
                let what = self.hold(fact, bytes, tool, why);
                alone(what)
            }
            Verdict::Misfit(why) => match held {
                // It came before its record began, so the rest may come out of order too.
                Some(held) => alone(Answered::Held {
                    until: held.until,
                    why,
                }),
                None => Taken {
                    misfit: true,
                    ..alone(Answered::Refused(why))
                },
            },
            Verdict::Refused(why) => {
                self.refused(fact, &why);
                alone(Answered::Refused(why))
            }
            Verdict::TryAgain(why) => alone(Answered::TryAgain(why)),
        }
    }

    /// Puts a fact that comes too early to wait, unless it waits already or did so in vain.
    fn hold(&self, fact: &Fact, bytes: usize, tool: &Tool, why: Problem) -> Answered {
        let mut waiting = self.waiting();
        if let Some(held) = waiting.find(fact) {
            let until = held.until;
            return Answered::Held { until, why };
        }
        if waiting.was_given_up(fact) {
            return Answered::Refused(why);
        }
        let since = (self.clock)();
        let until = since.saturating_add(self.hold_for).unwrap_or(since);
        let times = (since, until);
        match waiting.hold(fact.clone(), tool.clone(), bytes, times, why.clone()) {
            Ok(()) => Answered::Held { until, why },
            Err(full) => Answered::TryAgain(too_early(full, &why)),
        }
    }

    /// Whether the fact's id was recorded of another record lately.
    fn is_of_another(&self, fact: &Fact) -> bool {
        let mut recent = self.recent();
        let known = recent.get(&fact.command());
        known.is_some_and(|aggregate| *aggregate != fact.aggregate())
    }

    fn recent(&self) -> MutexGuard<'_, LruCache<CommandId, AggregateId>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries the held facts of the same record again, now that something of it was recorded. Where
    /// that was `already` so, they were most likely tried then: it ends with the first that does not
    /// fit.
    async fn settle(&self, fact: &Fact, already: bool) -> Vec<(CommandId, Answer)> {
        let mut settled = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let before = settled.len();
            let waiting = self.waiting().of_record(fact);
            for held in waiting {
                let what = match self.deciding.decide(&held.fact, &held.tool).await {
                    Verdict::Recorded(handled) => {
                        self.recorded(&held.fact);
                        Answered::Recorded(handled)
                    }
                    Verdict::Refused(why) => {
                        self.refused(&held.fact, &why);
                        Answered::Refused(why)
                    }
                    Verdict::Early(_) | Verdict::Misfit(_) | Verdict::TryAgain(_) if already => {
                        return settled;
                    }
                    Verdict::Early(_) | Verdict::Misfit(_) | Verdict::TryAgain(_) => continue,
                };
                settled.push((held.fact.command(), answer(&held.fact, what)));
            }
            if settled.len() == before {
                break;
            }
        }
        settled
    }

    /// Decides once more what has waited as long as it may, and then gives it up. Returns how many
    /// facts that were.
    pub(super) async fn end_waiting(&self) -> usize {
        let due = self.waiting().due((self.clock)());
        let count = due.len();
        let mut records: BTreeMap<AggregateId, Vec<Arc<Held>>> = BTreeMap::new();
        for held in due {
            records.entry(held.aggregate).or_default().push(held);
        }
        stream::iter(records.into_values())
            .for_each_concurrent(RECORDS_AT_A_TIME, |due| self.end_waiting_of(due))
            .await;
        count
    }

    /// As [`Self::end_waiting`], for those of one record.
    async fn end_waiting_of(&self, due: Vec<Arc<Held>>) {
        let Some(first) = due.first() else { return };
        let _turn = self.turn_of(&first.tool).await;
        let _record = self.turn(first.aggregate).await;
        // Another gateway may have recorded what they wait for; then all that wait for it fit.
        self.settle(&first.fact, false).await;
        for held in due {
            if self.waiting().find(&held.fact).is_some() {
                self.decide_for_the_last_time(&held).await;
            }
        }
    }

    async fn decide_for_the_last_time(&self, held: &Held) {
        match self.deciding.decide(&held.fact, &held.tool).await {
            Verdict::Recorded(_) => self.recorded(&held.fact),
            Verdict::Early(why) | Verdict::Misfit(why) | Verdict::Refused(why) => {
                self.refused(&held.fact, &why);
            }
            // The log may be away for a while; not for ever, because others want to wait too.
            Verdict::TryAgain(why) => {
                let last = held.until.saturating_add(self.hold_for);
                if last.is_ok_and(|last| last <= (self.clock)()) {
                    self.refused(&held.fact, &why);
                }
            }
        }
    }

    fn recorded(&self, fact: &Fact) {
        self.recent().put(fact.command(), fact.aggregate());
        let mut waiting = self.waiting();
        if waiting.release(fact) {
            tracing::info!(
                source = fact.source(), id = %fact.id, aggregate = %fact.aggregate(),
                "a fact that waited is recorded"
            );
        }
        waiting.forget_given_up(fact);
    }

    /// A fact that waited is remembered; one that did not was told at once.
    fn refused(&self, fact: &Fact, why: &Problem) {
        let now = (self.clock)();
        let mut waiting = self.waiting();
        if waiting.find(fact).is_some() {
            waiting.give_up(fact, why, now);
            tracing::warn!(
                source = fact.source(), id = %fact.id, aggregate = %fact.aggregate(),
                why = why.detail(), "a fact that waited is given up"
            );
        }
    }

    /// What of a tool waits, and what waited in vain.
    pub(super) fn shown(&self, council: &LogName, system: &Code) -> WaitingShown {
        self.waiting().shown(council, system)
    }

    /// The tool's turn among all that have something to be decided in this log.
    async fn turn_of(&self, tool: &Tool) -> Option<Turn> {
        match self.deciding_turns.get(&tool.council) {
            Some(turns) => Some(turns.turn(tool.caller.as_str()).await),
            // Nothing is decided in a log that is not there.
            None => None,
        }
    }

    async fn turn(&self, aggregate: AggregateId) -> TurnGuard<'_, ()> {
        let (high, low) = aggregate.id.as_u64_pair();
        let turn = usize::try_from((high ^ low) % self.turns.len() as u64).unwrap_or_default();
        self.turns[turn].lock().await
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a fact that this tool may tell and that no other of the request contradicts.
fn read(
    text: &str,
    tool: &Tool,
    first_of: &mut BTreeMap<CommandId, Fact>,
) -> Result<Fact, Box<Answer>> {
    let fact = fact::read(text).map_err(|faults| Answer::unreadable(&faults))?;
    let refused = |fact: &Fact, why| Err(Box::new(answer(fact, Answered::Refused(why))));
    let source = fact.source();
    if source != tool.source() {
        let why = format!(
            "source: {source:?} is not yours; write {:?}: a tool tells what it knows itself, of its \
             own council",
            tool.source()
        );
        let problem = Problem::new(Kind::FORBIDDEN, why).with("field", "source");
        return refused(&fact, problem);
    }
    match first_of.entry(fact.command()) {
        Entry::Vacant(entry) => {
            entry.insert(fact.clone());
        }
        Entry::Occupied(first) if say_the_same(first.get(), &fact) => {}
        Entry::Occupied(_) => return refused(&fact, id_reused()),
    }
    Ok(fact)
}

fn answer(fact: &Fact, what: Answered) -> Answer {
    Answer {
        id: Some(fact.id.to_string()),
        aggregate: Some(fact.aggregate()),
        what,
    }
}

/// Whether the log is out of reach: then the rest of a request need not find that out again.
fn is_out(answer: &Answer) -> bool {
    let Answered::TryAgain(problem) = &answer.what else {
        return false;
    };
    [
        Kind::UNAVAILABLE,
        Kind::OUTCOME_UNKNOWN,
        Kind::LOG_SHORTENED,
        Kind::DISK_FULL,
    ]
    .contains(&problem.kind())
}

fn not_tried(fact: &Fact) -> Answer {
    let why =
        "the log cannot be used now, as another fact of this request found out; send it again";
    answer(fact, Answered::TryAgain(Problem::unavailable(why)))
}

fn too_early(full: Full, why: &Problem) -> Problem {
    let full = match full {
        Full::OfTool(held) => format!("{held} facts of yours wait already"),
        Full::InAll => "too many facts wait already".to_owned(),
    };
    let detail = format!(
        "{}; {full}: send what comes before this one first, then this one again",
        why.detail()
    );
    Problem::new(Kind::TOO_EARLY, detail)
}
