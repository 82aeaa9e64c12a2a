//! Start, restart, stop; the executable; the port.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Pid, Signal, kill_process};
use townclerk_view_store::testing::SmallDisk;

use super::permissions::make_stream;
use super::*;
use crate::nats_server::config::{LOG_BYTES_MAX, LOGS_KEPT};

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn starts_answers_and_stops() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("a \"quoted\" \\ name");
    let server = start(&data_dir).await;
    let reader = connect(&server, "brent", Role::Reader).await;
    assert_eq!(
        reader.client.server_info().server_name,
        server.server_name()
    );
    let info = reader.ask("$JS.API.INFO", serde_json::json!({})).await;
    assert!(info["error"].is_null(), "{info}");
    assert_eq!(servers_on(&data_dir).len(), 1);
    let stdin = format!("/proc/{}/fd/0", server.pid().unwrap());
    let lock = data_dir.canonicalize().unwrap().join("lock");
    assert_eq!(fs::read_link(stdin).unwrap(), lock);
    assert_eq!(
        fs::metadata(data_dir.join("nats-server.conf"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    server.stop().await.unwrap();
    assert_eq!(servers_on(&data_dir), Vec::<i32>::new());
    // The lock was given back.
    start(&data_dir).await.stop().await.unwrap();
}

#[tokio::test]
async fn the_log_of_the_server_is_put_aside_by_size_and_few_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("nats-server.log");
    let kept = || -> Vec<u64> {
        let files = fs::read_dir(directory.path()).unwrap().map(Result::unwrap);
        files
            .filter(|file| {
                file.file_name()
                    .to_string_lossy()
                    .starts_with("nats-server.log")
            })
            .map(|file| file.metadata().unwrap().len())
            .collect()
    };
    for _ in 0..LOGS_KEPT + 2 {
        // Almost full, as a long life would have left it: the first lines turn it over.
        let full = fs::OpenOptions::new().append(true).create(true).open(&log);
        let full = full.unwrap();
        full.set_len(LOG_BYTES_MAX - 100).unwrap();
        start(directory.path()).await.stop().await.unwrap();
        assert!(fs::metadata(&log).unwrap().len() < LOG_BYTES_MAX);
    }
    let kept = kept();
    assert_eq!(kept.len(), LOGS_KEPT as usize, "{kept:?}");
}

#[tokio::test]
async fn a_server_that_died_is_restarted_on_its_port() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let mut changes = server.pid_changes();
    for _ in 0..2 {
        let killed = server.pid().unwrap();
        kill(killed);
        let restarted = changes.wait_for(|pid| pid.is_some_and(|pid| pid != killed));
        within("a restart", restarted).await.unwrap();
        let writer = connect(&server, "brent", Role::Writer).await;
        assert_eq!(
            writer.client.server_info().server_name,
            server.server_name()
        );
        assert_eq!(writer.client.server_info().port, server.port());
    }
    server.stop().await.unwrap();
    assert_eq!(servers_on(directory.path()), Vec::<i32>::new());
}

/// How long a server may take that fails, is restarted and looked at, on a slow machine.
const LONG: Duration = Duration::from_secs(60);

async fn in_the_end<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(LONG, future).await {
        Ok(output) => output,
        Err(_) => panic!("not within {} s: {what}", LONG.as_secs()),
    }
}

/// Waits until the log of Brent takes a message.
async fn takes(what: &str, writer: &Connection) {
    in_the_end(what, async { while !is_taken(writer).await {} }).await;
}

