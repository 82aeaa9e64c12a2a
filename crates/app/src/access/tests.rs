//! Every kind of route, tried as everybody, against what the design says in words.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::http::header::{LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use serde_json::json;
use townclerk_domain::names::{JOINT, SHARED};

use super::need::{Anonymous, Need, ScopeNeed};
use super::session;
use super::{Caller, Guarded, Role, Sessions, TokenBook};
use crate::http::described::{Answers, Described, Parameter};
use crate::http::testing::{
    Answer, Client, Entry, Knock, REACHED, Who, request, set, token_book, try_every_route,
};

const READ: Need = Need {
    roles: &Role::ALL,
    scope: ScopeNeed::PathView,
    anonymous: Anonymous::Never,
};

const FIGURES: Need = Need {
    anonymous: Anonymous::JointWithoutSplit,
    ..READ
};

const READ_LOG: Need = Need {
    roles: &[Role::Partner, Role::Officer],
    scope: ScopeNeed::PathLogToRead,
    anonymous: Anonymous::Never,
};

const OPERATE: Need = Need {
    roles: &[Role::Operator],
    scope: ScopeNeed::Nothing,
    anonymous: Anonymous::Never,
};

async fn caller_of_request(caller: Option<Extension<Caller>>) -> String {
    caller.map_or_else(String::new, |Extension(caller)| caller.subject.to_string())
}

fn guarded() -> Guarded {
    let command = Need::command(&[Role::ServiceDesk, Role::Change]);
    let forgotten = Need::command(&[Role::Officer]);
    let query = ["breakdown", "min_position"].map(|name| Parameter {
        name,
        about: String::new(),
        repeats: true,
        schema: json!({ "type": "string" }),
    });
    Guarded::new(token_book())
        .get("/livez", Need::nothing(), caller_of_request)
        .get("/views/{view}/tickets", READ, caller_of_request)
        .get("/views/{view}/figures", FIGURES, caller_of_request)
        .described(Described::Read {
            query: query.into(),
            answers: Answers::Page,
        })
        .post_with("/logs/{log}/tickets", command, (), caller_of_request)
        .get("/logs/{log}/events", READ_LOG, caller_of_request)
        .get("/forgotten-too", READ_LOG, caller_of_request)
        .post_with("/forgotten", forgotten, (), caller_of_request)
        .post_with("/rebuild", OPERATE, (), caller_of_request)
}

fn client() -> Client {
    Client::new(session::routes(guarded()).into_parts().0)
}

