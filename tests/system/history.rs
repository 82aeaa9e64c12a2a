//! A history goes out of one town and comes into another: the same positions, chains, rows and
//! figures. An import may be killed at any moment.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use townclerk::history::{self, Manifest, SIGNATURE};
use townclerk::nats_server::{NatsServer, Options};
use townclerk::system::{Opened, Reach};
use townclerk_app::access::Role;
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::Role as NatsRole;
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{EventLog, Verbatim};
use townclerk_tests::executable::{executable, nats_servers_on, run};
use townclerk_tests::lives::{SORTS, life};
use townclerk_tests::town::{LOGS, Town, eventually, folder, incident};
use uuid::Uuid;

/// Lives of each sort, in each log.
const LIVES: usize = SORTS * 12;

const VIEWS: [&str; 4] = ["brent", "lewisham", "southwark", "joint"];

/// Every figure of one moment: with these two, no clock takes part.
const FIGURES: &str =
    "figures?everything=true&as_at=2026-06-01T00:00:00Z&known_at=2200-01-01T00:00:00Z";

/// Messages of the history whose import is killed, and where at the earliest.
const LONG: u64 = 30_000;
const KILLS: [u64; 2] = [2_000, 9_000];

/// Where, at the earliest, nats-server itself is killed during the last import.
const SERVER_KILL: u64 = 16_000;

/// Messages that an import sends at once.
const BATCH: u64 = 1_000;

fn townclerk(arguments: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut all = arguments.to_vec();
    for (option, path) in paths {
        if !option.is_empty() {
            all.push(option);
        }
        all.push(path.to_str().unwrap());
    }
    run(&all)
}

/// Imports an export, asked for by who signed it.
fn import(out: &Path, data: &Path, more: &[&str]) -> Output {
    let read = Manifest::read(out).unwrap().unwrap();
    let key = read.signed.key().map(ToString::to_string);
    let whose = match &key {
        Some(key) => vec!["--key", key.as_str()],
        None => vec!["--unsigned"],
    };
    let arguments = [&["history", "import", "--json"], &whose[..], more].concat();
    townclerk(&arguments, &[("", out), ("--data", data)])
}

/// What a command that went well said.
fn said(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .join("\n")
}

/// Some hundred events of every kind, and two messages that are none of ours.
async fn live(dir: &Path, town: &Town) {
    for number in 0..LIVES {
        let life = life(number, &format!("life-{number}"));
        let caller = town.as_role(life.role);
        let mut made = String::new();
        for (step, (path, body)) in life.commands.into_iter().enumerate() {
            let path = format!("/v1/logs/{}/{}", life.log, path.replace("{id}", &made));
            let key = format!("{number}-{step}");
            let (status, answer) = caller.command(&path, &key, &body).await;
            assert!(matches!(status, 200 | 201), "{path}: {answer}");
            if step == 0 {
                made = answer["id"].as_str().unwrap_or_default().to_owned();
            }
        }
    }
    let opened = Opened::on(&Reach::data(dir)).await.unwrap();
    let brent = [LogName::new("brent").unwrap()];
    let writers = opened.logs.open(&brent, NatsRole::Writer).await.unwrap();
    let end = writers[0].head().await.unwrap().sequence;
    let unreadable = Verbatim {
        subject: format!("tc.brent.ticket.ticket-{}", Uuid::from_u128(7)),
        id: None,
        payload: Bytes::from_static(b"\xff not an event \x00"),
    };
    let foreign = Verbatim {
        subject: "tc.brent.anything".to_owned(),
        id: Some("somebody's own".to_owned()),
        payload: Bytes::from_static(b" {\"not\": \"ours\"} "),
    };
    let strangers = [unreadable, foreign];
    writers[0].append_after(end, &strangers).await.unwrap();
    opened.close().await.unwrap();
}

