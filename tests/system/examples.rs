//! Every example of the documents runs as it is printed, with the token that its section names.
//!
//! The examples of one document follow one another in one shell's surroundings, as a reader would run
//! them. Only places differ: the data folder, the backup and the address are those of the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use townclerk_app::access::Role;
use townclerk_app::private_file;
use townclerk_tests::executable::{executable, run};
use townclerk_tests::town::{Town, eventually, folder};

const DOCUMENTS: [(&str, &str); 4] = [
    ("docs/API.md", include_str!("../../docs/API.md")),
    ("README.md", include_str!("../../README.md")),
    ("docs/OPERATING.md", include_str!("../../docs/OPERATING.md")),
    ("docs/PARTNERS.md", include_str!("../../docs/PARTNERS.md")),
];

/// Examples that do not run here, by how they begin, and why.
const LEFT_OUT: [(&str, &str); 6] = [
    ("U=http://127.0.0.1:8600\n", "what the test sets"),
    ("cargo xtask demo ", "the demonstration and this very test"),
    ("townclerk up --data ", "what the test has started"),
    (
        "export TOWNCLERK_NATS_URL=",
        "needs a nats-server of somebody else",
    ),
    ("python ticket_life.py ", "the test of the recipe runs it"),
    ("N=\"nats --server ", "needs the command line of NATS"),
];

/// What curl and timeout say of a stream that has no end.
const STILL_STREAMING: &str = "28|124";

struct Example<'a> {
    place: String,
    role: Option<Role>,
    script: &'a str,
}

/// The blocks of shell, each with the role that the heading above it names, or one further up.
fn examples<'a>(name: &str, text: &'a str) -> Vec<Example<'a>> {
    let mut roles: BTreeMap<usize, Option<Role>> = BTreeMap::new();
    let mut found = Vec::new();
    let mut offset = 0;
    let mut begin: Option<(bool, usize, usize)> = None;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        offset += line.len();
        match (begin, line.strip_prefix("```")) {
            (None, Some(language)) => begin = Some((language.trim() == "sh", offset, number)),
            (Some((is_shell, from, at)), Some(_)) => {
                begin = None;
                let role = roles.values().rev().find_map(|role| *role);
                let script = &text[from..offset - line.len()];
                let place = format!("{name}:{at}");
                found.extend(is_shell.then_some(Example {
                    place,
                    role,
                    script,
                }));
            }
            (None, None) if line.starts_with('#') => {
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                roles.retain(|above, _| *above < level);
                roles.insert(level, Role::ALL.into_iter().find(|role| names(line, *role)));
            }
            (_, None) => {}
        }
    }
    found
}

fn names(heading: &str, role: Role) -> bool {
    heading.contains("role") && heading.contains(&format!("`{role}`"))
}

/// Runs one example where the ones before it left off.
fn shell(dir: &Path, url: &str, token: Option<&str>, example: &str) -> Output {
    // A page that names no role brings its token along.
    let token = token.map(|token| format!("T=\"Authorization: Bearer {token}\""));
    let token = token.unwrap_or_default();
    let data = dir.join("townclerk-data");
    let example = example
        .replace("/srv/townclerk", data.to_str().unwrap())
        .replace("/srv/new", dir.join("new").to_str().unwrap())
        .replace("/backup/", dir.join("backup-").to_str().unwrap());
    let script = format!(
        r#"
        set -e
        [ ! -e surroundings ] || source ./surroundings
        set -a
        U={url} J="Content-Type: application/json" {token}
        ended() {{ case $1 in 0|{STILL_STREAMING}) return 0 ;; *) return $1 ;; esac; }}
        curl() {{ local s=0; command curl -sS --fail-with-body --max-time 5 "$@" || s=$?; ended $s; }}
        townclerk() {{ local s=0; timeout 20 {townclerk} "$@" || s=$?; ended $s; }}
        {example}
        export -p > surroundings
        "#,
        townclerk = executable().display()
    );
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(dir)
        .env("TOWNCLERK_URL", url)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What the page for partners takes for granted: the token of a tool, and the fact that it prints.
fn partners_files(dir: &Path) {
    let data = dir.join("townclerk-data");
    let add = ["partner", "add", "hornbill", "--council", "brent", "--json"];
    let added = run(&[&add[..], &["--data", data.to_str().unwrap()]].concat());
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let token = added["token"].as_str().unwrap();
    private_file::write(&dir.join("hornbill.token"), token).unwrap();
    let (_, page) = DOCUMENTS[3];
    let (_, fact) = page.split_once("```json\n").unwrap();
    let (fact, _) = fact.split_once("```").unwrap();
    let fact: Value = serde_json::from_str(fact).unwrap();
    std::fs::write(dir.join("fact.json"), fact.to_string()).unwrap();
    let mut fed = fact;
    fed["source"] = "/councils/camden/hornbill".into();
    fed["type"] = "org.townclerk.ticket.logged.v1".into();
    fed["data"] = serde_json::json!({
        "kind": "incident", "priority": "p3", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "software-error", "sts": true,
    });
    std::fs::write(dir.join("feed.ndjson"), format!("{fed}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_runs_as_printed_with_the_token_that_its_section_names() {
    let dir = folder();
    let town = Town::first_start(&dir.path().join("townclerk-data")).await;
    let url = town.system.url();
    let mut left_out = Vec::new();
    let mut ran = 0;
    partners_files(dir.path());
    for (name, text) in DOCUMENTS {
        for example in examples(name, text) {
            let unfit = |(begin, _): &&(&str, &str)| example.script.starts_with(begin);
            if let Some((begin, _)) = LEFT_OUT.iter().find(unfit) {
                left_out.push(*begin);
                continue;
            }
            let token = example.role.map(|role| town.token(role));
            eventually(&example.place, || async {
                let run = || shell(dir.path(), &url, token, example.script);
                let output = tokio::task::block_in_place(run);
                let said = [output.stdout, output.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                // A token that was just given out is in force within a second.
                let is_early = said.contains("You need to sign in");
                assert!(
                    output.status.success() || is_early,
                    "{}: {said}",
                    example.place
                );
                output.status.success().then_some(())
            })
            .await;
            ran += 1;
        }
    }
    left_out.sort_unstable();
    let mut expected: Vec<&str> = LEFT_OUT.iter().map(|(begin, _)| *begin).collect();
    expected.sort_unstable();
    assert_eq!(left_out, expected, "each that is left out is there, once");
    assert!(ran > 30, "{ran} examples ran");
    town.stop().await;
}
