//! The lists of a page are as at the moment of its figures, and say so where they are not.

use tempfile::TempDir;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::{self, ChangeFact, ChangeType};
use townclerk_domain::event::Event;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::outage::{self, OutageFact};
use townclerk_domain::post::{Appointment, PostCreated, PostFact, PostFilled};
use townclerk_domain::text::Text;

use super::record::{Record, code};
use super::rendered::{officer, read_topic, row};
use super::services::record;
use crate::page::topic::Topic;
use crate::routes::{Views, routes};

/// Up to then the record is complete, and there stand the figures of every page.
const COMPLETE_TO: &str = "2020-08-21T23:00:00Z";

const LATER: &str = "2020-08-21T23:30:00Z";

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

/// With a remedial action that is completed, an interim who comes, and a change that begins in a
/// freeze, all after the record is complete.
async fn views(dir: &TempDir) -> Views {
    let mut record = record();
    action(&mut record);
    interim(&mut record);
    change(&mut record);
    record.views(dir).await
}

fn action(record: &mut Record) {
    let outage = record.new_one(AggregateKind::Outage);
    let declared = OutageFact::Declared(outage::Declared {
        title: text("Storage"),
        summary: None,
        when: None,
        councils: [code("brent")].into(),
        critical: false,
        effects: Vec::new(),
    });
    let agreed = OutageFact::ActionAgreed(outage::ActionAgreed {
        action: code("disks"),
        text: text("New disks"),
        owner: code("infrastructure"),
        due: "2020-08-20".parse().unwrap(),
    });
    let action = code("disks");
    let completed = OutageFact::ActionCompleted(outage::ActionCompleted { action });
    for (at, fact) in [
        ("2020-08-01T09:00:00Z", declared),
        (
            "2020-08-02T09:00:00Z",
            OutageFact::Resolved(outage::Resolved {}),
        ),
        ("2020-08-03T09:00:00Z", agreed),
        (LATER, completed),
    ] {
        record.put("brent", outage, at, Event::Outage(Recordable::Fact(fact)));
    }
}

fn interim(record: &mut Record) {
    let post = record.new_one(AggregateKind::Post);
    let created = PostFact::PostCreated(PostCreated {
        role: code("architect"),
        team: code("design"),
        under: None,
    });
    let filled = PostFact::PostFilled(PostFilled {
        appointment: Appointment::Interim,
        until: Some("2020-12-31".parse().unwrap()),
        under: None,
    });
    for (at, fact) in [("2020-06-02T09:00:00Z", created), (LATER, filled)] {
        record.put("shared", post, at, Event::Post(Recordable::Fact(fact)));
    }
}

fn change(record: &mut Record) {
    let change = record.new_one(AggregateKind::Change);
    let requested = ChangeFact::Requested(change::Requested {
        change_type: ChangeType::Standard,
        title: text("In haste"),
        category: code("fix"),
        project: None,
        services: [].into(),
        councils: [].into(),
    });
    let scheduled = ChangeFact::Scheduled(change::Scheduled {
        from: LATER.parse().unwrap(),
        to: "2020-08-21T23:45:00Z".parse().unwrap(),
    });
    for (at, fact) in [
        ("2020-08-11T09:00:00Z", requested),
        ("2020-08-12T09:00:00Z", scheduled),
        (LATER, ChangeFact::Started(change::Started {})),
    ] {
        record.put("brent", change, at, Event::Change(Recordable::Fact(fact)));
    }
}

async fn shown(views: &Views, page: (Topic, &str), moment: &[(&str, &str)]) -> String {
    let html = read_topic(views, page, moment, Some(officer())).await;
    html.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_actions_and_interims_are_as_at_the_moment_of_the_figures() {
    let dir = TempDir::new().unwrap();
    let views = views(&dir).await;
    let midnight = "22 August 2020, 00:00 (London)";
    let link = |list: &str| format!("/{list}?as_at={COMPLETE_TO}");

    let outages = shown(&views, (Topic::Outages, "brent"), &[]).await;
    assert!(outages.contains(midnight));
    let open = row(&outages, "actions", "New disks");
    assert_eq!(open[3], "20 August 2020, overdue");
    assert!(
        outages.contains(&link("brent/outages")),
        "its data is as at the same moment"
    );
    let findings = shown(&views, (Topic::Findings, "brent"), &[]).await;
    assert!(findings.contains(midnight), "{findings}");
    let overdue = row(&findings, "findings", "Remedial action overdue");
    assert!(
        overdue[0].contains("disks of the outage “Storage”"),
        "{overdue:?}"
    );
    assert!(!findings.contains("In haste"), "that began later");
    let left_out = "Not listed: 1 finding about what happened after the moment of this page.";
    assert!(findings.contains(left_out), "{findings}");
    assert!(findings.contains(&link("brent/findings")));
    let posts = shown(&views, (Topic::Posts, "shared"), &[]).await;
    assert_eq!(row(&posts, "teams", "design")[3], "0");
    assert!(!posts.contains("architect"), "nobody held it then");

    let later = [("as_at", "2020-08-22T00:00:00Z")];
    let outages = shown(&views, (Topic::Outages, "brent"), &later).await;
    assert!(
        !outages.contains("New disks</th>"),
        "it is complete by then"
    );
    let findings = shown(&views, (Topic::Findings, "brent"), &later).await;
    assert!(
        findings.contains("In haste") && !findings.contains("Not listed"),
        "{findings}"
    );
    let posts = shown(&views, (Topic::Posts, "shared"), &later).await;
    assert_eq!(row(&posts, "interims", "architect")[2], "31 December 2020");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_another_moment_says_which() {
    let dir = TempDir::new().unwrap();
    let views = views(&dir).await;
    let (router, _) = routes(Guarded::new(token_book()), &views).into_parts();
    let client = Client::new(router);
    for list in ["findings", "outages", "changes", "interims"] {
        for (query, seen) in [
            ("", "2020-08-22T00:00:00.000001Z"),
            ("?as_at=2020-08-21T23:00:00Z", COMPLETE_TO),
        ] {
            let path = format!("/v1/views/brent/{list}{query}");
            let answer = client.get(&path, Who::Everywhere(Role::Officer)).await;
            assert_eq!(answer.json()["seen"], seen, "{path}: {answer:?}");
        }
    }
}
