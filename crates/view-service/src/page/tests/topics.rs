//! The pages of outages, availability, changes, posts and findings as HTML.

use axum::Extension;
use axum::extract::{Path, Query, State};
use tempfile::TempDir;
use townclerk_app::access::{Caller, Guarded, Role};
use townclerk_app::http::testing::{Client, Who, token_book};

use super::rendered::{officer, read_topic, row};
use super::services::record;
use crate::page::topic::Topic;
use crate::page::{page, routes};
use crate::query::Params;
use crate::routes::Views;

const HIDDEN: &str = "The single records behind these figures are for those who sign in.";

async fn views() -> (TempDir, Views) {
    let dir = TempDir::new().unwrap();
    let views = record().views(&dir).await;
    (dir, views)
}

async fn shown(views: &Views, topic: Topic, name: &str) -> String {
    let html = read_topic(views, (topic, name), &[], Some(officer())).await;
    html.unwrap()
}

fn line(text: &str) -> String {
    format!("<li>{text}</li>")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_one_heading_and_links_to_the_others_of_its_view() {
    let (_dir, views) = views().await;
    for topic in Topic::ALL {
        for name in ["joint", "brent", "shared"] {
            let html = shown(&views, topic, name).await;
            assert_eq!(html.matches("<h1>").count(), 1, "{topic:?} of {name}");
            assert!(!html.contains("<script"), "{topic:?} of {name}");
            // Where there is nothing to show, nothing of it was made up.
            let has_sample = !(topic == Topic::Availability && name == "shared");
            let found = html.contains("Sample data:");
            assert_eq!(found, has_sample, "{topic:?} of {name}");
            for other in Topic::ALL {
                let mark = if other == topic {
                    " aria-current=\"page\""
                } else {
                    ""
                };
                let (path, title) = (other.path(name), other.title());
                let link = format!("<li><a href=\"{path}\"{mark}>{title}</a></li>");
                assert!(html.contains(&link), "{link} in {topic:?} of {name}");
            }
            let captions = html.matches("<caption ").count();
            assert_eq!(captions, html.matches("<table>").count());
            assert!(captions > 0, "{topic:?} of {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_below_target_says_so_in_words_and_is_drawn() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Availability, "brent").await;
    let june = row(&html, "availability", "June 2020");
    // 600 minutes of 43,200.
    assert_eq!(june, ["98.61", "98.61, below target 99"]);
    assert_eq!(
        row(&html, "availability", "July 2020"),
        ["100.00", "100.00"]
    );
    assert_eq!(
        row(&html, "availability", "April 2020"),
        ["no agreement"; 2]
    );
    assert_eq!(row(&html, "downtime", "June 2020"), ["600", "600"]);
    // Half of the users were hit.
    assert_eq!(row(&html, "downtime-users", "June 2020"), ["300.0"; 2]);
    let year = row(&html, "rolling", "email");
    let young = "no agreement in every month";
    assert_eq!(year, [young, young, "1", "1"]);
    let agreed = row(&html, "agreements", "email");
    assert_eq!(agreed[1..4], ["around the clock", "99", "24 hours"]);
    assert_eq!(agreed[4..], ["1 May 2020", "in force"]);
    assert!(
        html.contains("<svg role=\"img\" aria-labelledby=\"chart-email-title chart-email-desc\"")
    );
    assert!(html.contains("Below the target of 99: June 2020."));
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_say_when_as_far_as_it_is_known_what_was_hit_and_why() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Outages, "brent").await;
    assert_eq!(row(&html, "months", "June 2020"), ["1", "0", "0", "0"]);
    assert_eq!(row(&html, "months", "July 2020"), ["0", "1", "1", "0"]);
    let core = row(&html, "list", "Core &#60;switch&#62;");
    assert_eq!(
        core[1..4],
        [
            "10 hours",
            "email down",
            "core-network, power; supplier netco"
        ]
    );
    let open = "open: A second supply of power (infrastructure, due 30 September 2020)";
    assert!(core[4].contains(&line("0 of 1 complete")) && core[4].contains(&line(open)));
    assert!(core[5].contains(&line("Resolved")) && core[5].contains(&line("not planned")));
    assert!(html.contains("<span class=\"detail\">10 June 2020, 11:00</span>"));
    let storage = row(&html, "list", "Slow storage");
    assert_eq!(
        storage[1..4],
        ["not known", "email degraded", "not found yet"]
    );
    assert!(html.contains("<span class=\"detail\">some time in July 2020</span>"));
    let known = row(&html, "known-errors", "Search is slow");
    let cause = "mail-index, software; own";
    assert_eq!(known[1..], ["email degraded", cause, "Search by date"]);
    let known = row(&html, "list", "Search is slow");
    assert!(known[5].contains(&line("known error")));
    let planned = row(&html, "list", "Mail store moves");
    assert_eq!(planned[1], "not begun");
    assert!(planned[5].contains(&line("planned maintenance")));
    let when = "planned for 25 August 2020, 22:00 to 23:00";
    assert!(html.contains(when));
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_say_how_long_restoring_took_and_what_is_still_to_be_done() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Outages, "brent").await;
    let alone = "no two failures";
    let quarter = row(&html, "failures", "20/21 Q1");
    assert_eq!(quarter, ["600.0", alone, alone, "0"]);
    let supplier = row(&html, "parties", "supplier");
    assert!(supplier.contains(&"600.0".to_owned()), "{supplier:?}");
    let own = row(&html, "parties", "own");
    assert!(own.contains(&"none restored".to_owned()), "{own:?}");
    let action = row(&html, "actions", "A second supply of power");
    let due = "30 September 2020";
    assert_eq!(action[0], "Core &#60;switch&#62;");
    assert_eq!(action[2..], ["infrastructure", due]);
    // A day after it was due it stands out, and is a finding.
    let october = [("as_at", "2020-10-02T00:00:00Z")];
    let page = (Topic::Outages, "brent");
    let html = read_topic(&views, page, &october, Some(officer())).await;
    let action = row(&html.unwrap(), "actions", "A second supply of power");
    assert_eq!(action[3], format!("{due}, overdue"));
    let page = (Topic::Findings, "brent");
    let html = read_topic(&views, page, &october, Some(officer())).await;
    assert!(html.unwrap().contains("Remedial action overdue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_of_recovery_stand_beside_their_targets() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Outages, "brent").await;
    let quarter = row(&html, "recovery", "20/21 Q1");
    assert_eq!(quarter, ["2", "0.00", "0", "none with a target"]);
    let critical = row(&html, "recovery-tests", "critical-services");
    assert_eq!(critical[1..3], ["15 minutes", "20 minutes"]);
    assert_eq!(critical[5], "not within target");
    let full = row(&html, "recovery-tests", "virtual-machines");
    assert_eq!(full[1..3], ["not recorded", "345 minutes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_number_of_outages_stands_beside_ours() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Outages, "joint").await;
    let claimed = row(&html, "published", "April to July 2020");
    let core = "component core-network";
    assert_eq!(claimed[1..5], [core, "1", "5", "differs: ours is 4 less"]);
    assert_eq!(row(&html, "components", "core-network")[1], "1");
    let tickets = shown(&views, Topic::Tickets, "joint").await;
    assert!(!tickets.contains("component core-network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_stand_in_the_calendar_with_the_freezes_that_hold() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Changes, "brent").await;
    let quarter = row(&html, "quarters", "20/21 Q2");
    assert_eq!(quarter, ["1", "0", "1", "0", "0", "1", "0"]);
    let rates = row(&html, "rates", "20/21 Q2");
    assert_eq!(rates, ["100.00", "0.00", "0.00", "0.00", "1"]);
    let before = row(&html, "rates", "20/21 Q1");
    assert_eq!(before[0], "none closed");
    let review = row(&html, "reviews", "New certificate");
    assert_eq!(
        review,
        ["13 July 2020", "31 July 2020, overdue", "change-manager"]
    );
    let week = row(&html, "calendar", "3 August 2020");
    assert_eq!(week[0], "“Until email is stable” holds");
    assert_eq!(
        week[1],
        "Patch &#60;mail&#62; (standard), 4 August 2020, 21:00 to 22:00; in the freeze “Until email \
         is stable” without an exemption"
    );
    let ahead = row(&html, "calendar", "24 August 2020");
    assert!(ahead[2].starts_with("Upgrade (standard), 26 August 2020, 21:00 to 22:00"));
    assert!(ahead[2].ends_with("; the freeze “Until email is stable” holds then"));
    let freeze = row(&html, "freezes", "Until email is stable");
    assert_eq!(freeze[1..3], ["until: Email was up for a month", "all"]);
    assert_eq!(freeze[4], "holds");
    let gate = row(&html, "gates", "Before the office moves");
    assert!(gate[1].contains(&line("met 2 July 2020, 10:00: The review is complete")));
    assert!(gate[1].contains(&line("not met: The remedy is complete")));
    assert_eq!(gate[2], "holds");
    assert!(
        html.contains(">none recorded</dd>"),
        "no change caused an incident"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_counted_by_phase_and_published_numbers_are_set_against_each_other() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Posts, "shared").await;
    let june = row(&html, "months", "June 2020");
    // Three remain of four; the interim's post and one more are vacant.
    assert_eq!(june, ["3", "2", "66.67", "1", "4", "1", "2", "1", "0", "1"]);
    let may = row(&html, "months", "May 2020");
    assert_eq!(may[..4], ["0", "0", "no posts", "0"]);
    let desk = row(&html, "teams", "desk");
    assert_eq!(desk, ["3", "2", "66.67", "1"]);
    let phase = row(&html, "phases", "ringfence");
    assert_eq!(phase[..3], ["from 1 June 2020", "1 June 2020", "\u{2013}"]);
    // Paused since 10 July.
    assert_eq!(phase[3], "39 days");
    assert_eq!(phase[4..], ["4", "1", "0", "1", "1"]);
    let programme = row(&html, "programmes", "New structure");
    assert_eq!(programme[1..3], ["0 of 2", "since 10 July 2020, 10:00"]);
    assert_eq!(
        programme[4..],
        [
            "70 days",
            "printing from estates to transformation, 2 July 2020"
        ]
    );
    let interim = row(&html, "interims", "analyst");
    assert_eq!(
        interim[2],
        "14 August 2020, has passed, not recorded as ended"
    );
    assert_eq!(interim[3], "none");
    assert!(html.contains("11 less 7 is 4, not 5."));
    let brents = shown(&views, Topic::Posts, "brent").await;
    assert!(!brents.contains("do not reconcile"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_says_what_does_not_fit_and_who_recorded_it() {
    let (_dir, views) = views().await;
    let html = shown(&views, Topic::Findings, "brent").await;
    let finding = row(&html, "findings", "Change in a freeze");
    assert_eq!(
        finding[0],
        "The change “Patch &#60;mail&#62;” was under way in the freeze “Until email is stable” without \
         an exemption."
    );
    assert!(finding[2].starts_with("change/"));
    assert_eq!(finding[3], "desk");
    assert!(html.contains(">3 findings, latest first<"));
    let review = row(&html, "findings", "Review overdue");
    let ends = "change-manager was to see to that by 2020-07-31.";
    assert!(review[0].ends_with(ends), "{}", review[0]);
    let interim = row(&html, "findings", "Interim past the last day");
    assert!(interim[0].contains("the post of analyst in desk was 2020-08-14"));
    assert!(html.contains("<span class=\"detail\">4 August 2020, 21:00</span>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_joint_pages_show_figures_and_no_record() {
    let (_dir, views) = views().await;
    for topic in [
        Topic::Availability,
        Topic::Outages,
        Topic::Changes,
        Topic::Posts,
    ] {
        let html = read_topic(&views, (topic, "joint"), &[], None)
            .await
            .unwrap();
        assert!(html.contains(HIDDEN), "{topic:?}");
        for record in [
            "Core &#60;",
            "Slow storage",
            "Patch",
            "Upgrade",
            "New structure",
            "analyst",
        ] {
            assert!(!html.contains(record), "{record} in {topic:?}");
        }
        assert!(!html.contains("target 99"), "agreements are records");
        let findings = "<a href=\"/sign-in?next=/joint/findings\">Findings <span";
        assert!(html.contains(findings), "{topic:?}");
    }
    let html = read_topic(&views, (Topic::Outages, "joint"), &[], None)
        .await
        .unwrap();
    // An outage, and a known error.
    assert_eq!(row(&html, "months", "July 2020"), ["1", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_state_is_kept_from_page_to_page() {
    let (_dir, views) = views().await;
    let past = [("as_at", "2020-07-15T00:00:00Z")];
    let page = (Topic::Changes, "brent");
    let html = read_topic(&views, page, &past, Some(officer()))
        .await
        .unwrap();
    assert!(html.contains("<strong>Another date.</strong>"));
    assert!(html.contains("href=\"/brent/outages?as_at=2020-07-15T00:00:00Z\""));
    assert!(html.contains("href=\"/brent/changes\">Show the latest"));
    assert!(!html.contains("Patch"), "requested five days later");
    let findings = (Topic::Findings, "brent");
    let html = read_topic(&views, findings, &past, Some(officer()))
        .await
        .unwrap();
    assert!(html.contains(">0 findings, latest first<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_joint_figures_are_public_and_findings_are_not() {
    let (_dir, views) = views().await;
    let (router, _) = routes(Guarded::new(token_book()), &views).into_parts();
    let client = Client::new(router);
    let officer = Who::Everywhere(Role::Officer);
    for topic in Topic::ALL {
        let (joint, brent) = (topic.path("joint"), topic.path("brent"));
        let public = if topic == Topic::Findings { 401 } else { 200 };
        assert_eq!(
            client.get(&joint, Who::Nobody).await.status,
            public,
            "{joint}"
        );
        assert_eq!(client.get(&brent, Who::Nobody).await.status, 401, "{brent}");
        for path in [joint, brent] {
            assert_eq!(client.get(&path, officer).await.status, 200, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_cannot_be_read_is_a_problem() {
    let (_dir, views) = views().await;
    for topic in Topic::ALL {
        // Pairs can be read from almost anything: this is how it looks when they cannot.
        let uri = "/joint?as_at=yesterday".parse().unwrap();
        let query = Query::<u8>::try_from_uri(&uri).map(|_| Query(Params::new()));
        let name = Path("joint".to_owned());
        let caller: Option<Extension<Caller>> = None;
        let answer = page(topic, State(views.clone()), name, query, caller).await;
        let problem = answer.err().unwrap();
        assert!(
            problem.detail().starts_with("query"),
            "{}",
            problem.detail()
        );
    }
}
