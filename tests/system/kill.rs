//! kill -9 at any moment: what was acknowledged is recorded, exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use townclerk::nats_server::{NatsServer, Options};
use townclerk_app::access::Role;
use townclerk_contract::reading::{Reading, read};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::{Access, Credential, JetStreamLog, Role as NatsRole};
use townclerk_tests::executable::{Swept, Up, free_port, nats_servers_on, run};
use townclerk_tests::lives::life;
use townclerk_tests::town::{Caller, LOGS, eventually, folder};

/// The roles that give commands.
const WRITERS: [Role; 4] = [
    Role::ServiceDesk,
    Role::Change,
    Role::Officer,
    Role::Operator,
];

const KILLS: u64 = 20;
const CLIENTS: usize = 6;

/// Between two commands of one client: what counts is that there are always some under way.
const PACE: Duration = Duration::from_millis(60);

/// Commands that are repeated at a time.
const REPEATED_AT_ONCE: usize = 16;

/// What one client was told: by key, as whom it sent which path and body, and the event that it got.
type Told = BTreeMap<String, (Role, String, Value, Value)>;

/// Who may give the commands of one life.
type Callers = BTreeMap<Role, Caller>;

/// Sends the commands of lives of every kind, one after the other; repeats each until it is
/// answered.
async fn work(client: usize, callers: Arc<Callers>, stop: Arc<AtomicBool>) -> Told {
    let mut told = Told::new();
    let mut pace = tokio::time::interval(PACE);
    for number in 0.. {
        // Clients that begin with different sorts of lives.
        let life = life(2 * client + number, &format!("c{client}-{number}"));
        let mut made = String::new();
        for (step, (path, body)) in life.commands.into_iter().enumerate() {
            pace.tick().await;
            if stop.load(Ordering::Relaxed) {
                return told;
            }
            let key = format!("c{client}-{number}-{step}");
            let path = format!("/v1/logs/{}/{}", life.log, path.replace("{id}", &made));
            let answer = acknowledged(&callers[&life.role], &path, &key, &body).await;
            if step == 0 {
                made = answer["id"].as_str().unwrap_or_default().to_owned();
            }
            told.insert(key, (life.role, path, body, answer));
        }
    }
    told
}

/// Repeats a command with its key until it is acknowledged.
async fn acknowledged(caller: &Caller, path: &str, key: &str, body: &Value) -> Value {
    eventually("a command is acknowledged", || async {
        match caller.try_command(path, key, body).await {
            Ok((200 | 201, answer)) => Some(answer),
            // Not sure, not ready, or gone: again, with the same key.
            Ok((500.., _)) | Err(_) => None,
            Ok((status, problem)) => panic!("{status}: {problem}"),
        }
    })
    .await
}