/// Whether the log of Brent takes a message.
async fn is_taken(writer: &Connection) -> bool {
    let subject = "tc.brent.ticket.1".to_owned();
    let answer = writer.client.request(subject, "x".repeat(2_000).into());
    let answer = timeout(Duration::from_secs(1), answer).await;
    let Ok(Ok(answer)) = answer else { return false };
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    answer["error"].is_null() && answer["seq"].as_u64() > Some(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_write_says_so_and_is_restarted_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let operator = connect(&server, "brent", Role::Operator).await;
    make_stream(&operator, "brent").await;
    let writer = connect(&server, "brent", Role::Writer).await;
    takes("a first message", &writer).await;
    server.stop().await.unwrap();
    let messages = directory.path().join("jetstream/BRENT/streams/EVENTS/msgs");
    let disk = SmallDisk::under(&messages.join("1.blk")).unwrap();
    let server = start(directory.path()).await;
    let mut health = server.health();
    let writer = connect(&server, "brent", Role::Writer).await;
    takes("a message", &writer).await;
    let well = health.wait_for(Option::is_none);
    drop(in_the_end("that it is well", well).await.unwrap());
    disk.fill().unwrap();
    in_the_end("a message that is not taken", async {
        while is_taken(&writer).await {}
    })
    .await;
    // It may be slow to answer before it says what ails it.
    let cannot_write = |said: &Option<String>| {
        let said = said.as_deref();
        said.is_some_and(|said| said.starts_with("nats-server cannot write"))
    };
    let sick = health.wait_for(cannot_write);
    drop(in_the_end("its reason", sick).await.unwrap());
    disk.make_room().unwrap();
    takes("a message again", &writer).await;
    let well = health.wait_for(Option::is_none);
    drop(in_the_end("that it is well again", well).await.unwrap());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn stop_while_it_is_down_ends_the_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let mut changes = server.pid_changes();
    kill(server.pid().unwrap());
    within("its end", changes.wait_for(Option::is_none))
        .await
        .unwrap();
    server.stop().await.unwrap();
    assert_eq!(servers_on(directory.path()), Vec::<i32>::new());
}

#[tokio::test]
async fn a_dropped_server_does_not_stay() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let mut changes = server.pid_changes();
    drop(server);
    // The task is gone when its side of the channel is.
    while within("its end", changes.changed()).await.is_ok() {}
    // The lock is free only when the killed child is gone too.
    start(directory.path()).await.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = squatter.local_addr().unwrap().port();
    let options = Options {
        port: Some(port),
        ..options(directory.path())
    };
    let error = within("a refusal", NatsServer::start(options))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StartError::NotReady(NotReady::PortTaken { port: said }) if said == port),
        "{error:?}"
    );
    assert_eq!(servers_on(directory.path()), Vec::<i32>::new());
}

#[tokio::test]
async fn a_server_that_cannot_run_is_quoted() {
    let directory = tempfile::tempdir().unwrap();
    // The store's place is taken by a file.
    fs::write(directory.path().join("jetstream"), "").unwrap();
    let error = within("a refusal", NatsServer::start(options(directory.path()))).await;
    let Err(StartError::NotReady(NotReady::Left { tail, .. })) = error else {
        panic!("{error:?}");
    };
    assert!(tail.contains("[FTL]"), "{tail}");
}

async fn find(script: &str) -> Result<Binary, BinaryError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nats-server");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Binary::find(Some(&path)).await
}

#[tokio::test]
async fn an_executable_is_refused_if_too_old_or_no_nats_server() {
    let error = find("echo nats-server: v2.9.10")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("found nats-server 2.9.10 at /"),
        "{error}"
    );
    assert!(error.contains("need 2.12.5 or newer: "), "{error}");
    let error = find("echo nats-server: v2.12.5-RC.1").await.unwrap_err();
    assert!(matches!(error, BinaryError::TooOld { .. }), "{error}");
    let error = find("echo hello").await.unwrap_err();
    assert!(
        matches!(error, BinaryError::NotNatsServer { .. }),
        "{error}"
    );
    let error = Binary::find(Some(Path::new("/nowhere"))).await.unwrap_err();
    assert!(matches!(error, BinaryError::Unusable { .. }), "{error}");
    let found = find("echo nats-server: v2.12.10").await.unwrap();
    assert_eq!(found.version.to_string(), "2.12.10");
}
