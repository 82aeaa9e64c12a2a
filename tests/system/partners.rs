//! Councils and partners come and go while everything runs, and a partner reaches what is its own
//! and nothing else.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions};
use futures::StreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::time::timeout;
use townclerk::nats_server::Binary;
use townclerk::system::{Logs, Prepared, UpOptions};
use townclerk_app::access::Role;
use townclerk_tests::executable::run;
use townclerk_tests::town::{Caller, PATIENCE, Town, eventually, folder, incident};

/// Runs a command on a data directory.
async fn command(arguments: &[&str], dir: &Path) -> Output {
    let line = [arguments, &["--data", dir.to_str().unwrap()]].concat();
    let line: Vec<String> = line.into_iter().map(str::to_owned).collect();
    tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        run(&words)
    })
    .await
    .unwrap()
}

/// What a command that must succeed printed as JSON.
async fn report(arguments: &[&str], dir: &Path) -> Value {
    let output = command(&[arguments, &["--json"]].concat(), dir).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn connect(partner: &Value) -> Result<Client, async_nats::ConnectError> {
    let seed = std::fs::read_to_string(partner["credential"].as_str().unwrap()).unwrap();
    let options = ConnectOptions::with_nkey(seed.trim().to_owned());
    options
        .request_timeout(Some(Duration::from_secs(30)))
        .connect(partner["nats_url"].as_str().unwrap())
        .await
}

/// The next message of a durable: its subject and the CloudEvent. It arrives under its own
/// subject, so it is no answer to a request.
async fn next(client: &Client, durable: &str) -> (String, Value) {
    let inbox = client.new_inbox();
    let mut messages = client.subscribe(inbox.clone()).await.unwrap();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.EVENTS.{durable}");
    let request = json!({"batch": 1, "expires": 20_000_000_000u64}).to_string();
    let asked = client.publish_with_reply(subject, inbox, request.into());
    asked.await.unwrap();
    let message = timeout(PATIENCE, messages.next()).await.unwrap().unwrap();
    assert_eq!(message.status, None, "{message:?}");
    let event = serde_json::from_slice(&message.payload).unwrap();
    let place = message.reply.unwrap();
    client.request(place, "+ACK".into()).await.unwrap();
    (message.subject.to_string(), event)
}

async fn log_ticket(town: &Town, log: &str, key: &str) -> Value {
    let desk = town.as_role(Role::ServiceDesk);
    let path = format!("/v1/logs/{log}/tickets");
    let (status, answer) = desk.command(&path, key, &incident("p3", "email")).await;
    assert!(status < 300, "{answer}");
    answer
}

async fn status_of(caller: &Caller, path: &str) -> u16 {
    caller.get(path).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_let_in_and_put_out_while_the_town_runs() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    log_ticket(&town, "brent", "k1").await;
    log_ticket(&town, "lewisham", "k1").await;
    let add = ["partner", "add", "hornbill", "--council", "brent"];
    let partner = report(&add, dir.path()).await;
    assert_eq!(partner["works"], true, "{partner}");
    let client = connect(&partner).await.unwrap();
    let (subject, event) = next(&client, "brent-hornbill").await;
    assert!(subject.starts_with("tc.brent.ticket.ticket-"), "{subject}");
    assert_eq!(event["type"], "org.townclerk.ticket.logged.v1", "{event}");
    // With its token it reads its own council and no other.
    let http = Caller::new(&town.system.url(), partner["token"].as_str().unwrap());
    eventually("its token is known", || async {
        (status_of(&http, "/v1/views/brent").await == 200).then_some(())
    })
    .await;
    assert_eq!(status_of(&http, "/v1/views/lewisham").await, 403);
    assert_eq!(status_of(&http, "/v1/views/joint").await, 403);
    let listed = report(&["partner", "list"], dir.path()).await;
    assert_eq!(listed[0]["durable"], "brent-hornbill", "{listed}");
    assert_eq!(
        (&listed[0]["acknowledged"], &listed[0]["lag"]),
        (&json!(1), &json!(0))
    );
    let again = report(&add, dir.path()).await;
    assert_eq!(again["token"], Value::Null, "it has one token");
    assert_eq!(status_of(&http, "/v1/views/brent").await, 200);
    let remove = ["partner", "remove", "hornbill", "--council", "brent"];
    let credential = PathBuf::from(partner["credential"].as_str().unwrap());
    let seed = std::fs::read_to_string(&credential).unwrap();
    let removed = report(&remove, dir.path()).await;
    assert_eq!(removed["removed"], true);
    assert!(!credential.exists());
    let again = ConnectOptions::with_nkey(seed.trim().to_owned());
    let again = again.connect(partner["nats_url"].as_str().unwrap()).await;
    assert!(again.is_err(), "its credential is worth nothing");
    eventually("its token is worth nothing", || async {
        (status_of(&http, "/v1/views/brent").await == 401).then_some(())
    })
    .await;
    let again = command(&remove, dir.path()).await;
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(3), "{said}");
    assert!(said.contains("is not there"), "{said}");
    assert_eq!(report(&["partner", "list"], dir.path()).await, json!([]));
    town.stop().await;
}

