//! What a partner may do, and that a running server takes partners and logs in.

use futures::StreamExt;
use serde_json::{Value, json};
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::jetstream::{Access, Credential, JetStreamLog, PartnerDoor};
use townclerk_event_log::{PartnerAsk, PartnerDesk, StartOutcome};

use super::*;
use crate::town::Partner;

const LOGS: [&str; 3] = ["brent", "lewisham", "shared"];

fn partner(council: &str, system: &str) -> Partner {
    Partner {
        council: Code::new(council).unwrap(),
        system: Code::new(system).unwrap(),
    }
}

fn logs(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn start_with(data_dir: &Path, names: &[&str], partners: &[Partner]) -> NatsServer {
    let options = Options {
        logs: logs(names),
        partners: partners.to_vec(),
        ..options(data_dir)
    };
    NatsServer::start(options).await.unwrap()
}

fn access(server: &NatsServer, log: &str, role: Role) -> Access {
    Access {
        url: server.url(),
        log: LogName::new(log).unwrap(),
        role,
        credential: Credential {
            seed: server.user_seed(log, role).unwrap(),
        },
        server_name: Some(server.server_name().to_owned()),
    }
}

/// The stream of a log with some messages.
async fn log_with(server: &NatsServer, log: &str, messages: u64) {
    let operator = access(server, log, Role::Operator);
    JetStreamLog::initialise(&operator).await.unwrap();
    let writer = connect(server, log, Role::Writer).await;
    let context = async_nats::jetstream::new(writer.client.clone());
    for number in 1..=messages {
        let publish = context.publish(format!("tc.{log}.ticket.{number}"), "{}".into());
        publish.await.unwrap().await.unwrap();
    }
}

async fn door(server: &NatsServer, log: &str) -> PartnerDoor {
    let door = PartnerDoor::open(&access(server, log, Role::Gateway)).await;
    door.unwrap()
}

async fn connect_partner(server: &NatsServer, partner: &Partner) -> Connection {
    let folder = server.data_dir().join("credentials");
    let seed = std::fs::read_to_string(partner_seed_file(&folder, partner)).unwrap();
    connect_as(server, seed.trim(), "_INBOX").await
}

/// One message of a durable, with the place for its acknowledgement. It arrives under its own
/// subject, so it is no answer to a request.
async fn pull(connection: &Connection, durable: &str) -> async_nats::Message {
    let client = &connection.client;
    let inbox = client.new_inbox();
    let mut messages = client.subscribe(inbox.clone()).await.unwrap();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.EVENTS.{durable}");
    let request = json!({"batch": 1, "expires": 10_000_000_000u64}).to_string();
    let asked = client.publish_with_reply(subject.clone(), inbox, request.into());
    asked.await.unwrap();
    let message = within(&subject, messages.next()).await.unwrap();
    assert_eq!(message.status, None, "{message:?}");
    message
}

/// What the tool of Brent must not send to.
const REFUSED: [&str; 33] = [
    "facts.lewisham",
    "facts.shared",
    "facts.brent-hornbill",
    "facts.lewisham-desk",
    "start.lewisham",
    "tc.brent.ticket.1",
    "tc.shared.ticket.1",
    "tc.lewisham.ticket.1",
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.EVENTS",
    "$JS.API.STREAM.MSG.GET.EVENTS",
    "$JS.API.DIRECT.GET.EVENTS",
    "$JS.API.STREAM.DELETE.EVENTS",
    "$JS.API.STREAM.PURGE.EVENTS",
    "$JS.API.STREAM.CREATE.EVENTS",
    "$JS.API.CONSUMER.CREATE.EVENTS",
    "$JS.API.CONSUMER.CREATE.EVENTS.brent-hornbill",
    "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.brent-hornbill",
    "$JS.API.CONSUMER.DELETE.EVENTS.brent-hornbill",
    "$JS.API.CONSUMER.NAMES.EVENTS",
    "$JS.API.CONSUMER.INFO.EVENTS.lewisham-desk",
    "$JS.API.CONSUMER.INFO.EVENTS.shared-lewisham-desk",
    "$JS.API.CONSUMER.MSG.NEXT.EVENTS.lewisham-desk",
    "$JS.API.CONSUMER.MSG.NEXT.EVENTS.shared-lewisham-desk",
    "$JS.ACK.EVENTS.lewisham-desk.1.1.1.1.0",
    "$JS.ACK.domain.account.EVENTS.lewisham-desk.1.1.1.1.0",
    // Another tool of its own council.
    "facts.brent-halo",
    "start.brent-halo",
    "$JS.API.CONSUMER.INFO.EVENTS.brent-halo",
    "$JS.API.CONSUMER.MSG.NEXT.EVENTS.shared-brent-halo",
    "$JS.ACK.domain.account.EVENTS.brent-halo.1.1.1.1.0",
    "$SYS.REQ.SERVER.PING.VARZ",
    "$SYS.REQ.SERVER.PING.HEALTHZ",
];

#[tokio::test]
async fn a_partner_reads_its_durables_and_is_heard_and_can_do_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let (hornbill, desk) = (partner("brent", "hornbill"), partner("lewisham", "desk"));
    let partners = [hornbill.clone(), desk.clone(), partner("brent", "halo")];
    let server = start_with(directory.path(), &LOGS, &partners).await;
    for log in LOGS {
        log_with(&server, log, 3).await;
        let door = door(&server, log).await;
        for partner in &partners {
            if log == "shared" || partner.council.as_str() == log {
                door.ensure_durable(&partner.id()).await.unwrap();
            }
        }
    }
    let mut connection = connect_partner(&server, &hornbill).await;
    for (log, durable) in [
        ("brent", "brent-hornbill"),
        ("shared", "shared-brent-hornbill"),
    ] {
        let info = format!("$JS.API.CONSUMER.INFO.EVENTS.{durable}");
        let info = connection.ask(&info, json!({})).await;
        assert_eq!(info["num_pending"], 3, "{info}");
        let message = pull(&connection, durable).await;
        assert_eq!(message.subject.as_str(), format!("tc.{log}.ticket.1"));
        let reply = message.reply.unwrap();
        // With an inbox as its reply the acknowledgement itself is acknowledged.
        let acknowledged = connection.client.request(reply, "+ACK".into());
        within("the acknowledgement", acknowledged).await.unwrap();
        let state = door(&server, log)
            .await
            .durable_state("brent-hornbill")
            .await;
        assert_eq!(state.unwrap().unwrap().acknowledged, 1);
    }
    for subject in REFUSED {
        connection.is_refused(subject).await;
    }
    for subject in [
        ">",
        "tc.>",
        "facts.>",
        "_R_.>",
        "$JS.>",
        "_INBOX_brent_reader.>",
    ] {
        connection.may_not_listen(subject).await;
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_place_for_an_answer_is_no_way_into_a_log() {
    let directory = tempfile::tempdir().unwrap();
    let hornbill = partner("brent", "hornbill");
    let partners = std::slice::from_ref(&hornbill);
    let server = start_with(directory.path(), &LOGS, partners).await;
    for log in LOGS {
        log_with(&server, log, 2).await;
    }
    let door = door(&server, "brent").await;
    door.ensure_durable("brent-hornbill").await.unwrap();
    let connection = connect_partner(&server, &hornbill).await;
    for target in [
        "tc.brent.ticket.forged",
        "tc.shared.ticket.forged",
        "tc.lewisham.forged",
    ] {
        for subject in [
            "$JS.API.CONSUMER.INFO.EVENTS.brent-hornbill",
            "$JS.API.CONSUMER.MSG.NEXT.EVENTS.brent-hornbill",
        ] {
            let sent = connection
                .client
                .publish_with_reply(subject, target, "".into());
            sent.await.unwrap();
        }
    }
    // Answered after all that was sent before on this connection.
    let info = "$JS.API.CONSUMER.INFO.EVENTS.brent-hornbill";
    connection.ask(info, json!({})).await;
    for log in LOGS {
        let reader = connect(&server, log, Role::Reader).await;
        let info = reader.ask("$JS.API.STREAM.INFO.EVENTS", json!({})).await;
        assert_eq!(info["state"]["messages"], 2, "{log}: {info}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_gateway_hears_who_asks_and_starts_the_durable_where_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let hornbill = partner("brent", "hornbill");
    let partners = std::slice::from_ref(&hornbill);
    let server = start_with(directory.path(), &LOGS, partners).await;
    for log in LOGS {
        log_with(&server, log, 5).await;
    }
    for (log, durable) in [
        ("brent", "brent-hornbill"),
        ("shared", "shared-brent-hornbill"),
    ] {
        let door = door(&server, log).await;
        let mut requests = door.requests().await.unwrap();
        let connection = connect_partner(&server, &hornbill).await;
        let asked = connection.client.clone();
        let subject = format!("start.{log}");
        let asking = tokio::spawn(async move { asked.request(subject, "{}".into()).await });
        let request = within("a request", requests.next()).await.unwrap();
        assert_eq!(request.partner, "brent-hornbill");
        assert_eq!(request.ask, PartnerAsk::Start);
        let started = door.start_from(&request.partner, 3).await.unwrap();
        assert_eq!(started, StartOutcome::From { next: 4 });
        request.answer("done".into()).await.unwrap();
        let answer = within("an answer", asking).await.unwrap().unwrap();
        assert_eq!(answer.payload.as_ref(), b"done");
        let message = pull(&connection, durable).await;
        assert_eq!(message.subject.as_str(), format!("tc.{log}.ticket.4"));
        let beyond = door.start_from("brent-hornbill", 6).await.unwrap();
        assert_eq!(beyond, StartOutcome::BeyondHead { head: 5 });
        let state = door.durable_state("brent-hornbill").await.unwrap().unwrap();
        assert_eq!(
            (state.delivered, state.ack_pending, state.pending),
            (4, 1, 1)
        );
        door.remove_durable("brent-hornbill").await.unwrap();
        door.remove_durable("brent-hornbill").await.unwrap();
        assert_eq!(door.durable_state("brent-hornbill").await.unwrap(), None);
    }
    let door = door(&server, "brent").await;
    let mut requests = door.requests().await.unwrap();
    let connection = connect_partner(&server, &hornbill).await;
    let asking = tokio::spawn({
        let client = connection.client.clone();
        async move { client.request("facts.brent", "a fact".into()).await }
    });
    let request = within("a request", requests.next()).await.unwrap();
    assert_eq!(
        (request.partner.as_str(), request.ask),
        ("brent-hornbill", PartnerAsk::Facts)
    );
    assert_eq!(request.payload.as_ref(), b"a fact");
    request.answer("taken".into()).await.unwrap();
    within("an answer", asking).await.unwrap().unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn who_never_acknowledges_gets_a_thousand_and_hinders_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let partners = [partner("brent", "hornbill"), partner("brent", "other")];
    let server = start_with(directory.path(), &["brent", "shared"], &partners).await;
    log_with(&server, "brent", 0).await;
    let writer = connect(&server, "brent", Role::Writer).await;
    let context = async_nats::jetstream::new(writer.client.clone());
    let mut waiting = Vec::new();
    for number in 0..1_100 {
        let publish = context.publish(format!("tc.brent.ticket.{number}"), "{}".into());
        waiting.push(publish.await.unwrap());
    }
    for acknowledgement in waiting {
        acknowledgement.await.unwrap();
    }
    let door = door(&server, "brent").await;
    for partner in &partners {
        door.ensure_durable(&partner.id()).await.unwrap();
    }
    let connection = connect_partner(&server, &partners[0]).await;
    let inbox = connection.client.new_inbox();
    let mut messages = connection.client.subscribe(inbox.clone()).await.unwrap();
    let subject = "$JS.API.CONSUMER.MSG.NEXT.EVENTS.brent-hornbill";
    for _ in 0..3 {
        let request = json!({"batch": 500, "expires": 2_000_000_000u64}).to_string();
        let pull = connection
            .client
            .publish_with_reply(subject, inbox.clone(), request.into());
        pull.await.unwrap();
    }
    let mut received = 0;
    loop {
        let message = within("a message or the end of the pull", messages.next())
            .await
            .unwrap();
        match message.status {
            // The last pull waits in vain and ends.
            Some(_) => break,
            None => received += 1,
        }
    }
    assert_eq!(received, 1_000);
    let state = door.durable_state("brent-hornbill").await.unwrap().unwrap();
    assert!(state.is_stuck(), "{state:?}");
    let other = connect_partner(&server, &partners[1]).await;
    let message = pull(&other, "brent-other").await;
    assert_eq!(message.subject.as_str(), "tc.brent.ticket.0");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_running_server_takes_in_logs_and_partners_and_keeps_other_connections() {
    let directory = tempfile::tempdir().unwrap();
    let server = start_with(directory.path(), &["brent", "shared"], &[]).await;
    log_with(&server, "brent", 1).await;
    log_with(&server, "shared", 1).await;
    let mut writer = connect(&server, "brent", Role::Writer).await;
    let context = async_nats::jetstream::new(writer.client.clone());
    let hornbill = partner("brent", "hornbill");
    let pid = server.pid();
    server
        .reconfigure(&logs(&LOGS), std::slice::from_ref(&hornbill))
        .await
        .unwrap();
    assert_eq!(server.pid(), pid, "it is the same process");
    log_with(&server, "lewisham", 1).await;
    door(&server, "brent")
        .await
        .ensure_durable("brent-hornbill")
        .await
        .unwrap();
    let connection = connect_partner(&server, &hornbill).await;
    let message = pull(&connection, "brent-hornbill").await;
    assert_eq!(message.subject.as_str(), "tc.brent.ticket.1");
    // The connection from before goes on and was never cut.
    let publish = context.publish("tc.brent.ticket.2", "{}".into());
    publish.await.unwrap().await.unwrap();
    assert!(writer.refusals.try_recv().is_err());
    assert_eq!(
        writer
            .client
            .statistics()
            .connects
            .load(std::sync::atomic::Ordering::SeqCst),
        1
    );
    server.reconfigure(&logs(&LOGS), &[]).await.unwrap();
    let folder = server.data_dir().join("credentials");
    let seed = std::fs::read_to_string(partner_seed_file(&folder, &hornbill)).unwrap();
    let again = ConnectOptions::with_nkey(seed.trim().to_owned()).connect(server.url());
    assert!(again.await.is_err(), "who was removed does not get in");
    let cut = connection.client.request("facts.brent", "".into());
    let cut = within("a refusal or nothing", cut).await;
    assert!(cut.is_err(), "{cut:?}");
    let publish = context.publish("tc.brent.ticket.3", "{}".into());
    publish.await.unwrap().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_gateway_cannot_append_or_read() {
    let directory = tempfile::tempdir().unwrap();
    let server = start_with(directory.path(), &["brent", "shared"], &[]).await;
    log_with(&server, "brent", 1).await;
    let mut gateway = connect(&server, "brent", Role::Gateway).await;
    for subject in [
        "tc.brent.ticket.1",
        "$JS.API.STREAM.MSG.GET.EVENTS",
        "$JS.API.STREAM.DELETE.EVENTS",
        "$JS.API.STREAM.UPDATE.EVENTS",
        "$JS.API.CONSUMER.CREATE.EVENTS",
        "$JS.API.CONSUMER.CREATE.EVENTS.x.tc.brent.ticket.1",
        "$JS.API.CONSUMER.MSG.NEXT.EVENTS.x",
        "facts.brent-hornbill",
    ] {
        gateway.is_refused(subject).await;
    }
    // Outside the group nobody listens to requests.
    for subject in ["facts.>", "facts.*", "start.*", "tc.>"] {
        gateway.may_not_listen(subject).await;
    }
    let info: Value = gateway.ask("$JS.API.STREAM.INFO.EVENTS", json!({})).await;
    assert_eq!(info["state"]["messages"], 1);
    server.stop().await.unwrap();
}

#[test]
fn the_accounts_for_another_server_hold_no_secret_and_open_nothing_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let partners = [partner("brent", "hornbill"), partner("lewisham", "desk")];
    let credentials = Credentials::load_or_create(directory.path(), &logs(&LOGS), &partners);
    let credentials = credentials.unwrap();
    let text = accounts_fragment(&credentials);
    for (_, user) in credentials.partners() {
        assert!(text.contains(user.public_key()));
        assert!(!text.contains(user.seed()));
    }
    let exports: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("{ service: \""))
        .collect();
    assert_eq!(
        exports.len(),
        2 * (6 + 5) + 2,
        "six of its own log, five of shared, one that shadows: {text}"
    );
    for export in exports {
        let (of, account) = match export.to_lowercase().contains("hornbill") {
            true => ("brent-hornbill", "PARTNER_BRENT_HORNBILL"),
            false => ("lewisham-desk", "PARTNER_LEWISHAM_DESK"),
        };
        let shadow = export.contains("$JS.API.INFO");
        assert!(shadow || export.contains(of), "{export}");
        assert!(
            export.contains(&format!("accounts: [{account}]")),
            "{export}"
        );
    }
    assert_eq!(text.matches("jetstream: enabled").count(), LOGS.len());
}
