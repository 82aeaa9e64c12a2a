//! Consolidated figures beside those of the same councils in every month.

use tempfile::TempDir;
use townclerk_app::access::Guarded;
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::partnership::{Left, NoticeGiven, PartnershipFact, membership};

use super::record::{Record, SILENT, code};
use super::rendered::{officer, read_topic, row};
use super::services::record;
use crate::page::topic::Topic;
use crate::routes::{Views, routes};

const TABLE: &str = "id=\"like-for-like\"";

/// The record, of which Lewisham left with the end of June.
fn lewisham_left() -> Record {
    lewisham_left_after("2020-06-30")
}

fn lewisham_left_after(last_day: &str) -> Record {
    let mut record = record();
    let last_day = last_day.parse().unwrap();
    let notice = PartnershipFact::NoticeGiven(NoticeGiven { last_day });
    let left = PartnershipFact::CouncilLeft(Left { last_day });
    for (at, fact) in [
        ("2020-01-10T09:00:00Z", notice),
        ("2020-07-01T09:00:00Z", left),
    ] {
        let event = Event::Partnership(Recordable::Fact(fact));
        record.put("shared", membership(&code(SILENT)), at, event);
    }
    record
}

async fn served(record: &Record) -> (TempDir, Views) {
    let dir = TempDir::new().unwrap();
    let views = record.views(&dir).await;
    (dir, views)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_council_left_the_same_councils_stand_beside_the_members_of_each_month() {
    let (_dir, views) = served(&lewisham_left()).await;
    let html = read_topic(&views, (Topic::Tickets, "joint"), &[], Some(officer()))
        .await
        .unwrap();
    // Logged, resolved, open, reopened; the shared incident counts throughout.
    assert_eq!(
        row(&html, "like-for-like", "June 2020"),
        ["2", "0", "2", "0"]
    );
    assert_eq!(
        row(&html, "like-for-like", "July 2020"),
        ["2", "0", "4", "0"]
    );
    // The same figures as data: of these months, not of all that are recorded.
    let months = "&#38;period=2020-08&#38;period=2020-07&#38;period=2020-06";
    assert!(html.contains(months), "{html}");
    assert!(html.contains("those that were members throughout: &#60;script&#62;alert(1)"));
    assert!(!html.contains("members throughout: Lewisham"));
    for topic in Topic::ALL {
        let html = read_topic(&views, (topic, "joint"), &[], Some(officer()))
            .await
            .unwrap();
        assert_eq!(html.contains(TABLE), topic != Topic::Findings, "{topic:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_what_one_council_has_sees_no_figures_like_for_like() {
    let (_dir, views) = served(&lewisham_left()).await;
    let html = read_topic(&views, (Topic::Tickets, "joint"), &[], None)
        .await
        .unwrap();
    assert!(!html.contains(TABLE));
    let of_one = read_topic(&views, (Topic::Tickets, "brent"), &[], Some(officer()))
        .await
        .unwrap();
    assert!(!of_one.contains(TABLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_membership_changed_both_are_the_same_and_one_is_shown() {
    let (_dir, views) = served(&record()).await;
    for topic in Topic::ALL {
        let html = read_topic(&views, (topic, "joint"), &[], Some(officer()))
            .await
            .unwrap();
        assert!(!html.contains(TABLE), "{topic:?}");
    }
}

/// Anyone who reads the figures of all councils is told whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_a_member_and_since_when_is_no_secret() {
    let (_dir, views) = served(&lewisham_left_after("2020-06-14")).await;
    let html = read_topic(&views, (Topic::Tickets, "joint"), &[], None)
        .await
        .unwrap();
    let said = [
        "1 January 2018",
        "10 January 2020, to leave after 14 June 2020",
        "14 June 2020",
    ];
    assert_eq!(row(&html, "members", "Lewisham"), said);
    assert!(html.contains("Lewisham a member to 14 June 2020 only"));
    let (router, _) = routes(Guarded::new(token_book()), &views).into_parts();
    let client = Client::new(router);
    let csv = client.get("/joint/csv/months", Who::Nobody).await.text;
    assert!(
        csv.contains("Lewisham a member to 14 June 2020 only"),
        "{csv}"
    );
    let mut read = Vec::new();
    for path in [
        "/v1/views/joint/members",
        "/v1/views/joint/figures?measure=tickets_logged&period=2020-06",
    ] {
        let answer = client.get(path, Who::Nobody).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        read.push(answer.json());
    }
    let (members, figures) = (&read[0], &read[1]);
    let lewisham = &members["members"][1];
    for (key, day) in [
        ("from", "2018-01-01"),
        ("notice_given", "2020-01-10"),
        ("intended_last_day", "2020-06-14"),
        ("last_day", "2020-06-14"),
    ] {
        assert_eq!(lewisham[key], day, "{key}");
    }
    let part = &figures["figures"][0]["members"][0];
    assert_eq!(part["council"], SILENT);
    assert_eq!(part["from"], "2020-06-01");
    assert_eq!(part["to"], "2020-06-14");
}
