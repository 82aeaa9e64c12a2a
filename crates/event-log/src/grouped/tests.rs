//! Appends that wait go together; whatever becomes of the batch, each is answered for itself.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use townclerk_contract::envelope::Message;
use townclerk_domain::identity::EventId;
use uuid::Uuid;

use super::*;
use crate::conformance::{Subject, all};
use crate::memory::MemoryLog;

fn brent() -> LogName {
    LogName::new("brent").unwrap()
}

/// The `number`-th message of aggregate `aggregate`, `size` bytes long.
fn sized(aggregate: u128, number: u128, size: usize) -> Expected {
    Expected {
        message: Message {
            subject: format!("tc.brent.ticket.ticket-{}", Uuid::from_u128(aggregate)),
            id: EventId(Uuid::from_u128(aggregate << 64 | number)),
            payload: Bytes::from(vec![b'x'; size]),
        },
        last: 0,
    }
}

/// As many aggregates as a batch needs at least.
const ENOUGH: std::ops::RangeInclusive<u128> = 11..=10 + BATCH_MESSAGES_MIN as u128;

fn first_of(aggregate: u128) -> Expected {
    sized(aggregate, 1, 10)
}

/// A log in memory that lets appends through one at a time, and notes how many messages each had.
struct Gated {
    memory: MemoryLog,
    gate: Semaphore,
    /// How many messages each append has that came to the gate.
    came: Mutex<Vec<usize>>,
    /// Refuses every append: a full disk.
    full: Mutex<bool>,
}

impl Gated {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryLog::new(brent()),
            gate: Semaphore::new(0),
            came: Mutex::default(),
            full: Mutex::default(),
        })
    }

    fn came(&self) -> Vec<usize> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn pass(&self, messages: usize) -> Result<(), AppendError> {
        self.came.lock().unwrap().push(messages);
        self.gate.acquire().await.unwrap().forget();
        match *self.full.lock().unwrap() {
            true => Err(AppendError::Refused(LogError::Answered {
                log: brent(),
                code: 10_077,
                why: "insufficient resources".to_owned(),
            })),
            false => Ok(()),
        }
    }

    fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

#[async_trait]
impl EventLog for Gated {
    fn name(&self) -> &LogName {
        self.memory.name()
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        self.pass(1).await?;
        self.memory.append(message).await
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        self.pass(batch.len()).await?;
        self.memory.append_batch(batch).await
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        self.memory.append_after(end, messages).await
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        self.memory.read_subject(subject, after).await
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        self.memory.read_one(sequence).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.memory.head().await
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        self.memory.tail(after).await
    }
}

type Outcome = Result<Appended, AppendError>;

/// A grouped log whose slots are all taken by appends of the aggregates 1 to [`SLOTS`].
struct Busy {
    log: Arc<Gated>,
    grouped: Arc<Grouped>,
    first: Vec<tokio::task::JoinHandle<Outcome>>,
}

impl Busy {
    async fn new() -> Self {
        let log = Gated::new();
        let grouped = Arc::new(Grouped::new(Arc::clone(&log) as Arc<dyn EventLog>));
        let mut busy = Self {
            log,
            grouped,
            first: Vec::new(),
        };
        for aggregate in 1..=SLOTS {
            let first = busy.asks(first_of(aggregate as u128)).await;
            busy.first.push(first);
        }
        assert_eq!(busy.log.came(), [1; SLOTS], "each went at once, alone");
        busy
    }

    /// Asks for an append and lets it get as far as it comes.
    async fn asks(&self, expected: Expected) -> tokio::task::JoinHandle<Outcome> {
        let grouped = Arc::clone(&self.grouped);
        let asked = tokio::spawn(async move { grouped.append(&expected).await });
        settled().await;
        asked
    }

    async fn ask_all(
        &self,
        messages: impl IntoIterator<Item = Expected>,
    ) -> Vec<tokio::task::JoinHandle<Outcome>> {
        let mut asked = Vec::new();
        for message in messages {
            asked.push(self.asks(message).await);
        }
        asked
    }

    /// Everything goes through from now on; how many messages each append had that came since.
    async fn lets_through(&self) -> Vec<usize> {
        let before = self.log.came().len();
        self.log.open();
        settled().await;
        self.log.came().split_off(before)
    }
}

