//! What each user may do, and what it may not.

use async_nats::jetstream::{self, consumer, stream};
use serde_json::json;

use super::*;
use crate::nats_server::health::HEALTHZ_SUBJECT;

pub(super) async fn make_stream(operator: &Connection, log: &str) {
    let context = jetstream::new(operator.client.clone());
    let config = stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("tc.{log}.>")],
        ..stream::Config::default()
    };
    context.create_stream(config.clone()).await.unwrap();
    context.update_stream(config).await.unwrap();
    context.get_stream(STREAM).await.unwrap();
}

async fn append(writer: &Connection, subject: &str) {
    let context = jetstream::new(writer.client.clone());
    let publish = context.publish(subject.to_owned(), "{}".into());
    publish.await.unwrap().await.unwrap();
}

#[tokio::test]
async fn each_role_can_do_its_work_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let mut operator = connect(&server, "brent", Role::Operator).await;
    let mut writer = connect(&server, "brent", Role::Writer).await;
    let mut reader = connect(&server, "brent", Role::Reader).await;
    make_stream(&operator, "brent").await;
    append(&writer, "tc.brent.ticket.1").await;
    for connection in [&operator, &writer, &reader] {
        let first = connection
            .ask("$JS.API.STREAM.MSG.GET.EVENTS", json!({ "seq": 1 }))
            .await;
        assert_eq!(first["message"]["subject"], "tc.brent.ticket.1", "{first}");
    }
    let everybody_not = [
        "$JS.API.STREAM.DELETE.EVENTS",
        "$JS.API.STREAM.PURGE.EVENTS",
        "$JS.API.STREAM.MSG.DELETE.EVENTS",
        "$JS.API.STREAM.SNAPSHOT.EVENTS",
        "$JS.API.STREAM.RESTORE.EVENTS",
        "$JS.API.STREAM.CREATE.OTHER",
        "$JS.API.DIRECT.GET.EVENTS",
    ];
    for subject in everybody_not {
        operator.is_refused(subject).await;
        writer.is_refused(subject).await;
        reader.is_refused(subject).await;
    }
    operator.is_refused("tc.brent.ticket.1").await;
    reader.is_refused("tc.brent.ticket.1").await;
    writer.is_refused("tc.north-lewisham.ticket.1").await;
    for subject in [
        "$JS.API.STREAM.CREATE.EVENTS",
        "$JS.API.STREAM.UPDATE.EVENTS",
    ] {
        writer.is_refused(subject).await;
        reader.is_refused(subject).await;
    }
    writer
        .is_refused("$JS.API.CONSUMER.CREATE.EVENTS.mine")
        .await;
    for subject in [">", "tc.>", "_INBOX.>", "_INBOX_brent_reader.>"] {
        writer.may_not_listen(subject).await;
    }
    reader.may_not_listen("tc.brent.>").await;
    reader.may_not_listen("_INBOX_brent_writer.>").await;
    let info = reader.ask("$JS.API.STREAM.INFO.EVENTS", json!({})).await;
    assert_eq!(info["state"]["messages"], 1, "{info}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_reader_follows_the_log_and_may_acknowledge() {
    use futures::StreamExt;
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let operator = connect(&server, "brent", Role::Operator).await;
    let writer = connect(&server, "brent", Role::Writer).await;
    let mut reader = connect(&server, "brent", Role::Reader).await;
    make_stream(&operator, "brent").await;
    append(&writer, "tc.brent.ticket.1").await;
    append(&writer, "tc.brent.ticket.2").await;
    let context = jetstream::new(reader.client.clone());
    let stream = context.get_stream(STREAM).await.unwrap();
    let ordered = consumer::pull::OrderedConfig::default();
    let ordered = stream.create_consumer(ordered).await.unwrap();
    let mut messages = ordered.messages().await.unwrap();
    for subject in ["tc.brent.ticket.1", "tc.brent.ticket.2"] {
        let message = within(subject, messages.next()).await.unwrap().unwrap();
        assert_eq!(message.subject.as_str(), subject);
    }
    let durable = consumer::pull::Config {
        durable_name: Some("durable".to_owned()),
        ..consumer::pull::Config::default()
    };
    let durable = stream.create_consumer(durable).await.unwrap();
    let mut messages = durable.messages().await.unwrap();
    let message = within("a message", messages.next()).await.unwrap().unwrap();
    println!("acknowledged at {:?}", message.reply);
    within("an acknowledgement", message.double_ack())
        .await
        .unwrap();
    assert!(reader.refusals.try_recv().is_err());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_account_sees_nothing_of_another() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let operator = connect(&server, "north-lewisham", Role::Operator).await;
    make_stream(&operator, "north-lewisham").await;
    let writer = connect(&server, "north-lewisham", Role::Writer).await;
    append(&writer, "tc.north-lewisham.ticket.1").await;
    for role in Role::ALL {
        let brent = connect(&server, "brent", role).await;
        let info = brent.ask("$JS.API.STREAM.INFO.EVENTS", json!({})).await;
        assert_eq!(info["error"]["err_code"], 10059, "{info}");
        let usage = brent.ask("$JS.API.INFO", json!({})).await;
        assert_eq!(usage["streams"], 0, "{usage}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_system_user_can_ask_for_the_settings_and_the_health_alone() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let credentials = server.credentials();
    let seed = credentials.sys().seed();
    let mut sys = connect_as(&server, seed, SYS_INBOX_PREFIX).await;
    let answer = sys.ask(VARZ_SUBJECT, json!({})).await;
    println!("{:#}", answer["data"]["jetstream"]["config"]);
    assert_eq!(answer["server"]["name"], server.server_name());
    assert_eq!(
        answer["data"]["jetstream"]["config"]["sync_always"], true,
        "{answer}"
    );
    let health = sys.ask(HEALTHZ_SUBJECT, json!({})).await;
    // How it is may change while it starts; that it is told is what is asked for here.
    assert!(health["data"]["status"].is_string(), "{health}");
    sys.is_refused("$SYS.REQ.SERVER.PING.CONNZ").await;
    sys.is_refused("$SYS.REQ.ACCOUNT.BRENT.CONNZ").await;
    sys.may_not_listen("$SYS.>").await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    assert!(async_nats::connect(server.url()).await.is_err());
    let stranger = nkeys::KeyPair::new_user().seed().unwrap();
    let options = ConnectOptions::with_nkey(stranger);
    assert!(options.connect(server.url()).await.is_err());
    server.stop().await.unwrap();
}
