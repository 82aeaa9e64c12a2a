//! What the audit log says, and what it never does.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;

use super::need::{Anonymous, Need, ScopeNeed};
use super::{Guarded, Role, session};
use crate::audit::AuditLog;
use crate::http::serve::Peer;
use crate::http::testing::{Client, Who, request, set, token_book};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn client() -> Client {
    let operate = Need {
        roles: &[Role::Operator],
        scope: ScopeNeed::Nothing,
        anonymous: Anonymous::Never,
    };
    let guarded = Guarded::new(token_book())
        .post_with("/rebuild", operate, (), async || "rebuilt")
        .get("/of/{view}", operate, async || "of")
        .get("/livez", Need::nothing(), async || "alive");
    Client::new(session::routes(guarded).into_parts().0)
}

/// Everything that is logged, down to the last detail, while `asked` is answered.
async fn logged(asked: axum::http::Request<Body>) -> Vec<String> {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(written.clone())
        .finish();
    client().send(asked).with_subscriber(subscriber).await;
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn refusals_and_operators_actions_are_audited_and_no_token_is() {
    for (path, who, says) in [
        (
            "/rebuild",
            Who::Local(Role::Operator),
            Some("local_operator 200 answered"),
        ),
        (
            "/rebuild",
            Who::Local(Role::Partner),
            Some("local_partner 403 refused"),
        ),
        ("/rebuild", Who::Nobody, Some("nobody 401 refused")),
        ("/rebuild", Who::Stranger, Some("unknown token 401 refused")),
        ("/livez", Who::Local(Role::Operator), None),
    ] {
        let method = if path == "/livez" {
            Method::GET
        } else {
            Method::POST
        };
        let lines = logged(request(&method, path, who, Body::empty())).await;
        let audit: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains(" audit: "))
            .collect();
        assert_eq!(audit.len(), usize::from(says.is_some()), "{lines:?}");
        for (line, says) in audit.iter().zip(says) {
            assert!(line.contains("POST") && line.contains("/rebuild"), "{line}");
            let (subject, rest) = says.rsplit_once(' ').unwrap();
            let (subject, status) = subject.rsplit_once(' ').unwrap();
            for part in [subject, status, rest] {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
        let token = who.token().unwrap_or("no token".to_owned());
        assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");
    }
}

#[tokio::test]
async fn a_long_path_fills_no_log() {
    for place in ["nowhere", "of"] {
        let path = format!("/{place}/{}", "x".repeat(60_000));
        let lines = logged(request(&Method::GET, &path, Who::Nobody, Body::empty())).await;
        assert!(!lines.is_empty());
        let bytes: usize = lines.iter().map(String::len).sum();
        assert!(bytes < 5_000, "{bytes} bytes in {} lines", lines.len());
    }
}

#[tokio::test]
async fn what_is_audited_stands_in_the_file_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let audit = AuditLog::open(folder.path(), crate::clock::system()).unwrap();
    let operate = Need {
        roles: &[Role::Operator],
        scope: ScopeNeed::Nothing,
        anonymous: Anonymous::Never,
    };
    let guarded = Guarded::audited(token_book(), Arc::new(audit)).post_with(
        "/rebuild",
        operate,
        (),
        async || "rebuilt",
    );
    let client = Client::new(session::routes(guarded).into_parts().0);
    let mut lines = 0;
    for (path, who, says) in [
        ("/rebuild", Who::Local(Role::Operator), "local_operator"),
        ("/rebuild", Who::Stranger, "unknown token"),
        ("/session", Who::Stranger, "unknown token"),
    ] {
        let token = who.token().unwrap();
        let body = Body::from(format!("token={token}"));
        let mut asked = request(&Method::POST, path, who, body);
        let form = "application/x-www-form-urlencoded";
        set(&mut asked, "content-type", form);
        client.send(asked).await;
        lines += 1;
        let text = std::fs::read_to_string(folder.path().join("audit.ndjson")).unwrap();
        assert_eq!(text.lines().count(), lines, "{text}");
        let last = text.lines().last().unwrap();
        assert!(last.contains(says) && last.contains(path), "{last}");
        assert!(!text.contains(&token), "{text}");
    }
}

#[tokio::test]
async fn whom_the_door_lets_in_and_what_is_behind_it_refuses_is_audited() {
    let folder = tempfile::tempdir().unwrap();
    let audit = AuditLog::open(folder.path(), crate::clock::system()).unwrap();
    let tell = Need {
        roles: &[Role::Partner],
        scope: ScopeNeed::Nothing,
        anonymous: Anonymous::Never,
    };
    let (tokens, audit) = (token_book(), Arc::new(audit));
    let guarded = Guarded::audited(tokens, audit)
        .post_with("/others", tell, (), async || StatusCode::FORBIDDEN)
        .post_with("/ours", tell, (), async || StatusCode::OK);
    let client = Client::new(guarded.into_parts().0);
    for path in ["/ours", "/others"] {
        let asked = request(
            &Method::POST,
            path,
            Who::Local(Role::Partner),
            Body::empty(),
        );
        client.send(asked).await;
    }
    let text = std::fs::read_to_string(folder.path().join("audit.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("/others") && text.contains("refused"),
        "{text}"
    );
}

#[tokio::test]
async fn signing_in_is_audited_without_the_token() {
    for who in [Who::Local(Role::Partner), Who::Stranger] {
        let token = who.token().unwrap();
        let body = Body::from(format!("token={token}"));
        let mut form = request(&Method::POST, "/session", Who::Nobody, body);
        set(
            &mut form,
            "content-type",
            "application/x-www-form-urlencoded",
        );
        let lines = logged(form).await;
        assert!(
            lines.iter().any(|line| line.contains(" audit: ")),
            "{lines:?}"
        );
        assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");
    }
}

#[tokio::test]
async fn a_line_says_from_where_it_was_asked_and_who_signed_out() {
    let folder = tempfile::tempdir().unwrap();
    let audit = AuditLog::open(folder.path(), crate::clock::system()).unwrap();
    let guarded = Guarded::audited(token_book(), Arc::new(audit));
    let client = Client::new(session::routes(guarded).into_parts().0);
    let token = Who::Local(Role::Partner).token().unwrap();
    let form = |path: &str, body: String| {
        let mut asked = request(&Method::POST, path, Who::Nobody, Body::from(body));
        set(
            &mut asked,
            "content-type",
            "application/x-www-form-urlencoded",
        );
        asked
            .extensions_mut()
            .insert(Peer("192.0.2.7".parse().unwrap()));
        asked
    };
    let signed_in = client
        .send(form("/session", format!("token={token}")))
        .await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().to_owned();
    let mut leaving = form("/session/end", String::new());
    set(&mut leaving, "cookie", cookie.split(';').next().unwrap());
    client.send(leaving).await;
    let text = std::fs::read_to_string(folder.path().join("audit.ndjson")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, outcome) in lines.iter().zip(["signed in", "signed out"]) {
        for part in [outcome, "local_partner", "\"address\":\"192.0.2.7\""] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert!(!text.contains(cookie.split(['=', ';']).nth(1).unwrap()));
}
