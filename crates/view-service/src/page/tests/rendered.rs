//! Pages as HTML.

use std::collections::BTreeSet;

use axum::Extension;
use axum::body::to_bytes;
use axum::extract::{Path, Query, State};
use tempfile::TempDir;
use townclerk_app::access::{Caller, Councils, Role};
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_domain::identity::CallerId;
use townclerk_views::public::RULE;

use super::record::{HOSTILE, Record};
use crate::page::topic::Topic;
use crate::page::{home, page, sign_in};
use crate::query::Params;
use crate::routes::Views;

fn params(pairs: &[(&str, &str)]) -> Params {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub(super) fn officer() -> Extension<Caller> {
    Extension(Caller {
        subject: CallerId::new("officer-1").unwrap(),
        roles: BTreeSet::from([Role::Officer]),
        councils: Councils::All,
        system: None,
    })
}

async fn text(response: axum::response::Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn read(
    views: &Views,
    name: &str,
    pairs: &[(&str, &str)],
    caller: Option<Extension<Caller>>,
) -> Result<String, Problem> {
    read_topic(views, (Topic::Tickets, name), pairs, caller).await
}

pub(super) async fn read_topic(
    views: &Views,
    (topic, name): (Topic, &str),
    pairs: &[(&str, &str)],
    caller: Option<Extension<Caller>>,
) -> Result<String, Problem> {
    let name = Path(name.to_owned());
    let query = Ok(Query(params(pairs)));
    let answer = page(topic, State(views.clone()), name, query, caller).await?;
    Ok(text(answer).await)
}

/// What stands between the tags of the row whose header begins so, in the table with this id.
pub(super) fn row(html: &str, table: &str, header: &str) -> Vec<String> {
    let start = html
        .find(&format!("<div class=\"table\" id=\"{table}\""))
        .unwrap();
    let table = &html[start..];
    let table = &table[..table.find("</table>").unwrap()];
    let row = table.find(&format!("<th scope=\"row\">{header}"));
    let row = &table[row.unwrap_or_else(|| panic!("{header} in {table}"))..];
    let row = &row[..row.find("</tr>").unwrap()];
    let cells = row.split("<td").skip(1);
    let inner = cells.map(|cell| {
        let (_, inner) = cell.split_once('>').unwrap();
        inner.trim_end_matches("</td>").to_owned()
    });
    inner.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_joint_page_shows_figures_and_claims() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let html = read(&views, "joint", &[], Some(officer())).await.unwrap();
    assert!(html.contains("<html lang=\"en-GB\">"));
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(!html.contains("<script"), "no scripts, hostile or ours");
    assert!(html.contains("Sample data:"));
    assert!(html.contains("22 August 2020, 00:00 (London)"));
    // Open at the end of July: two of July and two of June.
    assert_eq!(row(&html, "months", "July 2020"), ["2", "0", "4", "0"]);
    assert_eq!(row(&html, "months", "August 2020 (partial)")[0], "1");
    let source = "A paper, paragraph &#60;6.7&#62;";
    let agrees = row(&html, "p1-months", "July 2020");
    assert_eq!(agrees, ["1", "1", "agrees", source]);
    let differs = row(&html, "p1-months", "June 2020");
    assert_eq!(differs, ["1", "2", "differs: ours is 1 less", source]);
    assert_eq!(row(&html, "p1-months", "August 2020")[1], "none published");
    let published = row(&html, "published", "June 2020");
    let counted = ["P1 incidents", "1", "2", "differs: ours is 1 less"];
    assert_eq!(published[1..5], counted);
    assert_eq!(published[5], "1 August 2020, 00:00 (London)");
    assert!(html.contains("href=\"/brent\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_joint_page_is_as_at_a_months_end_and_shows_no_small_number() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let html = read(&views, "joint", &[], None).await.unwrap();
    // The record goes on into August.
    assert!(html.contains("1 August 2020, 00:00 (London)"));
    assert!(!html.contains("August 2020 (partial)"));
    let july = row(&html, "months", "July 2020");
    assert_eq!(july, ["not shown", "not shown", "not shown", "0"]);
    // Nor whether what was published is the number that is not shown.
    let source = "A paper, paragraph &#60;6.7&#62;";
    let published = row(&html, "p1-months", "June 2020");
    assert_eq!(published[..2], ["not shown", "2"]);
    assert!(
        published
            .iter()
            .all(|cell| cell != "differs" && cell != "agrees")
    );
    assert!(html.contains(source));
    for sentence in RULE.in_words() {
        assert!(html.contains(&sentence), "{sentence}");
    }
    assert!(html.contains("href=\"/sign-in?next=/brent\""));
    let finer = [("as_at", "2020-07-15T23:00:00Z")];
    let refused = read(&views, "joint", &finer, None).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::UNAUTHENTICATED);
    assert!(refused.detail().contains("as_at 2020-07-15T23:00:00Z"));
    let month = [("as_at", "2020-06-30T23:00:00Z")];
    let html = read(&views, "joint", &month, None).await.unwrap();
    assert!(html.contains("1 July 2020, 00:00 (London)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_and_not_computed_has_its_own_unit_and_is_no_ticket() {
    let dir = TempDir::new().unwrap();
    let mut record = Record::new(true);
    record.tells_that("calls_abandoned", "calls", "2020-05", 8_000);
    let views = record.views(&dir).await;
    let html = read(&views, "joint", &[], Some(officer())).await.unwrap();
    let published = row(&html, "published", "May 2020");
    let expected = ["Calls abandoned", "calls", "not computed", "at least 8,000"];
    assert_eq!(published[..4], expected);
    assert!(
        published[4].starts_with("not comparable: "),
        "{published:?}"
    );
    assert!(published.iter().all(|cell| !cell.contains("ticket")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_councils_page_escapes_its_name_and_sets_shared_records_apart() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let html = read(&views, "brent", &[], Some(officer())).await.unwrap();
    assert!(!html.contains("<script") && !html.contains(HOSTILE));
    assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
    assert!(html.contains("Signed in as officer-1 (officer; councils: all)"));
    assert!(html.contains("action=\"/session/end\""));
    for id in [
        "quarters",
        "months",
        "priorities",
        "open",
        "services",
        "shared",
    ] {
        assert!(
            html.contains(&format!("<caption id=\"{id}-caption\">")),
            "{id}"
        );
    }
    assert!(html.matches("<th scope=\"col\"").count() > 20);
    // The shared ticket of June is beside Brent's own, in no sum of it.
    assert_eq!(row(&html, "shared", "20/21 Q1")[..2], ["1", "1"]);
    assert_eq!(row(&html, "quarters", "20/21 Q1")[0], "1");
    assert_eq!(row(&html, "open", "All priorities"), ["4"]);
    assert_eq!(row(&html, "services", "email"), ["1", "3", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_council_is_named_and_makes_no_zero() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(false).views(&dir).await;
    let html = read(&views, "joint", &[], None).await.unwrap();
    let said = "Lewisham: no coverage recorded, so the joint figure is not shown.";
    assert!(html.contains(said), "{html}");
    let july = row(&html, "months", "July 2020");
    assert_eq!(july, ["not covered"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_state_is_shown_again_and_a_wrong_moment_is_refused() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let past = [("as_at", "2020-07-03T23:00:00Z"), ("known_at", "")];
    let html = read(&views, "joint", &past, Some(officer())).await.unwrap();
    assert_eq!(row(&html, "months", "July 2020 (partial)")[0], "1");
    assert!(html.contains("4 July 2020, 00:00 (London)"));
    assert!(html.contains("href=\"/joint/backlog?as_at=2020-07-03T23:00:00Z\""));
    for (name, value) in [
        ("as_at", "yesterday"),
        ("home", "brent"),
        ("breakdown", "kind"),
    ] {
        let problem = read(&views, "joint", &[(name, value)], None).await;
        let problem = problem.err().unwrap();
        assert!(problem.detail().starts_with(name), "{}", problem.detail());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_links_what_a_caller_may_read() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let ask = |caller| home(State(views.clone()), Ok(Query(params(&[]))), caller);
    let nobodys = text(ask(None).await.unwrap()).await;
    assert!(nobodys.contains("href=\"/joint\""));
    assert!(nobodys.contains("href=\"/sign-in?next=/brent\""));
    let officers = text(ask(Some(officer())).await.unwrap()).await;
    assert!(officers.contains("href=\"/brent\""));
    let next = Ok(Query(params(&[("next", "/brent\"><script>")])));
    let form = sign_in(State(views.clone()), next, None).await.unwrap();
    let form = text(form).await;
    assert!(form.contains("action=\"/session\"") && !form.contains("<script"));
    assert_eq!(form.matches("id=\"token\"").count(), 1);
}