/// Everything that a view says of its record, when it has read the logs up to `heads`.
async fn view(town: &Town, name: &str, manifest: &Manifest) -> Value {
    let operator = town.as_role(Role::Operator);
    let status = eventually("the view has read what was imported", || async {
        let (_, status) = operator.get(&format!("/v1/views/{name}")).await;
        let read = manifest.logs.iter().all(|entry| {
            let log = &status["logs"][entry.log.as_str()];
            log.is_null() || log["position"] == entry.messages
        });
        read.then_some(status)
    })
    .await;
    // A view that reads a log has the chain that the export names.
    for entry in &manifest.logs {
        let log = &status["logs"][entry.log.as_str()];
        assert!(
            log.is_null() || log["chain"] == entry.head.as_str(),
            "{name}: {log}"
        );
    }
    let verified = operator.replay(name, "verify").await;
    // The foreign message alone is what verification finds.
    assert_eq!(verified["digest"], verified["rebuilt_digest"], "{verified}");
    let (code, figures) = operator.get(&format!("/v1/views/{name}/{FIGURES}")).await;
    assert_eq!(code, 200, "{figures}");
    assert!(
        !figures["figures"].as_array().unwrap().is_empty(),
        "{figures}"
    );
    json!({
        "positions": verified["positions"],
        "digest": verified["digest"],
        "events": verified["events"],
        "foreign": verified["foreign"],
        "held": verified["held"],
        "differences": verified["differences"],
        "figures": without_looks(figures),
    })
}

/// Figures without the times at which logs were looked at, which are no part of the record.
fn without_looks(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("reached");
            for field in fields.values_mut() {
                *field = without_looks(field.take());
            }
        }
        Value::Array(elements) => {
            for element in elements {
                *element = without_looks(element.take());
            }
        }
        _ => {}
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_that_was_exported_and_imported_says_the_same() {
    let (first, second, out) = (folder(), folder(), folder());
    // Given a town with a record.
    let town = Town::first_start(first.path()).await;
    live(first.path(), &town).await;
    // When all of it is exported while it runs,
    let paths = [("--out", out.path()), ("--data", first.path())];
    let exported = said(&townclerk(&["history", "export", "--json"], &paths));
    let manifest: Manifest = serde_json::from_value(exported).unwrap();
    let counted: u64 = manifest.logs.iter().map(|entry| entry.messages).sum();
    assert_eq!(manifest.logs.len(), LOGS.len());
    assert!(
        counted > 250,
        "only {counted} events: too few to show anything"
    );
    let mut before = Vec::new();
    for name in VIEWS {
        before.push(view(&town, name, &manifest).await);
    }
    for strange in ["foreign", "held"] {
        let messages = before[0][strange]["brent"].as_array();
        assert_eq!(messages.map(Vec::len), Some(1), "{strange}: {messages:?}");
    }
    town.stop().await;
    // and imported into an empty one while that runs,
    let town = Town::first_start(second.path()).await;
    let signer = whose_exports_are_taken(first.path(), second.path(), out.path());
    let imported = said(&import(out.path(), second.path(), &[]));
    assert_eq!(imported["signed_by"], signer.as_str(), "{imported}");
    for (log, entry) in imported["logs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&manifest.logs)
    {
        assert_eq!(log["outcome"], "imported", "{log}");
        assert_eq!(log["imported"], entry.messages, "{log}");
        assert_eq!(log["head"], entry.head.as_str(), "{log}");
    }
    // then positions, chains, rows and figures are the same in every view,
    for (name, before) in VIEWS.into_iter().zip(before) {
        let after = view(&town, name, &manifest).await;
        assert_eq!(before["foreign"], after["foreign"]);
        assert_eq!(before["positions"], after["positions"]);
        assert_eq!(before["digest"], after["digest"], "{name}");
        assert!(before == after, "the figures of {name} differ");
    }
    // the same import again finds everything there,
    let again = said(&import(out.path(), second.path(), &[]));
    assert_eq!(again["logs"][0]["outcome"], "already-there", "{again}");
    // and an export of the second is that of the first, byte for byte.
    let back = folder();
    let paths = [("--out", back.path()), ("--data", second.path())];
    let exported = said(&townclerk(&["history", "export", "--json"], &paths));
    let exported: Manifest = serde_json::from_value(exported).unwrap();
    assert_eq!(exported.logs, manifest.logs);
    // What an installation signed itself needs no key.
    let paths = [("", back.path()), ("--data", second.path())];
    said(&townclerk(&["history", "import", "--json"], &paths));
    what_went_on_is_refused(&town, second.path(), out.path()).await;
    town.stop().await;
}

/// Who signed an export is told and compared, and what somebody else signed, or nobody, is imported only
/// where that is asked for. Says who signed it.
fn whose_exports_are_taken(first: &Path, second: &Path, out: &Path) -> String {
    let key_of = |data: &Path| {
        let key = townclerk(&["history", "key"], &[("--data", data)]);
        assert_eq!(key.status.code(), Some(0), "{}", text(&key));
        String::from_utf8(key.stdout).unwrap().trim().to_owned()
    };
    let signer = key_of(first);
    let checked = townclerk(&["history", "check"], &[("", out)]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked));
    let not_compared = format!("signed by {signer}, not compared with a key that you trust");
    assert!(text(&checked).contains(&not_compared), "{}", text(&checked));
    let check_by = |key: &str| {
        let arguments = ["history", "check", "--json", "--key", key];
        townclerk(&arguments, &[("", out)])
    };
    let checked = said(&check_by(&signer));
    assert_eq!(checked["faults"], json!([]));
    assert_eq!(checked["trusted"], true);
    assert_eq!(checked["signed_by"], signer.as_str());
    let other = key_of(second);
    let checked = check_by(&other);
    assert_eq!(checked.status.code(), Some(4), "{}", text(&checked));
    assert!(text(&checked).contains(&signer), "{}", text(&checked));
    let import = || townclerk(&["history", "import"], &[("", out), ("--data", second)]);
    let refused = import();
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    let typed = format!("--key {signer} --data {}", second.display());
    assert!(text(&refused).contains(&typed), "{}", text(&refused));
    // The same without its signature.
    let (signature, aside) = (out.join(SIGNATURE), out.join("aside"));
    std::fs::rename(&signature, &aside).unwrap();
    let checked = townclerk(&["history", "check"], &[("", out)]);
    assert!(text(&checked).contains("unsigned"), "{}", text(&checked));
    let refused = import();
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(
        text(&refused).contains("--unsigned --data"),
        "{}",
        text(&refused)
    );
    std::fs::rename(&aside, &signature).unwrap();
    signer
}