/// The design's words, one sentence after the other, without the code under test.
fn expected(knock: &Knock<'_>) -> Entry {
    let (role, everywhere) = match knock.who {
        Who::Nobody | Who::Stranger => (None, false),
        Who::Everywhere(role) => (Some(role), true),
        Who::Local(role) => (Some(role), false),
    };
    let reached = everywhere || knock.name == REACHED;
    let open = match knock.route.path.as_str() {
        "/livez" => true,
        "/views/{view}/figures" => knock.name == JOINT && knock.who != Who::Stranger,
        _ => false,
    };
    let Some(role) = role else {
        return if open {
            Entry::Admitted
        } else {
            Entry::WhoAsks
        };
    };
    let allowed = match knock.route.path.as_str() {
        "/views/{view}/tickets" | "/views/{view}/figures" => match (role, knock.name) {
            (Role::Committee, name) => name == JOINT,
            (Role::Officer | Role::Operator, JOINT) => everywhere,
            (_, JOINT) => false,
            (_, SHARED) => true,
            (_, _) => reached,
        },
        "/logs/{log}/tickets" => matches!(role, Role::ServiceDesk | Role::Change) && reached,
        "/logs/{log}/events" => match role {
            Role::Partner => reached || knock.name == SHARED,
            Role::Officer => reached,
            _ => false,
        },
        "/rebuild" => role == Role::Operator,
        _ => false,
    };
    match allowed || open {
        true => Entry::Admitted,
        false => Entry::Forbidden,
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_design_names() {
    let (router, routes) = guarded().into_parts();
    let knocks = try_every_route(&Client::new(router), &routes, expected).await;
    assert_eq!(knocks, (4 + 4 * 4) * 14);
}

#[tokio::test]
async fn no_route_takes_a_parameter_twice_and_goes_on_with_the_last() {
    let client = client();
    for (method, path) in [
        (Method::GET, "/livez"),
        (Method::GET, "/views/brent/figures"),
        (Method::GET, "/logs/brent/events"),
        (Method::POST, "/logs/brent/tickets"),
        (Method::POST, "/rebuild"),
        (Method::POST, "/session"),
    ] {
        for who in [Role::ServiceDesk, Role::Officer, Role::Operator].map(Who::Everywhere) {
            let ask = |query: &str| {
                let path = format!("{path}?{query}");
                client.send(request(&method, &path, who, Body::from("{}")))
            };
            let once = ask("p%72iority=p1").await;
            let twice = ask("p%72iority=p1&limit=2&priority=p3").await;
            if once.status == StatusCode::FORBIDDEN {
                // What is asked is nobody's business who may not ask.
                assert_eq!(twice.problem(), "forbidden", "{path}");
                continue;
            }
            assert_eq!(twice.problem(), "bad-query", "{path}: {twice:?}");
            let detail = twice.json()["detail"].as_str().unwrap().to_owned();
            let says = "priority: given 2 times (\"p1\", \"p3\"); give it once";
            assert_eq!(detail, says, "{path}");
        }
    }
}

#[tokio::test]
async fn joint_figures_by_council_need_a_token() {
    let client = client();
    for query in [
        "",
        "?breakdown=priority",
        "?measure=tickets_logged&priority=p1",
    ] {
        let answer = client
            .get(&format!("/views/joint/figures{query}"), Who::Nobody)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
    }
    for query in [
        "?breakdown=home",
        "?breakdown=priority,home",
        "?breakdown=kind&breakdown=home",
        "?home=brent",
        "?bre%61kdown=h%6Fme",
        "?breakdown=priority%2Chome",
    ] {
        let path = format!("/views/joint/figures{query}");
        let nobody = client.get(&path, Who::Nobody).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{query}");
        let desk = client.get(&path, Who::Everywhere(Role::ServiceDesk)).await;
        assert_eq!(desk.status, StatusCode::FORBIDDEN, "{query}");
        let committee = client.get(&path, Who::Local(Role::Committee)).await;
        assert_eq!(committee.status, StatusCode::OK, "{query}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_would_be_needed() {
    let client = client();
    let nobody = client.get("/views/brent/tickets", Who::Nobody).await;
    assert_eq!(nobody.headers[WWW_AUTHENTICATE], "Bearer");
    let detail = |answer: Answer| answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail(nobody).contains("Authorization: Bearer"));
    let operate = request(
        &Method::POST,
        "/rebuild",
        Who::Local(Role::Partner),
        Body::empty(),
    );
    let role = detail(client.send(operate).await);
    assert!(
        role.contains("operator") && role.contains("partner"),
        "{role}"
    );
    let reach = detail(
        client
            .get("/views/lewisham/tickets", Who::Local(Role::Partner))
            .await,
    );
    assert!(
        reach.contains("lewisham") && reach.contains("brent"),
        "{reach}"
    );
    let joint = client
        .get(
            "/views/joint/figures?breakdown=home",
            Who::Everywhere(Role::ServiceDesk),
        )
        .await;
    let joint = detail(joint);
    assert!(
        joint.ends_with("; with these councils one of the roles officer, operator, committee does"),
        "{joint}"
    );
    let partner = client
        .get(
            "/views/joint/figures?breakdown=home",
            Who::Local(Role::ServiceDesk),
        )
        .await;
    let partner = detail(partner);
    assert!(
        partner.ends_with("; with these councils the role committee does"),
        "{partner}"
    );
}

#[tokio::test]
async fn the_handler_learns_who_asks() {
    let client = client();
    let known = client.get("/livez", Who::Local(Role::Partner)).await;
    assert_eq!(known.text, "local_partner");
    assert_eq!(client.get("/livez", Who::Nobody).await.text, "");
}

async fn with_cookie(client: &Client, method: &Method, path: &str, cookie: &str) -> StatusCode {
    let mut request = request(method, path, Who::Nobody, Body::empty());
    set(&mut request, "cookie", cookie);
    client.send(request).await.status
}

/// Posts a form as a browser does, from this site unless `headers` say otherwise.
async fn form(
    client: &Client,
    path: &str,
    fields: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let body = Body::from(fields.to_owned());
    let mut request = request(&Method::POST, path, Who::Nobody, body);
    let form = "application/x-www-form-urlencoded";
    set(&mut request, "content-type", form);
    for (name, value) in headers {
        set(&mut request, name, value);
    }
    client.send(request).await
}

/// The cookie of a new session, as a browser sends it.
async fn signed_in(client: &Client, who: Who) -> String {
    let token = who.token().unwrap();
    let answer = form(client, "/session", &format!("token={token}"), &[]).await;
    let set = answer.headers[SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_taken_for_reading_only() {
    let client = client();
    let session = signed_in(&client, Who::Everywhere(Role::ServiceDesk)).await;
    let cookie = format!("theme=dark; {session}");
    for method in [Method::GET, Method::HEAD] {
        let read = with_cookie(&client, &method, "/views/brent/tickets", &cookie).await;
        assert_eq!(read, StatusCode::OK);
    }
    let command = with_cookie(&client, &Method::POST, "/logs/brent/tickets", &cookie).await;
    assert_eq!(command, StatusCode::UNAUTHORIZED);
    let token = Who::Everywhere(Role::ServiceDesk).token().unwrap();
    for stale in [
        "townclerk_session=gone",
        &format!("townclerk_session={token}"),
    ] {
        let read = with_cookie(&client, &Method::GET, "/views/brent/tickets", stale).await;
        assert_eq!(read, StatusCode::UNAUTHORIZED);
        let public = with_cookie(&client, &Method::GET, "/views/joint/figures", stale).await;
        assert_eq!(public, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_browser_signs_in_with_a_form_and_out_again() {
    let client = client();
    let token = Who::Local(Role::Partner).token().unwrap();
    let fields = format!("token={token}&next=%2Fbrent");
    let answer = form(&client, "/session", &fields, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.headers[LOCATION], "/brent");
    let set = answer.headers[SET_COOKIE].to_str().unwrap();
    let (session, attributes) = set.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"
    );
    assert!(!set.contains(&token), "the token is not in the browser");
    let read = with_cookie(&client, &Method::GET, "/views/brent/tickets", session).await;
    assert_eq!(read, StatusCode::OK);
    let leaving = [("cookie", session)];
    let signed_out = form(&client, "/session/end", "", &leaving).await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    let cookie = signed_out.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("townclerk_session=;") && cookie.ends_with("Max-Age=0"),
        "{cookie}"
    );
    // Also where somebody kept the cookie.
    let read = with_cookie(&client, &Method::GET, "/views/brent/tickets", session).await;
    assert_eq!(read, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_that_cannot_be_taken_begins_no_session() {
    let client = client();
    let token = Who::Local(Role::Partner).token().unwrap();
    for (fields, problem) in [
        ("token=tc_wrong&next=/".to_owned(), "unauthenticated"),
        ("next=/".to_owned(), "bad-form"),
        (format!("token={token}&next=//evil.example"), "bad-form"),
        (
            format!("token={token}&next=https://evil.example"),
            "bad-form",
        ),
    ] {
        let refused = form(&client, "/session", &fields, &[]).await;
        assert_eq!(refused.problem(), problem, "{fields}: {refused:?}");
        assert!(!refused.headers.contains_key(SET_COOKIE));
    }
}

#[tokio::test]
async fn a_position_is_named_by_those_who_may_read_its_log_and_by_nobody_else() {
    use crate::http::testing::NOT_REACHED;

    let client = client();
    let (local, everywhere) = (Who::Local(Role::Officer), Who::Everywhere(Role::Officer));
    let committee = Who::Everywhere(Role::Committee);
    for (who, view, log, status) in [
        (Who::Nobody, JOINT, REACHED, StatusCode::UNAUTHORIZED),
        (Who::Nobody, JOINT, "no-such-log", StatusCode::UNAUTHORIZED),
        (committee, JOINT, REACHED, StatusCode::FORBIDDEN),
        (committee, JOINT, SHARED, StatusCode::FORBIDDEN),
        (local, REACHED, REACHED, StatusCode::OK),
        (local, JOINT, REACHED, StatusCode::OK),
        (local, JOINT, NOT_REACHED, StatusCode::FORBIDDEN),
        (local, REACHED, SHARED, StatusCode::OK),
        (local, SHARED, NOT_REACHED, StatusCode::FORBIDDEN),
        (local, REACHED, NOT_REACHED, StatusCode::FORBIDDEN),
        (everywhere, JOINT, NOT_REACHED, StatusCode::OK),
    ] {
        for also in ["", "&min_position=shared:1"] {
            let also = if who == committee { "" } else { also };
            let path = format!("/views/{view}/figures?min_position={log}:1{also}");
            let answer = client.get(&path, who).await;
            assert_eq!(answer.status, status, "{who:?} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let client = client();
    let session = signed_in(&client, Who::Local(Role::Partner)).await;
    let token = Who::Local(Role::Partner).token().unwrap();
    let fields = format!("token={token}");
    for said in [
        [("sec-fetch-site", "cross-site"), ("cookie", &session)],
        [("origin", "https://evil.example"), ("cookie", &session)],
    ] {
        for (path, fields) in [("/session", fields.as_str()), ("/session/end", "")] {
            let refused = form(&client, path, fields, &said).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
            assert_eq!(refused.problem(), "other-site");
            assert!(!refused.headers.contains_key(SET_COOKIE));
        }
        let read = with_cookie(&client, &Method::GET, "/views/brent/tickets", &session).await;
        assert_eq!(read, StatusCode::OK, "still signed in");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_sign_ins_are_slowed_and_a_right_token_is_not() {
    let client = client();
    let took = async |fields: &str| {
        let began = tokio::time::Instant::now();
        let status = form(&client, "/session", fields, &[]).await.status;
        (status, began.elapsed().as_secs())
    };
    for seconds in [0, 0, 0, 1, 2] {
        let wrong = took("token=tc_wrong").await;
        assert_eq!(wrong, (StatusCode::UNAUTHORIZED, seconds));
    }
    let right = Who::Local(Role::Partner).token().unwrap();
    let right = took(&format!("token={right}")).await;
    assert_eq!(right, (StatusCode::SEE_OTHER, 0));
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let (tokens, sessions) = (token_book(), Arc::new(Sessions::default()));
    let asking = |tokens: &Arc<TokenBook>| {
        let guarded = Guarded::new(Arc::clone(tokens)).with_sessions(Arc::clone(&sessions));
        let guarded = guarded.get("/views/{view}/tickets", READ, caller_of_request);
        Client::new(session::routes(guarded).into_parts().0)
    };
    let before = asking(&tokens);
    let session = signed_in(&before, Who::Local(Role::Partner)).await;
    let path = "/views/brent/tickets";
    // Another composition, as after a change of the files.
    let same = asking(&tokens);
    let read = with_cookie(&same, &Method::GET, path, &session).await;
    assert_eq!(read, StatusCode::OK);
    let revoked = asking(&Arc::default());
    let read = with_cookie(&revoked, &Method::GET, path, &session).await;
    assert_eq!(read, StatusCode::UNAUTHORIZED);
}