/// On the one thread of a test, every task that can go on has done so.
async fn settled() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

async fn outcome(asked: tokio::task::JoinHandle<Outcome>) -> Outcome {
    asked.await.unwrap()
}

#[tokio::test]
async fn what_waits_goes_together_and_each_learns_its_own_sequence() {
    let busy = Busy::new().await;
    let asked = busy.ask_all(ENOUGH.map(first_of)).await;
    assert_eq!(busy.lets_through().await, [BATCH_MESSAGES_MIN]);
    for (aggregate, asked) in ENOUGH.zip(asked) {
        let appended = outcome(asked).await.unwrap();
        assert!(!appended.already);
        let stored = busy.log.read_one(appended.sequence).await.unwrap().unwrap();
        assert!(stored.is(&first_of(aggregate).message), "{stored:?}");
    }
    assert_eq!(
        busy.log.head().await.unwrap().sequence,
        (BATCH_MESSAGES_MIN + SLOTS) as u64
    );
}

#[tokio::test]
async fn a_few_go_singly_for_a_batch_costs_more_than_that() {
    let busy = Busy::new().await;
    let asked = busy.ask_all(ENOUGH.skip(1).map(first_of)).await;
    assert_eq!(busy.lets_through().await, [1; BATCH_MESSAGES_MIN - 1]);
    for asked in asked {
        assert!(!outcome(asked).await.unwrap().already);
    }
}

#[tokio::test]
async fn two_appends_on_one_subject_never_share_a_batch() {
    let busy = Busy::new().await;
    let twice = ENOUGH.map(first_of).chain([sized(11, 2, 10)]);
    let mut asked = busy.ask_all(twice).await;
    // The later one goes when the first is answered, singly: it spoils no batch.
    assert_eq!(busy.lets_through().await, [BATCH_MESSAGES_MIN, 1]);
    let later = outcome(asked.remove(BATCH_MESSAGES_MIN)).await;
    assert!(matches!(later, Err(AppendError::Conflict)), "{later:?}");
    for first in asked {
        assert!(!outcome(first).await.unwrap().already);
    }
}

#[tokio::test]
async fn a_batch_holds_no_more_than_512_kib() {
    let busy = Busy::new().await;
    let asked = busy
        .ask_all((11..=90).map(|aggregate| sized(aggregate, 1, 12 * 1024)))
        .await;
    // One that is larger by itself goes alone.
    let large = busy.asks(sized(91, 1, 600 * 1024)).await;
    assert_eq!(busy.lets_through().await, [42, 38, 1]);
    for asked in asked.into_iter().chain([large]) {
        assert!(outcome(asked).await.is_ok());
    }
}

#[tokio::test]
async fn a_batch_holds_no_more_than_a_thousand_and_beyond_the_bound_appends_wait() {
    let busy = Busy::new().await;
    let messages = (11..).map(first_of).take(HELD_MAX + 100);
    let grouped = &busy.grouped;
    let asked: Vec<_> = messages
        .map(|message| {
            let grouped = Arc::clone(grouped);
            tokio::spawn(async move { grouped.append(&message).await })
        })
        .collect();
    settled().await;
    assert_eq!(grouped.room.available_permits(), 0);
    let came = busy.lets_through().await;
    for asked in asked {
        assert!(outcome(asked).await.is_ok());
    }
    assert!(came.iter().all(|messages| *messages <= 1_000), "{came:?}");
    assert!(came.contains(&1_000), "{came:?}");
    assert_eq!(grouped.room.available_permits(), HELD_MAX);
}

#[tokio::test]
async fn a_refused_batch_refuses_only_whom_it_must() {
    let busy = Busy::new().await;
    // Given: 12 was written by another process, 13 by an earlier attempt of the same.
    busy.log.memory.append(&sized(12, 9, 10)).await.unwrap();
    busy.log.memory.append(&first_of(13)).await.unwrap();
    let mut asked = busy.ask_all(ENOUGH.map(first_of)).await.into_iter();
    let came = busy.lets_through().await;
    assert_eq!(came[..1], [BATCH_MESSAGES_MIN]);
    assert_eq!(came[1..], [1; BATCH_MESSAGES_MIN]);
    let mut next = || outcome(asked.next().unwrap());
    assert!(!next().await.unwrap().already);
    let conflict = next().await;
    assert!(
        matches!(conflict, Err(AppendError::Conflict)),
        "{conflict:?}"
    );
    let repeated = next().await.unwrap();
    assert_eq!((repeated.sequence, repeated.already), (2, true));
    for _ in ENOUGH.skip(3) {
        assert!(!next().await.unwrap().already);
    }
    assert_eq!(
        busy.log.head().await.unwrap().sequence,
        (BATCH_MESSAGES_MIN + SLOTS) as u64
    );
}

