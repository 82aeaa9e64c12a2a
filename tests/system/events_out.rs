//! Events out, over HTTP and on the command line; who was refused is in the audit log.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use townclerk_app::access::Role;
use townclerk_tests::executable::executable;
use townclerk_tests::town::{Town, eventually, folder, incident};

/// What a stream of events holds: id and event of each.
async fn streamed(url: &str, token: &str, path: &str, last_event: Option<&str>) -> Vec<String> {
    let mut request = reqwest::Client::new()
        .get(format!("{url}{path}"))
        .bearer_auth(token);
    if let Some(id) = last_event {
        request = request.header("Last-Event-ID", id);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let text = response.text().await.unwrap();
    let frames = text.split("\n\n").filter(|frame| frame.contains("event: "));
    let of = |frame: &str, name: &str| {
        let mut lines = frame.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default().to_owned()
    };
    frames
        .map(|frame| format!("{} {}", of(frame, "id"), of(frame, "event")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_streamed_followed_and_gone_on_with_over_http() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    for key in ["k1", "k2", "k3"] {
        let path = "/v1/logs/brent/tickets";
        let (status, _) = desk.command(path, key, &incident("p3", "email")).await;
        assert_eq!(status, 201);
    }
    let (url, token) = (town.system.url(), town.token(Role::Partner).to_owned());
    let logged = |sequence: u64| format!("brent:{sequence} org.townclerk.ticket.logged.v1");
    let end = "brent:3 end".to_owned();
    let whole = streamed(&url, &token, "/v1/logs/brent/events?follow=false", None).await;
    assert_eq!(whole, [logged(1), logged(2), logged(3), end.clone()]);
    let path = "/v1/logs/brent/events?follow=false&after=0";
    let rest = streamed(&url, &token, path, Some("brent:2")).await;
    assert_eq!(rest, [logged(3), end]);

    // One that follows hears what is recorded after it began.
    let path = format!("{url}/v1/logs/brent/events?after=3");
    let request = reqwest::Client::new().get(path).bearer_auth(&token);
    let mut stream = request.send().await.unwrap();
    let begun = stream.chunk().await.unwrap().unwrap();
    assert!(begun.starts_with(b"retry: 2000"), "{begun:?}");
    let path = "/v1/logs/brent/tickets";
    let (_, answer) = desk.command(path, "k4", &incident("p1", "email")).await;
    let mut heard = Vec::new();
    while !heard.ends_with(b"\n\n") {
        let chunk = tokio::time::timeout(Duration::from_secs(60), stream.chunk());
        heard.extend_from_slice(&chunk.await.unwrap().unwrap().unwrap());
    }
    let heard = String::from_utf8(heard).unwrap();
    let event = answer["event"].as_str().unwrap();
    let expected = [logged(4), format!("\"id\":\"{event}\"")];
    let (id, name) = expected[0].split_once(' ').unwrap();
    assert!(heard.contains(&format!("id: {id}\n")), "{heard}");
    assert!(heard.contains(&format!("event: {name}\n")), "{heard}");
    assert!(heard.contains(&expected[1]), "{heard}");

    // It ends when the service stops, and does not hold it up.
    let stopping = tokio::spawn(town.stop());
    while let Some(chunk) = stream.chunk().await.unwrap_or_default() {
        assert!(chunk.starts_with(b":"), "only comments: {chunk:?}");
    }
    tokio::time::timeout(Duration::from_secs(60), stopping)
        .await
        .expect("a stream that is open does not hold the stop up")
        .unwrap();
}

fn townclerk(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(executable()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_shows_several_logs_and_audit_shows_who_was_refused() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    for log in ["brent", "lewisham"] {
        let path = format!("/v1/logs/{log}/tickets");
        let (status, _) = desk.command(&path, log, &incident("p3", "email")).await;
        assert_eq!(status, 201);
    }
    let (url, token_file) = (town.system.url(), dir.path().join("operator.token"));
    let reach = ["--url", &url, "--token-file", token_file.to_str().unwrap()];
    let tail = |more: &[&str]| townclerk(&[&["tail"], more, &reach[..]].concat());
    let (done, lines, said) = tail(&["--once"]);
    assert!(done, "{said}");
    for position in ["brent:1 ", "lewisham:1 "] {
        let line = lines.lines().find(|line| line.starts_with(position));
        let line = line.unwrap_or_else(|| panic!("{position}: {lines}"));
        for word in ["ticket.logged", "local-service-desk", " ticket/"] {
            assert!(line.contains(word), "{word}: {line}");
        }
    }
    let (_, lines, _) = tail(&["brent", "--once", "--json", "--after", "0"]);
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(line["position"], "brent:1");
    assert_eq!(line["event"]["specversion"], "1.0");
    let (done, _, said) = tail(&["brent", "--once", "--after", "brent:9"]);
    assert!(!done && said.contains("the log ends at brent:1"), "{said}");

    let partner = town.as_role(Role::Partner);
    let (status, _) = partner.get("/v1/views/joint/figures?home=brent").await;
    assert_eq!(status, 403);
    town.as_role(Role::Operator).replay("brent", "verify").await;
    let data = dir.path().to_str().unwrap();
    let audited = || async {
        let (done, lines, said) = townclerk(&["audit", "--data", data, "--json"]);
        assert!(done, "{said}");
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (lines.len() >= 2 + Role::ALL.len()).then_some(lines)
    };
    let lines = eventually("both stand in the audit log", audited).await;
    let (tokens, requests): (Vec<&Value>, Vec<&Value>) =
        lines.iter().partition(|line| line["method"] == "tokens");
    assert_eq!(tokens.len(), Role::ALL.len(), "the first start issued them");
    assert!(tokens.iter().all(|line| line["outcome"] == "token issued"));
    assert!(requests.iter().all(|line| line["address"] == "127.0.0.1"));
    let of = |line: &&Value| format!("{} {} {}", line["subject"], line["status"], line["path"]);
    let said: Vec<String> = requests.iter().map(of).collect();
    let expected = [
        r#""local-partner" 403 "/v1/views/joint/figures""#,
        r#""local-operator" 200 "/v1/views/brent/verify""#,
    ];
    assert_eq!(said, expected);
    let (_, text, _) = townclerk(&["audit", "--data", data, "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(text, "");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_did_not_change_are_not_sent_again() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    let (url, token) = (town.system.url(), town.token(Role::Officer).to_owned());
    // Covered to a day that is past: what is complete does not move on with the clock.
    let covered = json!({
        "selector": {"family": "ticket"}, "from": "2026-01-01", "through": "2026-01-31",
    });
    let officer = town.as_role(Role::Officer);
    let (status, _) = officer
        .command("/v1/logs/brent/coverages", "k0", &covered)
        .await;
    assert_eq!(status, 201);
    let mut logged = incident("p3", "email");
    logged["happened"] = "2026-01-05T10:00:00Z".into();
    let record = async |key: &str| {
        let path = "/v1/logs/brent/tickets";
        let (status, answer) = desk.command(path, key, &logged).await;
        assert_eq!(status, 201);
        answer["sequence"].as_u64().unwrap()
    };
    let path = "/v1/views/brent/figures?measure=tickets_logged&period=2026-01";
    let http = reqwest::Client::new();
    let ask = async |sequence: u64, tag: Option<&str>| {
        let request = http.get(format!("{url}{path}&min_position=brent:{sequence}"));
        let request = request.bearer_auth(&token);
        let request = match tag {
            Some(tag) => request.header("If-None-Match", tag),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), tag, answer.text().await.unwrap())
    };
    let first = record("k1").await;
    let (status, tag, body) = ask(first, None).await;
    assert_eq!(status, 200, "{body}");
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = ask(first, Some(&tag)).await;
    assert_eq!(again, (304, tag.clone(), String::new()));
    let second = record("k2").await;
    let (status, other, body) = ask(second, Some(&tag)).await;
    assert_eq!(status, 200, "{body}");
    assert_ne!(other, tag);
    town.stop().await;
}