async fn is_ready(url: &str) -> bool {
    let answer = reqwest::get(format!("{url}/readyz")).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// The tokens that the first start wrote down, by role.
fn tokens(dir: &Path) -> BTreeMap<String, String> {
    std::fs::read_to_string(dir.join("first-tokens.txt"))
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(role, token)| (role.to_owned(), token.trim().to_owned()))
        .filter(|(_, token)| token.starts_with("tc_"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    let (dir, port) = (folder(), free_port());
    let url = format!("http://127.0.0.1:{port}");
    let _swept = Swept(dir.path().to_owned());
    let up = Mutex::new(Up::start(dir.path(), port));
    ready(&up, &url).await;
    let tokens = tokens(dir.path());
    assert!(
        !up.lock().unwrap().said().contains("tc_"),
        "no token is printed"
    );
    let callers = WRITERS.map(|role| (role, Caller::new(&url, &tokens[&role.to_string()])));
    let callers = Arc::new(Callers::from(callers));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(work(client, Arc::clone(&callers), Arc::clone(&stop))))
        .collect();
    for kill in 0..KILLS {
        // Moments that differ from kill to kill; some fall into the next start itself.
        let moment = Duration::from_millis(200 + (kill * 977) % 2_300);
        tokio::time::sleep(moment).await;
        {
            let mut running = up.lock().unwrap();
            running.kill();
            *running = Up::start(dir.path(), port);
        }
        if kill % 3 != 0 {
            ready(&up, &url).await;
            assert_eq!(nats_servers_on(dir.path()).len(), 1, "after kill {kill}");
        }
    }
    ready(&up, &url).await;
    assert_eq!(nats_servers_on(dir.path()).len(), 1);
    stop.store(true, Ordering::Relaxed);
    let mut told = Told::new();
    for client in clients {
        told.extend(client.await.unwrap());
    }
    // Long after, every command is repeated with its key: each gets its first answer.
    let repeats = told.iter().map(|(key, (role, path, body, first))| {
        let caller = callers[role].clone();
        async move {
            let again = acknowledged(&caller, path, key, body).await;
            assert_eq!(again["event"], first["event"], "{key}");
            assert_eq!(again["sequence"], first["sequence"], "{key}");
            assert_eq!(again["already"], true, "{key}");
        }
    });
    futures::stream::iter(repeats)
        .buffer_unordered(REPEATED_AT_ONCE)
        .collect::<Vec<()>>()
        .await;
    let token = dir.path().join("operator.token");
    let verified = run(&[
        "verify",
        "--url",
        &url,
        "--token-file",
        token.to_str().unwrap(),
    ]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    let (well, said) = up.into_inner().unwrap().stop();
    assert!(well, "{said}");
    assert_eq!(nats_servers_on(dir.path()), Vec::<u32>::new());
    compare(dir.path(), &told).await;
}

/// Waits until the system answers, and says what it said if it ended instead.
async fn ready(up: &Mutex<Up>, url: &str) {
    eventually("the system is ready", || async {
        let ended = {
            let mut up = up.lock().unwrap();
            (!up.is_running()).then(|| up.said())
        };
        assert_eq!(ended, None, "it ended");
        is_ready(url).await.then_some(())
    })
    .await;
}

/// The logs hold each acknowledged event once, and nothing that nobody was told of.
async fn compare(dir: &Path, told: &Told) {
    let server = NatsServer::start(Options {
        data_dir: dir.to_owned(),
        logs: LOGS.map(str::to_owned).to_vec(),
        partners: Vec::new(),
        binary: None,
        port: None,
    })
    .await
    .unwrap();
    let mut recorded = Vec::new();
    let mut kinds = BTreeSet::new();
    for name in LOGS {
        let log = LogName::new(name).unwrap();
        let role = NatsRole::Writer;
        let seed = server.user_seed(name, role).unwrap().to_owned();
        let access = Access {
            url: server.url(),
            log: log.clone(),
            role,
            credential: Credential { seed },
            server_name: None,
        };
        let open = JetStreamLog::open(&access).await.unwrap();
        for sequence in 1..=open.head().await.unwrap().sequence {
            let message = open.read_one(sequence).await.unwrap().unwrap();
            let Reading::Event(event) = read(&message.raw(&log)) else {
                panic!("{log}:{sequence} is not an event of ours");
            };
            kinds.insert(event.recorded.aggregate.kind);
            recorded.push(event.recorded.id.to_string());
        }
    }
    server.stop().await.unwrap();
    let distinct: BTreeSet<_> = recorded.iter().cloned().collect();
    assert_eq!(distinct.len(), recorded.len(), "an event is recorded twice");
    let acknowledged: BTreeSet<String> = told
        .values()
        .map(|(_, _, _, answer)| answer["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(acknowledged.len(), told.len());
    assert_eq!(acknowledged, distinct);
    assert_eq!(
        kinds,
        BTreeSet::from(AggregateKind::ALL),
        "the kinds that were tried"
    );
    assert!(
        told.len() > 100,
        "only {} commands: too few to show anything",
        told.len()
    );
}