#[tokio::test]
async fn after_a_lost_answer_each_member_is_found_and_recorded_once() {
    let busy = Busy::new().await;
    let asked = busy.ask_all(ENOUGH.map(first_of)).await;
    // Given: those that hold the slots are through before answers begin to get lost.
    busy.log.gate.add_permits(SLOTS);
    settled().await;
    busy.log.memory.lose_acks(1);
    busy.lets_through().await;
    for asked in asked {
        assert!(outcome(asked).await.unwrap().already);
    }
    assert_eq!(
        busy.log.head().await.unwrap().sequence,
        (BATCH_MESSAGES_MIN + SLOTS) as u64
    );
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_no_proof_that_nothing_is_recorded() {
    let log = Gated::new();
    log.open();
    *log.full.lock().unwrap() = true;
    log.memory.append(&first_of(1)).await.unwrap();
    // Given: a batch with both was sent, and its answer got lost; the disk is full by now.
    let recorded = append_singly(&*log, &first_of(1), true).await.unwrap();
    assert_eq!((recorded.sequence, recorded.already), (1, true));
    let open = append_singly(&*log, &first_of(2), true).await;
    assert!(matches!(open, Err(AppendError::Unknown(_))), "{open:?}");
    let refused = append_singly(&*log, &first_of(2), false).await;
    assert!(
        matches!(refused, Err(AppendError::Refused(_))),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_keeps_nobody_from_being_tried() {
    let busy = Busy::new().await;
    let asked = busy.ask_all(ENOUGH.map(first_of)).await;
    // When the appends under way have kept their slots for long enough, the next go.
    tokio::time::sleep(SLOT_PATIENCE * 2).await;
    assert_eq!(busy.log.came()[SLOTS..], [BATCH_MESSAGES_MIN]);
    // And when the batch is not answered, its members go singly.
    tokio::time::sleep(BATCH_PATIENCE).await;
    assert_eq!(busy.log.came()[SLOTS + 1..], [1; BATCH_MESSAGES_MIN]);
    busy.lets_through().await;
    for asked in asked {
        assert!(outcome(asked).await.is_ok());
    }
}

#[tokio::test]
async fn an_appender_that_goes_away_breaks_nobody_else() {
    let busy = Busy::new().await;
    let mut asked = busy.ask_all(ENOUGH.map(first_of)).await;
    asked.remove(1).abort();
    busy.first[0].abort();
    settled().await;
    assert_eq!(busy.lets_through().await, [BATCH_MESSAGES_MIN]);
    for asked in asked {
        assert!(outcome(asked).await.is_ok());
    }
    let all = busy.grouped.room.available_permits();
    assert_eq!(all, HELD_MAX, "its place is given back");
}

#[tokio::test]
async fn the_task_ends_with_the_last_handle() {
    let busy = Busy::new().await;
    let Busy {
        log,
        grouped,
        first,
    } = busy;
    for first in first {
        first.abort();
    }
    settled().await;
    drop(grouped);
    settled().await;
    assert_eq!(Arc::strong_count(&log), 1, "nobody else holds the log");
}

struct InMemory {
    memory: Arc<MemoryLog>,
    grouped: Arc<Grouped>,
}

impl Subject for InMemory {
    type Log = Grouped;

    fn log(&self) -> Arc<Grouped> {
        Arc::clone(&self.grouped)
    }

    async fn close_duplicate_window(&self) {
        self.memory.close_duplicate_window();
    }
}

#[tokio::test]
async fn a_grouped_log_conforms() {
    all(|| async {
        let memory = Arc::new(MemoryLog::new(brent()));
        let grouped = Arc::new(Grouped::new(Arc::clone(&memory) as Arc<dyn EventLog>));
        InMemory { memory, grouped }
    })
    .await;
}
