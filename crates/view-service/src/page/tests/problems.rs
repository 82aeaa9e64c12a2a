//! Problems as pages: what somebody with a browser is told, and where it leads.

use axum::body::Body;
use axum::http::Method;
use tempfile::TempDir;
use townclerk_app::access::{Guarded, Role, session};
use townclerk_app::http::testing::{Answer, BROWSER, Client, Who, request, set, token_book};

use super::record::Record;
use crate::page::problem_pages;
use crate::routes::{Views, routes};

const DESK: Who = Who::Local(Role::ServiceDesk);

async fn client(dir: &TempDir) -> Client {
    let views = Record::new(true).views(dir).await;
    let guarded = session::routes(Guarded::new(token_book()));
    let (router, _) = routes(guarded, &views).into_parts();
    Client::with_pages(router, problem_pages(&views))
}

fn is_page(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let html = &answer.text;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(
        html.contains(&format!("<title>{title} – Townclerk</title>")),
        "{html}"
    );
    assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
    assert!(html.contains("<nav aria-label=\"Councils\">"), "{html}");
    assert!(html.contains("href=\"/joint\""), "{html}");
    assert!(
        !html.contains("urn:townclerk:problem") && !html.contains("<script"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_is_led_to_sign_in_and_back() {
    let dir = TempDir::new().unwrap();
    let client = client(&dir).await;
    for path in [
        "/brent?as_at=2020-07-15T00:00:00Z&known_at=",
        "/brent/findings",
        "/v1/views/brent/outages?limit=2",
        "/brent/outages/csv/months",
    ] {
        let answer = client.visit(path, Who::Nobody).await;
        is_page(&answer, 401, "Sign in to see this page");
        let back = format!("name=\"next\" value=\"{}\"", path.replace('&', "&#38;"));
        assert!(answer.text.contains(&back), "{}", answer.text);
        assert_eq!(answer.text.matches("id=\"token\"").count(), 1);
        assert!(
            !answer.text.contains("Authorization"),
            "that is for programs"
        );
    }
    // Such a path names another site.
    let other = client.visit("//evil.example/brent", Who::Nobody).await;
    assert!(
        other.text.contains("name=\"next\" value=\"/\""),
        "{other:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_known_can_be_tried_again_with_the_same_way_back() {
    let dir = TempDir::new().unwrap();
    let client = client(&dir).await;
    let sign_in = async |next: &str| {
        let form = format!("token=nobodys&next={next}");
        let mut asked = request(&Method::POST, "/session", Who::Nobody, Body::from(form));
        set(
            &mut asked,
            "content-type",
            "application/x-www-form-urlencoded",
        );
        set(&mut asked, "accept", BROWSER);
        client.send(asked).await
    };
    let refused = sign_in("/brent/outages").await;
    is_page(&refused, 401, "This token is not known");
    assert!(
        refused
            .text
            .contains("name=\"next\" value=\"/brent/outages\"")
    );
    assert!(!refused.text.contains("nobodys"), "{refused:?}");
    let elsewhere = sign_in("//evil.example").await;
    is_page(&elsewhere, 401, "This token is not known");
    assert!(!elsewhere.text.contains("evil"), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_may_not_see_is_not_open_to_it_and_signing_in_is_not_offered() {
    let dir = TempDir::new().unwrap();
    let client = client(&dir).await;
    is_page(
        &client.visit("/lewisham", DESK).await,
        403,
        "Not open to you",
    );
    let committee = Who::Everywhere(Role::Committee);
    let refused = client.visit("/brent", committee).await;
    is_page(&refused, 403, "Not open to you");
    for html in [&refused.text, &client.visit("/joint", committee).await.text] {
        assert!(!html.to_lowercase().contains("sign in"), "{html}");
        let closed =
            "Shared by several councils <span class=\"aside\">(not open to you)</span></span>";
        assert!(html.contains(closed), "{html}");
    }
    let home = client.visit("/", committee).await.text;
    assert!(home.contains("<p>Not open to you.</p>"), "{home}");
    // The figures of joint are open to everybody, the records behind them are not.
    let joint = client.visit("/joint/outages", DESK).await;
    assert_eq!(joint.status, 200);
    assert!(
        joint
            .text
            .contains("records behind these figures are not open to you")
    );
    assert!(
        !joint.text.to_lowercase().contains("sign in"),
        "{}",
        joint.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_problems_say_what_was_found_and_what_to_do() {
    let dir = TempDir::new().unwrap();
    let client = client(&dir).await;
    let twice = "/joint?as_at=2020-07-15T00:00:00Z&as_at=%3Cscript%3E";
    for (path, status, title, says) in [
        (
            "/joint?as_at=yesterday",
            400,
            "The query cannot be answered",
            "&#34;yesterday&#34; is no instant",
        ),
        (
            twice,
            400,
            "The query cannot be answered",
            "as_at: given 2 times",
        ),
        (
            "/joint/no-such-page",
            404,
            "There is nothing at this path",
            "/joint/no-such-page",
        ),
        (
            "/joint/csv/nothing",
            404,
            "There is no such record",
            "table nothing",
        ),
    ] {
        let answer = client.visit(path, DESK).await;
        is_page(&answer, status, title);
        assert!(answer.text.contains(says), "{}", answer.text);
        assert!(
            answer.text.contains("Signed in as local_service-desk"),
            "{path}"
        );
        let plain = answer
            .text
            .contains("<a href=\"/joint\">Show this page without");
        assert_eq!(plain, status == 400, "{path}");
        assert!(answer.text.contains(&format!("status {status}")), "{path}");
    }
    let mut posted = request(&Method::POST, "/joint", Who::Nobody, Body::empty());
    set(&mut posted, "accept", BROWSER);
    is_page(
        &client.send(posted).await,
        405,
        "This path does not take this method",
    );
}

#[test]
fn a_problem_has_a_page_where_no_view_is_served() {
    use townclerk_app::http::Problem;
    use townclerk_app::http::problem_page::{Asker, Visit};
    let visit = Visit {
        method: Method::GET,
        uri: "/brent".parse().unwrap(),
        asker: Asker::NotLookedAt,
    };
    let busy = Problem::not_ready(vec!["councils are being changed".to_owned()]);
    let html = problem_pages(&Views::new([]))(&busy, &visit).unwrap();
    assert!(
        html.contains("<h1>This service is not ready</h1>"),
        "{html}"
    );
    assert!(html.contains("Wait a few seconds") && html.contains("councils are being changed"));
    assert!(!html.contains("id=\"token\""), "it is not known who asks");
}
