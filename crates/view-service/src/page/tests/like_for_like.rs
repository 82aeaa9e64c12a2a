//! Consolidated figures beside those of the same councils in every month.

use tempfile::TempDir;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::partnership::{Left, NoticeGiven, PartnershipFact, membership};

use super::record::{Record, SILENT, code};
use super::rendered::{officer, read_topic, row};
use super::services::record;
use crate::page::topic::Topic;
use crate::routes::Views;

const TABLE: &str = "id=\"like-for-like\"";

/// The record, of which Lewisham left with the end of June.
fn lewisham_left() -> Record {
    let mut record = record();
    let last_day = "2020-06-30".parse().unwrap();
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
