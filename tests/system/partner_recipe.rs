//! The recipe for partners, as a partner runs it: a process of its own with the credential that
//! `townclerk partner add` made, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;
use townclerk_tests::executable::{Swept, Up, free_port, run};
use townclerk_tests::town::{eventually, folder};

/// Names the Python that has what the recipe needs; `cargo xtask test --all` makes it.
const PYTHON: &str = "TOWNCLERK_PARTNER_PYTHON";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn recipe() -> PathBuf {
    root().join("deploy/partner-recipe/ticket_life.py")
}

#[test]
fn the_document_shows_the_recipe_as_it_is() {
    let script = std::fs::read_to_string(recipe()).unwrap();
    let page = std::fs::read_to_string(root().join("docs/PARTNERS.md")).unwrap();
    let shown = page.contains(&format!("```python\n{script}```\n"));
    assert!(
        shown,
        "docs/PARTNERS.md does not show {}",
        recipe().display()
    );
}

/// What the recipe prints, line by line.
fn cooked(python: &str, tool: &Value, more: &[&str]) -> Vec<String> {
    let text = |member: &str| tool[member].as_str().unwrap().to_owned();
    let output = Command::new(python)
        .arg(recipe())
        .args([text("nats_url"), text("credential")])
        .args([text("council"), text("system")])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.trim().to_owned()).collect()
}

/// The number of the ticket's record, as the tool can compute it.
const RECORD: &str = "ticket/e88f17a2-4fc0-5973-8782-2e192fb4608f";

#[tokio::test(flavor = "multi_thread")]
async fn the_recipe_sends_a_tickets_life_reads_it_back_and_starts_anew() {
    let Ok(python) = std::env::var(PYTHON) else {
        let all = std::env::var_os("TOWNCLERK_TEST_ALL");
        assert!(
            all.is_none(),
            "{PYTHON} is not set: cargo xtask test --all sets it"
        );
        eprintln!("left out: {PYTHON} names no Python; cargo xtask test --all runs this");
        return;
    };
    let (dir, port) = (folder(), free_port());
    let _swept = Swept(dir.path().to_owned());
    let up = Mutex::new(Up::start(dir.path(), port));
    eventually("the system is ready", || async {
        let running = up.lock().unwrap().is_running();
        assert!(running, "{}", up.lock().unwrap().said());
        let ready = reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await;
        ready
            .is_ok_and(|answer| answer.status().is_success())
            .then_some(())
    })
    .await;
    let data = dir.path().to_str().unwrap();
    let add = [
        "partner",
        "add",
        "hornbill",
        "--council",
        "brent",
        "--json",
        "--data",
        data,
    ];
    let added = run(&add);
    let said = String::from_utf8_lossy(&added.stderr).into_owned();
    assert!(added.status.success(), "{said}");
    let tool: Value = serde_json::from_slice(&added.stdout).unwrap();

    let facts = |outcome: &str| -> Vec<String> {
        let whats = ["logged", "started", "resolved"];
        whats
            .map(|what| format!("fact IN-1-{what} {outcome}"))
            .into()
    };
    let events: Vec<String> = (1..)
        .zip(["logged", "started", "resolved"])
        .map(|(position, what)| format!("event {position} org.townclerk.ticket.{what}.v1 {RECORD}"))
        .collect();
    let first = cooked(&python, &tool, &[]);
    assert_eq!(first, [facts("recorded"), events.clone()].concat());
    // Sent once more nothing is recorded again, and what was acknowledged does not come again.
    let again = cooked(&python, &tool, &[]);
    assert_eq!(again, facts("already-recorded"));
    // From any position, by the tool itself.
    for after in 0..=3 {
        let started_again = cooked(&python, &tool, &[&after.to_string()]);
        let next = after + 1;
        let started = format!("start {{'durable': 'brent-hornbill', 'next': {next}}}");
        let expected = [
            facts("already-recorded"),
            vec![started],
            events[after..].to_vec(),
        ];
        assert_eq!(started_again, expected.concat(), "after {after}");
    }
    let beyond = cooked(&python, &tool, &["4"]).join("\n");
    assert!(beyond.contains("ends at 3"), "{beyond}");
    let (stopped, said) = up.into_inner().unwrap().stop();
    assert!(stopped, "{said}");
}
