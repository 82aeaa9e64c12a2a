//! What happens after the files of nats-server are damaged.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use townclerk::system::{Opened, Reach};
use townclerk_app::access::Role;
use townclerk_event_log::jetstream::Role as NatsRole;
use townclerk_tests::executable::run;
use townclerk_tests::town::{Caller, Town, eventually, folder, incident};

const TICKETS: &str = "/v1/logs/brent/tickets";

/// The folder in which nats-server keeps the messages of Brent's log.
fn messages(data: &Path) -> PathBuf {
    let accounts = std::fs::read_dir(data.join("jetstream")).unwrap().flatten();
    let mut folders = accounts.map(|account| account.path());
    let brent = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        name.contains("brent")
    };
    let folder = folders.find(brent).unwrap().join("streams/EVENTS/msgs");
    assert!(folder.join("1.blk").is_file(), "{folder:?}");
    folder
}

/// Cuts off the end of the only block, in the middle of a message. The index says otherwise, so it
/// is gone too: as after a disk that lost what it had said was written.
fn cut(messages: &Path) {
    let block = messages.join("1.blk");
    let file = OpenOptions::new().write(true).open(&block).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * 3 / 5).unwrap();
    std::fs::remove_file(messages.join("index.db")).ok();
}

/// Changes a byte of the third message, and nothing that nats-server looks at when it starts.
fn spoil(messages: &Path) {
    let path = messages.join("1.blk");
    let mut block = std::fs::read(&path).unwrap();
    let subject = b"tc.brent.ticket.";
    let mut starts = block
        .windows(subject.len())
        .enumerate()
        .filter(|(_, window)| window == subject)
        .map(|(at, _)| at);
    let third = starts.nth(2).unwrap();
    let data = b"incident";
    let within = block[third..].windows(data.len());
    let at = third + within.enumerate().find(|(_, w)| w == data).unwrap().0;
    block[at] = b'I';
    std::fs::write(&path, block).unwrap();
}

async fn log_tickets(desk: &Caller, count: usize) {
    for number in 0..count {
        let (status, answer) = desk
            .command(TICKETS, &format!("k{number}"), &incident("p3", "email"))
            .await;
        assert_eq!(status, 201, "{answer}");
    }
}

async fn until_read(town: &Town, position: u64) {
    let operator = town.as_role(Role::Operator);
    eventually("the view has caught up", || async {
        let (_, status) = operator.get("/v1/views/brent").await;
        (status["logs"]["brent"]["position"] == position).then_some(())
    })
    .await;
}

/// What each way to write to Brent's log answers.
async fn refusals(town: &Town, round: &str) -> Vec<Value> {
    let desk = town.as_role(Role::ServiceDesk);
    let (status, command) = desk.command(TICKETS, round, &incident("p3", "email")).await;
    assert_eq!(status, 503, "{command}");
    let fact = json!({
        "specversion": "1.0", "id": round, "source": "/councils/brent/local-partner",
        "type": "org.townclerk.ticket.logged.v1", "subject": "ticket/IN-1",
        "time": "2021-03-01T09:00:00Z", "data": incident("p3", "email"),
    });
    let tool = town.as_role(Role::Partner);
    let (status, fact) = tool.command("/v1/councils/brent/facts", round, &fact).await;
    assert_eq!(status, 503, "{fact}");
    vec![command, fact]
}

