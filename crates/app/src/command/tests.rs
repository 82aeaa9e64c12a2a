//! A command is recorded once, whatever gets lost, and decided on the whole record.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt;
use jiff::Timestamp;
use townclerk_contract::envelope::AuthType;
use townclerk_contract::subject::subject_of;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::{Decider, Rejection};
use townclerk_domain::identity::{AggregateId, Token, created_aggregate};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::ticket::{
    Channel, Closed, Logged, Priority, Refusal, Resolved, Started, Status, TicketFact, TicketKind,
    TicketRules, Transition, UserClass,
};
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{EventLog, Room, Watched, Writes};

use super::{Command, CommandError, Handled, Handler};
use crate::clock::Clock;

fn now() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

fn brent() -> LogName {
    LogName::new("brent").unwrap()
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn logged(priority: Priority) -> TicketFact {
    TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

fn creating(key: &str, fact: TicketFact) -> Command<TicketFact> {
    let (caller, id) = (Token::new("desk").unwrap(), Token::new(key).unwrap());
    let aggregate = created_aggregate(&brent(), TicketRules::KIND, &caller, &id);
    Command {
        creates: true,
        ..command(aggregate, key, fact)
    }
}

fn command(aggregate: AggregateId, key: &str, fact: TicketFact) -> Command<TicketFact> {
    Command {
        aggregate,
        creates: false,
        id: Token::new(key).unwrap(),
        caller: Token::new("desk").unwrap(),
        auth_type: AuthType::ApiKey,
        correlation: Token::new("request").unwrap(),
        traceparent: None,
        system: code("ticket-service"),
        happened: None,
        what: Recordable::Fact(fact),
    }
}

struct Desk {
    log: Arc<MemoryLog>,
    handler: Handler<TicketRules>,
}

fn desk() -> Desk {
    desk_on(&Arc::new(MemoryLog::new(brent())))
}

/// A service that has just started on `log`.
fn desk_on(log: &Arc<MemoryLog>) -> Desk {
    let clock: Clock = Arc::new(now);
    Desk {
        handler: Handler::new(Arc::clone(log) as Arc<dyn EventLog>, clock),
        log: Arc::clone(log),
    }
}

impl Desk {
    async fn asks(&self, command: &Command<TicketFact>) -> Result<Handled, CommandError<Refusal>> {
        self.handler.handle(command).await
    }

    async fn recorded(&self) -> u64 {
        self.log.head().await.unwrap().sequence
    }
}

#[tokio::test]
async fn a_command_becomes_one_event() {
    let desk = desk();
    let handled = desk
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap();
    assert_eq!(handled.position.to_string(), "brent:1");
    let started = TicketFact::Started(Started {});
    let handled = desk
        .asks(&command(handled.aggregate, "k2", started))
        .await
        .unwrap();
    assert_eq!(handled.position.to_string(), "brent:2");
}

#[tokio::test]
async fn a_repeated_command_is_answered_as_the_first_time() {
    let desk = desk();
    let first = desk
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap();
    for desk in [&desk, &desk_on(&desk.log)] {
        let again = desk
            .asks(&creating("k1", logged(Priority::P3)))
            .await
            .unwrap();
        assert!(again.already);
        assert_eq!(
            (again.event, &again.position),
            (first.event, &first.position)
        );
    }
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn the_same_key_with_other_content_is_refused() {
    let desk = desk();
    desk.asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap();
    let other = desk.asks(&creating("k1", logged(Priority::P1))).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn a_key_is_known_as_reused_by_a_service_that_has_just_started() {
    let before = desk();
    before
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap();
    before.log.close_duplicate_window();
    let desk = desk_on(&before.log);
    let other = desk.asks(&creating("k1", logged(Priority::P1))).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn what_is_taken_for_new_unseen_is_looked_up_before_a_no() {
    let before = desk();
    let ticket = before
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap()
        .aggregate;
    // Nothing new can be started; what is recorded already can.
    let starting = |ticket, key| Command {
        creates: true,
        ..command(ticket, key, TicketFact::Started(Started {}))
    };
    let desk = desk_on(&before.log);
    let handled = desk.asks(&starting(ticket, "k2")).await.unwrap();
    assert_eq!(handled.position.to_string(), "brent:2");
    let nobody = AggregateId {
        kind: TicketRules::KIND,
        id: uuid::Uuid::from_u128(1),
    };
    let refused = desk.asks(&starting(nobody, "k3")).await;
    assert!(
        matches!(refused, Err(CommandError::Rejected(_))),
        "{refused:?}"
    );
    assert_eq!(desk.recorded().await, 2);
}

#[tokio::test]
async fn what_is_taken_for_new_unseen_is_not_decided_past_what_cannot_be_read() {
    let desk = desk();
    let asked = creating("k1", logged(Priority::P3));
    let subject = subject_of(&brent(), asked.aggregate);
    desk.log.put(&subject, Some("x"), b"not an envelope");
    let outcome = desk.asks(&asked).await;
    assert!(
        matches!(outcome, Err(CommandError::Unreadable { .. })),
        "{outcome:?}"
    );
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn what_may_be_recorded_by_an_earlier_attempt_is_never_said_not_to_be() {
    let desk = desk();
    let lost = creating("k1", logged(Priority::P3));
    let made = desk.asks(&lost).await.unwrap().aggregate;
    let start = command(made, "k2", TicketFact::Started(Started {}));
    desk.log.lose_acks(1);
    let unknown = desk.asks(&start).await;
    assert!(
        matches!(unknown, Err(CommandError::Unknown(_))),
        "{unknown:?}"
    );
    desk.log.set_away(true);
    // This attempt sends nothing, as the aggregate cannot be loaded.
    let still = desk.asks(&start).await;
    assert!(
        matches!(still, Err(CommandError::UnknownBefore(_))),
        "{still:?}"
    );
    let other = command(made, "k3", TicketFact::Started(Started {}));
    let never_sent = desk.asks(&other).await;
    assert!(
        matches!(never_sent, Err(CommandError::Unavailable(_))),
        "{never_sent:?}"
    );
    desk.log.set_away(false);
    assert_eq!(desk.recorded().await, 2, "the first attempt was recorded");
    assert!(desk.asks(&start).await.unwrap().already);
}

#[tokio::test]
async fn what_nobody_waited_for_is_never_said_not_to_be_recorded() {
    let desk = desk();
    let given_up = creating("k1", logged(Priority::P3));
    desk.log.withhold_acks(1);
    let polled_once = desk.asks(&given_up).now_or_never();
    assert!(polled_once.is_none(), "it waits for its answer");
    desk.log.set_away(true);
    let again = desk.asks(&given_up).await;
    assert!(
        matches!(again, Err(CommandError::UnknownBefore(_))),
        "{again:?}"
    );
    // This one was sent too, and answered: it is not recorded.
    let refused = creating("k2", logged(Priority::P3));
    for _ in 0..2 {
        let outcome = desk.asks(&refused).await;
        assert!(
            matches!(outcome, Err(CommandError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    desk.log.set_away(false);
    assert!(desk.asks(&given_up).await.unwrap().already);
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn what_was_recorded_before_is_answered_as_ever_on_a_full_disk() {
    let before = desk();
    let first = creating("k1", logged(Priority::P3));
    let recorded = before.asks(&first).await.unwrap();
    let room = || {
        Some(Room {
            free: 0,
            total: 1 << 40,
        })
    };
    let writes = Arc::new(Writes::with(Box::new(|| None), Box::new(room)));
    let log = Watched::new(Arc::clone(&before.log) as Arc<dyn EventLog>, writes);
    let clock: Clock = Arc::new(now);
    // It has just started: nothing is in its memory.
    let full: Handler<TicketRules> = Handler::new(Arc::new(log), clock);
    let new = full.handle(&creating("k2", logged(Priority::P3))).await;
    assert!(matches!(new, Err(CommandError::DiskFull(_))), "{new:?}");
    let other = full.handle(&creating("k1", logged(Priority::P1))).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    let again = full.handle(&first).await.unwrap();
    assert!(again.already);
    assert_eq!(again.position, recorded.position);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_a_retry_finds_the_event() {
    let desk = desk();
    desk.log.lose_acks(1);
    let lost = desk.asks(&creating("k1", logged(Priority::P3))).await;
    assert!(matches!(lost, Err(CommandError::Unknown(_))), "{lost:?}");
    desk.log.close_duplicate_window();
    let retried = desk
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap();
    assert!(retried.already);
    assert_eq!(desk.recorded().await, 1);
}

#[tokio::test]
async fn a_stale_cache_neither_rejects_nor_records_wrongly() {
    let first = desk();
    let second = desk_on(&first.log);
    let ticket = first
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap()
        .aggregate;
    let resolved = TicketFact::Resolved(Resolved { resolution: None });
    // Both know the ticket; the second resolves it, the first does not know that yet.
    second
        .asks(&command(ticket, "k2", resolved.clone()))
        .await
        .unwrap();
    let closed = TicketFact::Closed(Closed {});
    first.asks(&command(ticket, "k3", closed)).await.unwrap();
    let rejected = second.asks(&command(ticket, "k4", resolved)).await;
    let Err(CommandError::Rejected(Rejection::Refused { refusal })) = rejected else {
        panic!("{rejected:?}");
    };
    assert_eq!(
        refusal,
        Refusal::TransitionNotAllowed {
            from: Status::Closed,
            wanted: Transition::Resolve,
            allowed: vec![Transition::Reopen],
        }
    );
    assert_eq!(first.recorded().await, 3);
}

#[tokio::test]
async fn an_unknown_ticket_is_not_found() {
    let desk = desk();
    let nobody = AggregateId {
        kind: TicketRules::KIND,
        id: uuid::Uuid::from_u128(1),
    };
    let started = TicketFact::Started(Started {});
    let outcome = desk.asks(&command(nobody, "k1", started)).await;
    assert!(
        matches!(outcome, Err(CommandError::NotFound(_))),
        "{outcome:?}"
    );
    assert_eq!(desk.recorded().await, 0);
}

#[tokio::test]
async fn nothing_is_decided_on_a_part_of_the_record() {
    let desk = desk();
    let ticket = desk
        .asks(&creating("k1", logged(Priority::P3)))
        .await
        .unwrap()
        .aggregate;
    desk.log
        .put(&subject_of(&brent(), ticket), Some("x"), b"not an envelope");
    let started = TicketFact::Started(Started {});
    let fresh = desk_on(&desk.log);
    for desk in [&desk, &fresh] {
        let outcome = desk.asks(&command(ticket, "k2", started.clone())).await;
        let refused = matches!(&outcome, Err(CommandError::Unreadable { position, .. })
            if position.sequence == 2);
        assert!(refused, "{outcome:?}");
    }
    assert_eq!(desk.recorded().await, 2);
}

#[tokio::test]
async fn fifty_commands_on_one_ticket_at_once_are_all_decided_one_after_the_other() {
    let desk = Arc::new(desk());
    let ticket = desk
        .asks(&creating("k", logged(Priority::P3)))
        .await
        .unwrap()
        .aggregate;
    let asked = (0..50).map(|number| {
        let desk = Arc::clone(&desk);
        let started = TicketFact::Started(Started {});
        let command = command(ticket, &format!("k{number}"), started);
        tokio::spawn(async move { desk.asks(&command).await.map(|handled| handled.position) })
    });
    let mut positions = BTreeSet::new();
    for outcome in futures::future::join_all(asked).await {
        assert!(positions.insert(outcome.unwrap().unwrap()));
    }
    assert_eq!(desk.recorded().await, 51);
}