/// A log that has gone on since is refused.
async fn what_went_on_is_refused(town: &Town, dir: &Path, out: &Path) {
    let desk = town.as_role(Role::ServiceDesk);
    let ticket = incident("p3", "email");
    let one_more = desk.command("/v1/logs/brent/tickets", "one-more", &ticket);
    assert_eq!(one_more.await.0, 201);
    let refused = import(out, dir, &[]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    let refused: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let why = refused["logs"][0]["refused"].as_str().unwrap();
    assert!(why.contains("the log brent holds"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_council_goes_out_and_comes_in_alone() {
    let (first, second, out) = (folder(), folder(), folder());
    let town = Town::first_start(first.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    for log in ["brent", "lewisham"] {
        let path = format!("/v1/logs/{log}/tickets");
        let (status, _) = desk.command(&path, log, &incident("p3", "email")).await;
        assert_eq!(status, 201);
    }
    town.stop().await;
    // Nothing runs now: export and import start nats-server for themselves.
    let alone = ["history", "export", "--json", "--logs", "brent"];
    let paths = [("--out", out.path()), ("--data", first.path())];
    let exported = said(&townclerk(&alone, &paths));
    assert_eq!(exported["logs"].as_array().unwrap().len(), 1);
    assert_eq!(
        exported["partnership"].as_array().unwrap().len(),
        LOGS.len()
    );
    // Into a folder that is in use nothing is written.
    let refused = townclerk(&alone, &paths);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("not empty"), "{}", text(&refused));
    let tokens = Town::first_start(second.path()).await.stop().await;
    let imported = said(&import(out.path(), second.path(), &[]));
    assert_eq!(imported["logs"][0]["now_at"], "brent:1", "{imported}");
    // What is not in the export is named.
    let refused = import(out.path(), second.path(), &["--logs", "lewisham"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("no log lewisham here, only brent"));
    let town = Town::again(second.path(), tokens).await;
    let (_, status) = town.as_role(Role::Operator).get("/v1/views/joint").await;
    assert_eq!(status["logs"]["brent"]["position"], 1, "{status}");
    assert_eq!(status["logs"]["lewisham"]["position"], 0, "{status}");
    one_that_went_on_keeps_the_others_as_they_are(&town, first.path(), second.path()).await;
    town.stop().await;
    what_was_done_stands_in_the_audit_log(first.path(), second.path(), out.path());
}

/// Where one log is refused, one that is short of its file is not continued either.
async fn one_that_went_on_keeps_the_others_as_they_are(town: &Town, from: &Path, to: &Path) {
    let all = folder();
    let paths = [("--out", all.path()), ("--data", from)];
    let exported = said(&townclerk(&["history", "export", "--json"], &paths));
    let exported: Manifest = serde_json::from_value(exported).unwrap();
    let lewisham = LogName::new("lewisham").unwrap();
    assert_eq!(exported.log(&lewisham).unwrap().messages, 1);
    what_went_on_is_refused(town, to, all.path()).await;
    let refused = import(all.path(), to, &[]);
    let refused: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let logs = refused["logs"].as_array().unwrap();
    let short = logs.iter().find(|log| log["log"] == "lewisham").unwrap();
    assert_eq!(short["outcome"], "left-as-it-is", "{refused}");
    assert_eq!(short["now_at"], "lewisham:0", "{refused}");
    let opened = Opened::on(&Reach::data(to)).await.unwrap();
    let readers = opened.logs.open(&[lewisham], NatsRole::Reader).await;
    assert_eq!(readers.unwrap()[0].head().await.unwrap().sequence, 0);
    opened.close().await.unwrap();
}

/// Exports and imports are there from their begin, with who signed and with how they ended.
fn what_was_done_stands_in_the_audit_log(first: &Path, second: &Path, out: &Path) {
    let outcomes = |data: &Path, what: &str| -> Vec<String> {
        let audit = townclerk(&["audit", "--json"], &[("--data", data)]);
        let lines = String::from_utf8(audit.stdout).unwrap();
        let entries = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let ours =
            entries.filter(|entry: &Value| entry["path"].as_str().unwrap().starts_with(what));
        ours.map(|entry| entry["outcome"].as_str().unwrap().to_owned())
            .collect()
    };
    let exports = ["begun", "done", "begun", "refused", "begun", "done"];
    assert_eq!(outcomes(first, "history export --out "), exports);
    let read = Manifest::read(out).unwrap().unwrap();
    let key = read.signed.key().unwrap();
    let import = format!("history import {} (signed by {key})", out.display());
    assert_eq!(outcomes(second, &import), ["begun", "done"]);
    let imports = ["begun", "done", "begun", "refused", "begun", "refused"];
    assert_eq!(outcomes(second, "history import ")[..6], imports);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_tampered_with_is_refused_by_its_line_and_nothing_is_appended() {
    let (dir, out) = (folder(), folder());
    let manifest = long_export(out.path(), 500).await;
    let path = out.path().join(&manifest.logs[0].file);
    let text_before = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text_before.lines().collect();
    let without: Vec<&str> = [&lines[..299], &lines[300..]].concat();
    std::fs::write(&path, without.join("\n") + "\n").unwrap();
    let checked = townclerk(&["history", "check"], &[("", out.path())]);
    assert_eq!(checked.status.code(), Some(4), "{}", text(&checked));
    let named = "brent.ndjson:300: brent:300 is missing";
    assert!(text(&checked).contains(named), "{}", text(&checked));
    let tokens = Town::first_start(dir.path()).await.stop().await;
    let refused = import(out.path(), dir.path(), &[]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    let named = "brent:300 is missing";
    assert!(text(&refused).contains(named), "{}", text(&refused));
    let plain = ["history", "import", "--unsigned"];
    let refused = townclerk(&plain, &[("", out.path()), ("--data", dir.path())]);
    let why = String::from_utf8_lossy(&refused.stderr);
    let said = why
        .lines()
        .any(|line| line.starts_with("townclerk: brent.ndjson:300: ") && line.contains(named));
    assert!(said, "{why}");
    let town = Town::again(dir.path(), tokens).await;
    let (_, status) = town.as_role(Role::Operator).get("/v1/views/brent").await;
    assert_eq!(status["logs"]["brent"]["position"], 0, "{status}");
    town.stop().await;
}

/// An export of a brent that has `length` messages.
async fn long_export(out: &Path, length: u64) -> Manifest {
    let log = MemoryLog::new(LogName::new("brent").unwrap());
    for number in 0..u128::from(length) {
        let (id, ticket) = (Uuid::from_u128(number), Uuid::from_u128(number / 6));
        let event =
            json!({"id": id, "subject": format!("ticket/{ticket}"), "data": "x".repeat(600)});
        let subject = format!("tc.brent.ticket.ticket-{ticket}");
        log.put(
            &subject,
            Some(&id.to_string()),
            event.to_string().as_bytes(),
        );
    }
    let mut export = history::export(out).unwrap().unwrap();
    export.log(&log, length, |_| {}).await.unwrap();
    let all = [log.name().clone()];
    export
        .finish("2026-11-22T12:00:00Z".to_owned(), &all, None)
        .unwrap()
}

fn importing(out: &Path, server: &NatsServer, dir: &Path) -> Command {
    let mut command = Command::new(executable());
    command
        .args(["history", "import", "--json", "--unsigned"])
        .arg(out)
        .args(["--nats-url", &server.url()])
        .arg("--credentials")
        .arg(dir.join("credentials"));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_is_repeated_and_ends_as_if_it_never_was() {
    let (dir, out, back) = (folder(), folder(), folder());
    let manifest = long_export(out.path(), LONG).await;
    let server = NatsServer::start(Options {
        data_dir: dir.path().to_owned(),
        logs: vec!["brent".to_owned()],
        partners: Vec::new(),
        binary: None,
        port: None,
    })
    .await
    .unwrap();
    let logs = townclerk::system::Logs {
        url: server.url(),
        credentials: dir.path().join("credentials"),
        server_name: None,
        ends: Arc::default(),
        writes: Arc::default(),
    };
    let brent = [LogName::new("brent").unwrap()];
    townclerk::system::initialise(&logs, &brent).await.unwrap();
    let reader: Arc<dyn EventLog> = logs.open(&brent, NatsRole::Reader).await.unwrap().remove(0);
    let mut killed_at = Vec::new();
    for least in KILLS {
        let mut import = importing(out.path(), &server, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until(&*reader, least).await;
        kill(&mut import);
        killed_at.push(reader.head().await.unwrap().sequence);
    }
    let last = importing(out.path(), &server, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until(&*reader, SERVER_KILL).await;
    // While the import is held, nothing but one batch can be on its way: it is not done yet.
    let importer = Pid::from_child(&last);
    kill_process(importer, Signal::STOP).unwrap();
    let held_at = reader.head().await.unwrap().sequence;
    assert!(held_at + BATCH < LONG, "it was done already: {held_at}");
    // The server comes back by itself, and the import waits for it.
    for pid in nats_servers_on(dir.path()) {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }
    kill_process(importer, Signal::CONT).unwrap();
    let ended = said(&last.wait_with_output().unwrap());
    let held = ended["logs"][0]["held"].as_u64().unwrap();
    let imported = ended["logs"][0]["imported"].as_u64().unwrap();
    assert_eq!(held + imported, LONG, "{ended}");
    // It was in the middle: some was there, and something was left to do.
    assert!(killed_at.iter().all(|at| *at < LONG), "{killed_at:?}");
    assert!(held >= KILLS[1] && imported > 0, "{ended}");
    // Nobody named a data directory: of a server elsewhere nothing is kept in one.
    assert!(!Path::new("townclerk-data").exists());
    let exported = Command::new(executable())
        .args(["history", "export", "--json", "--nats-url", &server.url()])
        .arg("--credentials")
        .arg(dir.path().join("credentials"))
        .arg("--data")
        .arg(dir.path())
        .arg("--out")
        .arg(back.path())
        .output()
        .unwrap();
    let exported: Manifest = serde_json::from_value(said(&exported)).unwrap();
    assert_eq!(exported.logs, manifest.logs);
    server.stop().await.unwrap();
}

/// Waits until a log holds so many messages.
async fn until(log: &dyn EventLog, messages: u64) {
    eventually("so much is imported", || async {
        let head = log.head().await.unwrap().sequence;
        (head >= messages).then_some(())
    })
    .await;
}

/// kill -9: it gets no chance to do anything.
fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
