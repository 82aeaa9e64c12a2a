//! Starting: what is refused, and what is said; and the command line's exit codes.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use townclerk::system::{Prepared, UpOptions};
use townclerk_app::access::Role;
use townclerk_tests::executable::{executable, run};
use townclerk_tests::town::{Town, folder};

#[tokio::test(flavor = "multi_thread")]
async fn starting_records_no_event_and_secrets_are_private() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let operator = town.as_role(Role::Operator);
    let (_, status) = operator.get("/v1/views/joint").await;
    for log in ["brent", "lewisham", "southwark", "shared"] {
        assert_eq!(status["logs"][log]["position"], 0, "{status}");
    }
    for secret in [
        "tokens.json",
        "operator.token",
        "nats-server.conf",
        "credentials/brent/writer.nk",
        "credentials/sys.nk",
    ] {
        let mode = std::fs::metadata(dir.path().join(secret))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    town.stop().await;
}

/// What others than the owner can get at, below a folder.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = std::fs::symlink_metadata(&path).unwrap();
        let mode = found.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            open.push(format!("{} {mode:04o}", path.display()));
        }
        if found.is_dir() {
            open.extend(open_to_others(&path));
        }
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_start_makes_is_open_to_others_whatever_the_umask() {
    rustix::process::umask(rustix::fs::Mode::empty());
    let dir = folder();
    let data = dir.path().join("data");
    let town = Town::first_start(&data).await;
    let desk = town.as_role(Role::ServiceDesk);
    let incident = json!({"kind": "incident", "priority": "p3", "service": "email"});
    desk.command("/v1/logs/brent/tickets", "one", &incident)
        .await;
    town.stop().await;
    assert_eq!(open_to_others(dir.path()), Vec::<String>::new());
    for made in [
        "jetstream",
        "views/brent/current",
        "nats-server.log",
        "audit.ndjson",
    ] {
        assert!(
            data.join(made).exists(),
            "{made} is among what was looked at"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_others_get_at_or_a_link_is_refused_before_anything_is_made() {
    let dir = folder();
    let wide = dir.path().join("wide");
    std::fs::create_dir(&wide).unwrap();
    std::fs::set_permissions(&wide, std::fs::Permissions::from_mode(0o755)).unwrap();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path(), &link).unwrap();
    for (data, says) in [(&wide, "chmod 700"), (&link, "is a link")] {
        let options = UpOptions::on_free_ports(data, &["brent"]).unwrap();
        let refused = Prepared::start(options).await.map(|_| ()).unwrap_err();
        let text = format!("{refused:#}");
        assert!(text.contains(says), "{text}");
    }
    assert_eq!(std::fs::read_dir(&wide).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_on_the_same_folder_is_refused() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let options = UpOptions::on_free_ports(dir.path(), &["brent"]).unwrap();
    let refused = Prepared::start(options).await.map(|_| ()).unwrap_err();
    let text = format!("{refused:#}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_old_nats_server_is_refused_with_what_to_do() {
    let dir = folder();
    let fake = dir.path().join("nats-server");
    std::fs::write(&fake, "#!/bin/sh\necho nats-server: v2.9.10\n").unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let missing = dir.path().join("nowhere");
    let data = dir.path().join("data");
    for (binary, said) in [(fake, "2.9.10"), (missing, "nowhere")] {
        let mut options = UpOptions::on_free_ports(&data, &["brent"]).unwrap();
        options.nats_server = Some(binary);
        let refused = Prepared::start(options).await.map(|_| ()).unwrap_err();
        let text = format!("{refused:#}");
        assert!(text.contains(said) && text.contains("2.12.5"), "{text}");
        assert!(!data.exists(), "nothing was made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_on_a_port_that_is_taken_leaves_nothing_behind() {
    let dir = folder();
    let data = dir.path().join("data");
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let http = listener.local_addr().unwrap();
    let mut listens = UpOptions::on_free_ports(&data, &["brent"]).unwrap();
    listens.listen = http;
    let mut nats = UpOptions::on_free_ports(&data, &["brent"]).unwrap();
    nats.nats_port = Some(http.port());
    for (options, says) in [(listens, "--listen"), (nats, "--nats-port")] {
        let refused = Prepared::start(options).await.map(|_| ()).unwrap_err();
        let text = format!("{refused:#}");
        assert!(text.contains(says), "{text}");
        assert!(!data.exists(), "nothing was made");
    }
    drop(listener);
    let mut options = UpOptions::on_free_ports(&data, &["brent"]).unwrap();
    options.listen = http;
    let prepared = Prepared::start(options).await.unwrap();
    let early = std::net::TcpStream::connect(http);
    assert!(early.is_err(), "nothing listens before it can answer");
    let system = prepared.serve().await.unwrap();
    assert_eq!(system.address, http);
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_went_wrong_by_its_exit_code() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let url = town.system.url();
    let token = dir.path().join("operator.token");
    let token = token.to_str().unwrap().to_owned();
    tokio::task::spawn_blocking(move || {
        let with = |arguments: &[&str]| {
            let connection = ["--url", url.as_str(), "--token-file", token.as_str()];
            let output = run(&[arguments, &connection].concat());
            let text = String::from_utf8(output.stderr).unwrap();
            (
                output.status.code().unwrap(),
                text,
                String::from_utf8(output.stdout).unwrap(),
            )
        };
        let (code, _, out) = with(&["figures", "joint", "--period", "2026-01", "--json"]);
        assert_eq!(code, 0);
        assert!(out.trim_start().starts_with('['), "{out}");
        let (code, text, _) = with(&["figures", "joint", "--measure", "happiness"]);
        assert_eq!(code, 3);
        assert!(text.contains("tickets_logged"), "{text}");
        let (code, text, _) = with(&["figures", "croydon", "--period", "2026-01"]);
        assert_eq!((code, text.contains("croydon")), (3, true), "{text}");
        let ticket = [
            "--kind",
            "incident",
            "--priority",
            "p1",
            "--service",
            "x",
            "--category",
            "y",
        ];
        let (code, text, _) = with(&[&["ticket", "log", "brent"], &ticket[..]].concat());
        assert_eq!(code, 3, "the operator logs no tickets");
        assert!(text.contains("service-desk"), "{text}");
        let (code, _, out) = with(&["verify", "--json"]);
        assert_eq!(code, 0, "{out}");
        let nobody = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let nobody = format!("http://{nobody}");
        let output = run(&["figures", "joint", "--url", &nobody]);
        assert_eq!(output.status.code(), Some(1));
        let token = Path::new(&token);
        wrong_usage(&with, token);
        let output = run(&["list", "tickets", "--scope", "brent", "--url", &url]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("--token-file"), "no header is named: {text}");
        let data = token.parent().unwrap().join("none");
        let output = run(&["audit", "--data", data.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(run(&["figures"]).status.code(), Some(2));
        assert_eq!(run(&["--help"]).status.code(), Some(0));
    })
    .await
    .unwrap();
    town.stop().await;
}

/// What cannot be understood ends with 2, wherever that is found, and says what would be taken.
fn wrong_usage(with: &impl Fn(&[&str]) -> (i32, String, String), token: &Path) {
    let outages = "/v1/logs/shared/outages";
    for (arguments, says) in [
        (
            vec!["list", "tickets", "--scope", "brent", "--as-at", "08Z"],
            "is no instant",
        ),
        (
            vec!["list", "tickets", "--scope", "brent", "--where", "service"],
            "DIMENSION=VALUE",
        ),
        (
            vec![
                "figures",
                "brent",
                "--where",
                "kind=incident",
                "--where",
                "kind=request",
            ],
            "give it once",
        ),
        (
            vec!["send", outages, "--body", "{bad"],
            "the body is not JSON",
        ),
        (
            vec!["send", outages, "--body", "@/no/such/file"],
            "cannot read the body from /no/such/file",
        ),
        (
            vec!["tail", "--after", "1", "--after", "2"],
            "give one number",
        ),
    ] {
        let (code, text, _) = with(&arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    let several = token.with_file_name("first-tokens.txt");
    let wide = token.with_file_name("wide.token");
    std::fs::copy(token, &wide).unwrap();
    std::fs::set_permissions(&wide, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (file, says) in [(&several, "6 lines"), (&wide, "chmod 600")] {
        let output = run(&["verify", "--token-file", file.to_str().unwrap()]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("tc_"), "{text}");
    }
}

#[test]
fn the_command_line_does_not_panic_where_its_reader_has_gone() {
    let dir = folder();
    let feed = dir.path().join("feed.ndjson");
    std::fs::write(&feed, "{\"specversion\": \"1.0\"}\n").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut check = Command::new(executable());
    check.args(["partner", "check", "--council", "brent"]);
    check.args(["--system", "hornbill"]).arg(&feed);
    let ended = check.stdout(writer).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(
        ended.status.code(),
        Some(4),
        "as if it had been read: {said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}