/// Facts of Brent's GLPI, each of a ticket of its own.
fn facts(references: std::ops::Range<u32>) -> Value {
    let fact = |n: u32| {
        json!({
            "specversion": "1.0", "id": format!("IN-{n}-logged"), "source": "/councils/brent/glpi",
            "type": "org.townclerk.ticket.logged.v1", "subject": format!("ticket/IN-{n}"),
            "time": "2026-01-05T09:15:00Z", "data": incident("p3", "email"),
        })
    };
    references.map(fact).collect()
}

/// Waits for midnight where it is near: a quota of a day begins again then.
async fn away_from_midnight() {
    let midnight = Timestamp::now().to_zoned(TimeZone::UTC).tomorrow();
    let midnight = midnight.unwrap().start_of_day().unwrap().timestamp();
    let left: Duration = Timestamp::now()
        .duration_until(midnight)
        .try_into()
        .unwrap();
    if left < Duration::from_secs(300) {
        tokio::time::sleep(left).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_shown_and_changed_while_the_town_runs_and_a_start_gives_nothing_back() {
    away_from_midnight().await;
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let add = ["partner", "add", "glpi", "--council", "brent"];
    let quota = |per_day: &'static str| [&add[..], &["--per-day", per_day]].concat();
    let added = report(&quota("2"), dir.path()).await;
    let expected = json!({"per_minute": 6_000, "per_day": 2});
    assert_eq!(added["quota"], expected, "{added}");
    let listed = report(&["partner", "list"], dir.path()).await;
    assert_eq!(listed[0]["quota"], expected, "{listed}");
    let token = added["token"].as_str().unwrap();
    let path = "/v1/councils/brent/facts";
    let glpi = Caller::new(&town.system.url(), token);
    // Token and quota come into force together.
    let answer = eventually("its token is known", || async {
        let (status, answer) = glpi.command(path, "facts", &facts(0..3)).await;
        (status == 200).then_some(answer)
    })
    .await;
    assert_eq!(answer["counts"]["recorded"], 2, "{answer}");
    let beyond = answer["answers"].as_array().unwrap().iter();
    let beyond: Vec<&Value> = beyond.filter_map(|one| one.get("problem")).collect();
    assert_eq!(beyond[0]["type"], "urn:townclerk:problem:over-quota");
    assert!(beyond[0]["retry_after"].as_u64() > Some(0), "{answer}");
    report(&quota("3"), dir.path()).await;
    eventually("the other quota is in force", || async {
        let (_, answer) = glpi.command(path, "facts", &facts(0..3)).await;
        (answer["counts"]["already-recorded"] == 3).then_some(())
    })
    .await;
    let tokens = town.stop().await;
    let town = Town::again(dir.path(), tokens).await;
    let glpi = Caller::new(&town.system.url(), token);
    let (_, answer) = glpi.command(path, "facts", &facts(0..4)).await;
    assert_eq!(answer["counts"]["already-recorded"], 3, "{answer}");
    assert_eq!(answer["counts"]["try-again"], 1, "{answer}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_council_joins_while_the_town_runs_and_is_counted() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let before = log_ticket(&town, "brent", "k1").await;
    let day = ["council", "add", "camden", "--joined", "2026-04-01"];
    let unnamed = command(&day, dir.path()).await;
    assert_eq!(unnamed.status.code(), Some(2), "no name is guessed");
    let add = [&day[..], &["--name", "Camden"]].concat();
    let added = report(&add, dir.path()).await;
    assert_eq!(added["membership"], "recorded", "{added}");
    assert_eq!(added["position"], "shared:1");
    let again = report(&["council", "add", "camden"], dir.path()).await;
    assert_eq!(again["membership"], "already-recorded", "{again}");
    assert_eq!(again["position"], "shared:1");
    let other = [
        "council",
        "add",
        "camden",
        "--joined",
        "2026-05-01",
        "--json",
    ];
    let other = command(&other, dir.path()).await;
    assert_eq!(other.status.code(), Some(3), "another day is not recorded");
    let other: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(other["membership"], "recorded-otherwise", "{other}");
    assert_eq!(other["from"], "2026-04-01");
    // The commands of the same process know the new log once it is composed again.
    let desk = town.as_role(Role::ServiceDesk);
    let ticket = eventually("the log takes tickets", || async {
        let path = "/v1/logs/camden/tickets";
        let (status, answer) = desk.command(path, "k1", &incident("p3", "email")).await;
        (status == 201).then_some(answer)
    })
    .await;
    assert_eq!(ticket["sequence"], 1, "{ticket}");
    let operator = town.as_role(Role::Operator);
    for view in ["camden", "joint"] {
        let query = "measure=tickets_logged&period=2026-11&min_position=camden:1";
        let (status, _) = operator
            .get(&format!("/v1/views/{view}/figures?{query}"))
            .await;
        assert_eq!(status, 200, "{view}");
    }
    let (_, joint) = operator.get("/v1/views/joint").await;
    assert_eq!(joint["logs"]["camden"]["position"], 1, "{joint}");
    assert_eq!(joint["logs"]["shared"]["position"], 1, "{joint}");
    assert_eq!(joint["logs"]["brent"]["position"], before["sequence"]);
    let report = operator.replay("joint", "verify").await;
    assert_eq!(report["ok"], true, "{report}");
    let tokens = town.stop().await;
    // The next start reads the file: naming others is refused, naming none is not.
    let options = UpOptions::on_free_ports(dir.path(), &["brent"]).unwrap();
    let refused = Prepared::start(options).await.map(|_| ()).unwrap_err();
    let text = format!("{refused:#}");
    assert!(
        text.contains("camden") && text.contains("council add"),
        "{text}"
    );
    let mut options = UpOptions::on_free_ports(dir.path(), &[]).unwrap();
    options.councils = None;
    let system = Prepared::start(options)
        .await
        .unwrap()
        .serve()
        .await
        .unwrap();
    let operator = Caller::new(&system.url(), &tokens[&Role::Operator]);
    // Views are made while everything else answers already.
    eventually("the view is made", || async {
        (status_of(&operator, "/v1/views/camden").await == 200).then_some(())
    })
    .await;
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_council_that_joins_waits_for_a_rebuild_and_nothing_is_stopped_meanwhile() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let operator = town.as_role(Role::Operator);
    // A rebuild holds its view like this.
    let views = town.system.views();
    let joint = views.iter().find(|view| view.scope().as_str() == "joint");
    let held = Arc::clone(joint.unwrap());
    drop(views);
    let add = ["council", "add", "camden", "--without-membership"];
    report(&add, dir.path()).await;
    eventually("the change is seen and put off", || async {
        assert_eq!(status_of(&operator, "/v1/views/joint").await, 200);
        let why = town.system.not_taken_up();
        why.filter(|why| why.contains("under way"))
    })
    .await;
    assert_eq!(status_of(&operator, "/v1/views/joint").await, 200);
    assert_eq!(status_of(&operator, "/v1/views/camden").await, 404);
    drop(held);
    eventually("the council is taken up", || async {
        (status_of(&operator, "/v1/views/camden").await == 200).then_some(())
    })
    .await;
    eventually("nothing is put off any more", || async {
        town.system.not_taken_up().is_none().then_some(())
    })
    .await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_file_leaves_the_state_before_in_force() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let operator = town.as_role(Role::Operator);
    let tokens = dir.path().join("tokens.json");
    let good = std::fs::read_to_string(&tokens).unwrap();
    std::fs::write(&tokens, "[{").unwrap();
    std::fs::write(dir.path().join("town.json"), "{}").unwrap();
    eventually("the mistake is seen", || async {
        town.system.not_taken_up()
    })
    .await;
    let mut entries: Vec<Value> = serde_json::from_str(&good).unwrap();
    assert_eq!(status_of(&operator, "/v1/views/brent").await, 200);
    let councils = json!({"councils": ["brent", "lewisham", "southwark"]});
    std::fs::write(dir.path().join("town.json"), councils.to_string()).unwrap();
    entries.retain(|entry| entry["subject"] != "local-committee");
    std::fs::write(&tokens, Value::from(entries).to_string()).unwrap();
    let committee = town.as_role(Role::Committee);
    eventually("a token is taken away by hand", || async {
        (status_of(&committee, "/v1/views/joint").await == 401).then_some(())
    })
    .await;
    assert_eq!(status_of(&operator, "/v1/views/brent").await, 200);
    eventually("the files are in force again", || async {
        town.system.not_taken_up().is_none().then_some(())
    })
    .await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_take_part_is_refused_and_nothing_is_changed() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let file = dir.path().join("town.json");
    let before = std::fs::read(&file).unwrap();
    for (arguments, reason) in [
        (vec!["council", "add", "joint"], "another meaning"),
        (vec!["council", "add", "partner-x"], "another meaning"),
        (
            vec!["partner", "add", "hornbill", "--council", "camden"],
            "council add camden",
        ),
    ] {
        let output = command(&arguments, dir.path()).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_holds_no_townclerk_is_refused_and_no_second_one_is_made() {
    let dir = folder();
    let missing = dir.path().join("mistyped");
    for arguments in [
        vec!["council", "add", "camden"],
        vec!["council", "list"],
        vec!["partner", "add", "hornbill", "--council", "brent"],
        vec!["partner", "remove", "hornbill", "--council", "brent"],
        vec!["partner", "list"],
        vec![
            "token",
            "add",
            "mary",
            "--role",
            "officer",
            "--councils",
            "all",
        ],
        vec!["token", "list"],
        vec!["token", "revoke", "mary"],
        vec!["history", "export", "--out", "backup"],
    ] {
        for data in [missing.as_path(), dir.path()] {
            let output = command(&arguments, data).await;
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(said.contains("holds no Townclerk"), "{arguments:?}: {said}");
        }
        assert!(!missing.exists(), "{arguments:?}");
        let inside = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(inside, 0, "{arguments:?} left something behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn councils_and_tools_can_be_let_in_before_anything_runs() {
    let dir = folder();
    let added = report(
        &["council", "add", "brent", "--without-membership", "--new"],
        dir.path(),
    )
    .await;
    assert_eq!(added["membership"], "not-recorded", "{added}");
    let add = ["partner", "add", "hornbill", "--council", "brent"];
    let partner = report(&add, dir.path()).await;
    assert_eq!(partner["works"], true, "{partner}");
    let mut options = UpOptions::on_free_ports(dir.path(), &[]).unwrap();
    options.councils = None;
    let system = Prepared::start(options)
        .await
        .unwrap()
        .serve()
        .await
        .unwrap();
    let http = Caller::new(&system.url(), partner["token"].as_str().unwrap());
    assert_eq!(status_of(&http, "/v1/views/brent").await, 200);
    system.stop().await.unwrap();
}

/// A nats-server that somebody else runs, with the accounts that it includes.
struct Elsewhere {
    child: Child,
    url: String,
}

impl Elsewhere {
    /// What is included is named from the configuration's folder.
    async fn start(dir: &Path, accounts: &str) -> Self {
        let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let first = 15_000 + u16::try_from(std::process::id() % 10_000).unwrap();
        let port = (first..32_000).find(free).unwrap();
        let store = dir.join("store");
        let config = dir.join("elsewhere.conf");
        let text = format!(
            "host: 127.0.0.1\nport: {port}\nmax_payload: 1MB\n\
             jetstream {{ store_dir: {store:?}, sync_interval: always }}\n\
             accounts {{\n  include {accounts:?}\n}}\n"
        );
        std::fs::write(&config, text).unwrap();
        let binary = Binary::find(None).await.unwrap();
        let child = Command::new(binary.path)
            .args(["--config", config.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("nats://127.0.0.1:{port}");
        let listens = || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        };
        eventually("the server listens", listens).await;
        Self { child, url }
    }

    fn reload(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It may have ended by itself: nothing hangs on the answer.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// A folder whose nats-server is somebody else's.
struct Apart {
    data: PathBuf,
    credentials: PathBuf,
}

impl Apart {
    async fn run(&self, url: &str, arguments: &[&str]) -> Output {
        let credentials = self.credentials.to_str().unwrap();
        let reach = ["--nats-url", url, "--credentials", credentials];
        command(&[arguments, &reach].concat(), &self.data).await
    }

    fn options(&self, url: &str) -> UpOptions {
        UpOptions {
            councils: None,
            elsewhere: Some(Logs {
                url: url.to_owned(),
                credentials: self.credentials.clone(),
                server_name: None,
                ends: Arc::default(),
                writes: Arc::default(),
            }),
            ..UpOptions::on_free_ports(&self.data, &[]).unwrap()
        }
    }
}

const NOBODY_LISTENS: &str = "nats://127.0.0.1:9";

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_of_somebody_else_the_accounts_are_written_down_and_the_command_repeated() {
    let dir = folder();
    let apart = Apart {
        data: dir.path().join("data"),
        credentials: dir.path().join("credentials"),
    };
    let add = ["council", "add", "brent", "--joined", "2026-04-01"];
    let add = [&add[..], &["--name", "Brent", "--new"]].concat();
    let output = apart.run(NOBODY_LISTENS, &add).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("nats-accounts.conf") && said.contains("reload"),
        "{said}"
    );
    let server = Elsewhere::start(dir.path(), "data/nats-accounts.conf").await;
    let output = apart.run(&server.url, &add).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let prepared = Prepared::start(apart.options(&server.url)).await.unwrap();
    let mut issued = prepared.issued.iter();
    let desk = issued.find(|issued| issued.role == Role::ServiceDesk);
    let desk = desk.unwrap().token.clone();
    let system = prepared.serve().await.unwrap();
    let desk = Caller::new(&system.url(), &desk);
    let ticket = incident("p3", "email");
    let (status, _) = desk.command("/v1/logs/brent/tickets", "k1", &ticket).await;
    assert_eq!(status, 201);
    let partner = let_in_by_reloading(&apart, &server).await;
    let client = connect(&partner).await.unwrap();
    let (subject, _) = next(&client, "brent-hornbill").await;
    assert!(subject.starts_with("tc.brent.ticket."), "{subject}");
    system.stop().await.unwrap();
}

/// Repeats the command, and has the server reloaded each time, until the tool is in.
async fn let_in_by_reloading(apart: &Apart, server: &Elsewhere) -> Value {
    let add = ["partner", "add", "hornbill", "--council", "brent", "--json"];
    let output = apart.run(&server.url, &add).await;
    assert_eq!(output.status.code(), Some(1), "not before a reload");
    let first: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(first["works"], false, "{first}");
    assert!(first["token"].is_string(), "it is shown all the same");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        server.reload();
        let output = apart.run(&server.url, &add).await;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        if report["works"] == true {
            return report;
        }
        assert!(tokio::time::Instant::now() < deadline, "{report}");
    }
}