fn outcome(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_end_takes_nothing_until_an_operator_decides() {
    let dir = folder();
    let data = dir.path().to_str().unwrap().to_owned();
    let town = Town::first_start(dir.path()).await;
    log_tickets(&town.as_role(Role::ServiceDesk), 10).await;
    until_read(&town, 10).await;
    let tokens = town.stop().await;
    cut(&messages(dir.path()));
    let town = Town::again_unready(dir.path(), tokens).await;
    let mut found = 0;
    for refused in refusals(&town, "first").await {
        assert_eq!(
            refused["type"], "urn:townclerk:problem:log-shortened",
            "{refused}"
        );
        assert_eq!(
            (&refused["log"], &refused["seen"]),
            (&json!("brent"), &json!("brent:10"))
        );
        let ends_at = refused["found"].as_str().unwrap();
        found = ends_at.strip_prefix("brent:").unwrap().parse().unwrap();
        assert!((1..10).contains(&found), "{refused}");
    }
    let operator = town.as_role(Role::Operator);
    let (status, ready) = operator.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        ready["detail"]
            .as_str()
            .unwrap()
            .contains("it has lost its end"),
        "{ready}"
    );
    // Nobody else is held up.
    let desk = town.as_role(Role::ServiceDesk);
    let (status, _) = desk
        .command("/v1/logs/lewisham/tickets", "l", &incident("p3", "email"))
        .await;
    assert_eq!(status, 201);
    let verify = operator.replay("brent", "verify").await;
    assert_eq!(verify["ok"], false, "{verify}");
    let tokens = town.stop().await;

    let (wrong, right) = ((found + 1).to_string(), found.to_string());
    let accept = [
        "log",
        "accept-shortened",
        "brent",
        "--data",
        &data,
        "--ends-at",
    ];
    let (code, said) = outcome(&[&accept[..], &[&wrong]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    let (code, said) = outcome(&[&accept[..], &[&right]].concat());
    assert_eq!(code, Some(0), "{said}");
    let audit = std::fs::read_to_string(dir.path().join("audit.ndjson")).unwrap();
    assert!(
        audit.contains(&format!("log accept-shortened brent --ends-at {found}")),
        "{audit}"
    );
    let town = Town::again(dir.path(), tokens).await;
    let desk = town.as_role(Role::ServiceDesk);
    let (status, answer) = desk.command(TICKETS, "new", &incident("p3", "email")).await;
    assert_eq!(
        (status, answer["sequence"].as_u64()),
        (201, Some(found + 1)),
        "{answer}"
    );
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_spoilt_in_the_middle_is_found_without_anybody_asking() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    log_tickets(&town.as_role(Role::ServiceDesk), 10).await;
    until_read(&town, 10).await;
    let tokens = town.stop().await;
    // The reading of this day is over: the next is due at once.
    let ends = dir.path().join("ends.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&ends).unwrap()).unwrap();
    kept["brent"]
        .as_object_mut()
        .unwrap()
        .remove("read_through");
    std::fs::write(&ends, kept.to_string()).unwrap();
    spoil(&messages(dir.path()));
    let town = Town::again_unready(dir.path(), tokens).await;
    let operator = town.as_role(Role::Operator);
    let said = eventually("the hole is told", || async {
        let (status, ready) = operator.get("/readyz").await;
        let detail = ready["detail"].as_str().unwrap_or_default().to_owned();
        (status == 503 && detail.contains("brent") && detail.contains("message 3"))
            .then_some(detail)
    })
    .await;
    assert!(said.contains("is missing"), "{said}");
    let verify = operator.replay("brent", "verify").await;
    assert_eq!(verify["ok"], false, "{verify}");
    let said = verify["differences"][0].as_str().unwrap();
    assert!(
        said.contains("the log brent") && said.contains('3'),
        "{said}"
    );
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_loses_its_end_under_running_commands_is_not_written_to() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    log_tickets(&desk, 10).await;
    until_read(&town, 10).await;
    let pid = town.system.nats().unwrap().pid().unwrap();
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    // These are on their way, or wait in this process, when the server goes.
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let key = format!("waiting-{number}");
                desk.command(TICKETS, &key, &incident("p3", "email")).await
            })
        })
        .collect();
    cut(&messages(dir.path()));
    kill_process(pid, Signal::KILL).unwrap();
    for waited in waiting {
        let (status, answer) = waited.await.unwrap();
        assert_eq!(status, 503, "{answer}");
    }
    let refused = eventually("the log is closed for writing", || async {
        let (_, answer) = desk
            .command(TICKETS, "later", &incident("p3", "email"))
            .await;
        (answer["type"] == "urn:townclerk:problem:log-shortened").then_some(answer)
    })
    .await;
    // What it held was not added to, whatever the commands that waited came to.
    let opened = Opened::on(&Reach::data(dir.path())).await.unwrap();
    let brent = ["brent".parse().unwrap()];
    let reader = opened
        .logs
        .open(&brent, NatsRole::Reader)
        .await
        .unwrap()
        .remove(0);
    let head = reader.head().await.unwrap().sequence;
    assert_eq!(refused["found"], format!("brent:{head}"), "{refused}");
    assert!(head < 10);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_nothing_was_recorded_is_true() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    let mut starts = Vec::new();
    for number in 0..10 {
        let key = format!("k{number}");
        let (_, made) = desk.command(TICKETS, &key, &incident("p3", "email")).await;
        starts.push(format!("{TICKETS}/{}/start", made["id"].as_str().unwrap()));
    }
    let pid = town.system.nats().unwrap().pid().unwrap();
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    // Sent, not answered, and sent again with the same key while the server is still away.
    let asked: Vec<_> = starts
        .iter()
        .map(|path| {
            let (desk, path) = (desk.clone(), path.clone());
            tokio::spawn(async move {
                desk.command(&path, "start", &json!({})).await;
                desk.command(&path, "start", &json!({})).await
            })
        })
        .collect();
    for asked in asked {
        let (status, answer) = asked.await.unwrap();
        assert_eq!(status, 503, "{answer}");
        assert_eq!(
            answer["type"], "urn:townclerk:problem:outcome-unknown",
            "{answer}"
        );
    }
    kill_process(pid, Signal::CONT).unwrap();
    for path in &starts {
        let answer = eventually("the command is answered", || async {
            let (status, answer) = desk.command(path, "start", &json!({})).await;
            (status < 300).then_some(answer)
        })
        .await;
        assert!(
            (11..=20).contains(&answer["sequence"].as_u64().unwrap()),
            "{answer}"
        );
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_folder_cannot_be_written_stops_alone_and_goes_on_when_it_can() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    log_tickets(&town.as_role(Role::ServiceDesk), 3).await;
    until_read(&town, 3).await;
    let tokens = town.stop().await;
    // Nobody can make a folder where a file is, whatever the rights.
    let views = dir.path().join("views/brent");
    std::fs::remove_dir_all(&views).unwrap();
    std::fs::write(&views, "not a folder").unwrap();
    let town = Town::again_unready(dir.path(), tokens).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let (status, recorded) = desk.command(TICKETS, "k3", &incident("p3", "email")).await;
    assert_eq!(
        (status, &recorded["sequence"]),
        (201, &json!(4)),
        "{recorded}"
    );
    eventually("the joint view reads on", || async {
        let (_, status) = operator.get("/v1/views/joint").await;
        (status["logs"]["brent"]["position"] == 4).then_some(())
    })
    .await;
    let (status, ready) = operator.get("/readyz").await;
    assert_eq!(status, 503);
    let reasons = ready["reasons"].to_string();
    assert!(
        reasons.contains("view brent: its rows wait to be made"),
        "{reasons}"
    );
    assert!(!reasons.contains(dir.path().to_str().unwrap()), "{reasons}");
    let (status, answer) = operator.get("/v1/views/brent/figures").await;
    assert_eq!(
        (status, &answer["type"]),
        (503, &json!("urn:townclerk:problem:not-ready")),
        "{answer}"
    );
    std::fs::remove_file(&views).unwrap();
    eventually("everything is ready", || async {
        town.system.views().unready().is_empty().then_some(())
    })
    .await;
    until_read(&town, 4).await;
    let verified = operator.replay("brent", "verify").await;
    assert_eq!(verified["ok"], true, "{verified}");
    town.stop().await;
}
