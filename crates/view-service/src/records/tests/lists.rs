//! Which records a scope lists, in which order, and page by page.

use serde_json::json;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::freeze::FreezeRules;
use townclerk_domain::gate::GateRules;
use townclerk_domain::outage::OutageRules;
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;

use super::history::{History, change, outage};

fn outages() -> History {
    let mut history = History::new();
    let both = ["brent", "lewisham"];
    let others = ["lewisham", "southwark"];
    history
        .records::<OutageRules>(
            "brent",
            1,
            "2020-03-01T09:00:00Z",
            outage("own", &["brent"]),
        )
        .records::<OutageRules>("shared", 2, "2020-04-01T09:00:00Z", outage("both", &both))
        .records::<OutageRules>("shared", 2, "2020-04-02T09:00:00Z", json!({"resolved": {}}))
        .records::<OutageRules>(
            "shared",
            3,
            "2020-05-01T09:00:00Z",
            outage("others", &others),
        )
        .records::<OutageRules>(
            "lewisham",
            4,
            "2020-02-01T09:00:00Z",
            outage("theirs", &["lewisham"]),
        )
        .records::<OutageRules>(
            "shared",
            5,
            "2020-01-01T09:00:00Z",
            json!({"maintenance-planned": {
                "title": "planned", "councils": ["brent", "lewisham"], "services": ["email"],
                "from": "2020-06-01T09:00:00Z", "to": "2020-06-01T11:00:00Z"
            }}),
        );
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn a_council_lists_its_own_and_the_shared_ones_that_touch_it_newest_first() {
    let service = outages().served().await;
    for (view, titles) in [
        ("joint", &["planned", "others", "both", "own", "theirs"][..]),
        ("brent", &["planned", "both", "own"]),
        ("shared", &["planned", "others", "both"]),
    ] {
        let found = service.titles(&format!("/{view}/outages"), "outages").await;
        assert_eq!(found, titles, "{view}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_outage_is_neither_resolved_nor_still_to_come() {
    let service = outages().served().await;
    let open = service.titles("/joint/outages?status=open", "outages");
    assert_eq!(open.await, ["others", "own", "theirs"]);
    // Before it was resolved it was open.
    let path = "/brent/outages?status=open&as_at=2020-04-02T00:00:00Z";
    assert_eq!(service.titles(path, "outages").await, ["both", "own"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_are_listed_by_their_nature() {
    let mut history = outages();
    let mut slow = outage("slow", &["brent"]);
    slow["declared"]["effects"][0]["severity"] = json!("degraded");
    let cause = json!({"cause-found": {"component": "index", "class": "software", "party": "own"}});
    history
        .records::<OutageRules>("brent", 6, "2020-05-02T09:00:00Z", slow)
        .records::<OutageRules>("brent", 6, "2020-05-02T10:00:00Z", cause)
        .records::<OutageRules>(
            "brent",
            6,
            "2020-05-02T11:00:00Z",
            json!({"worked-around": {"workaround": "Search by date"}}),
        );
    let service = history.served().await;
    for (nature, titles) in [
        ("failure", &["both", "own"][..]),
        ("known-error", &["slow"]),
        ("maintenance", &["planned"]),
    ] {
        let path = format!("/brent/outages?nature={nature}");
        assert_eq!(service.titles(&path, "outages").await, titles, "{nature}");
    }
    let found = service.read("/brent/outages?nature=known-error").await;
    assert_eq!(found["outages"][0]["known_since"], "2020-05-02T11:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let service = outages().served().await;
    let mut found = Vec::new();
    let mut path = "/joint/outages?limit=2".to_owned();
    for pages in 1.. {
        let answer = service.read(&path).await;
        let listed = answer["outages"].as_array().unwrap();
        found.extend(listed.iter().map(|outage| outage["title"].clone()));
        let Some(next) = answer["next"].as_str() else {
            assert_eq!(pages, 3);
            break;
        };
        path = format!("/joint/outages?limit=2&after={next}");
    }
    assert_eq!(found, ["planned", "others", "both", "own", "theirs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_voided_is_in_no_list() {
    let mut history = outages();
    history.voids::<OutageRules>("brent", 1, "2020-07-01T00:00:00Z");
    let service = history.served().await;
    let left = service.titles("/brent/outages", "outages").await;
    assert_eq!(left, ["planned", "both"]);
    let known = "/brent/outages?known_at=2020-06-30T00:00:00Z";
    assert_eq!(service.titles(known, "outages").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_change_is_neither_closed_nor_cancelled() {
    let mut history = History::new();
    let at = "2020-03-01T09:00:00Z";
    history
        .records::<ChangeRules>("brent", 1, at, change("cancelled", &[]))
        .records::<ChangeRules>(
            "brent",
            1,
            "2020-03-02T09:00:00Z",
            json!({"cancelled": {"reason": "superseded"}}),
        )
        .records::<ChangeRules>("brent", 2, "2020-03-03T09:00:00Z", change("new", &[]))
        .records::<ChangeRules>(
            "shared",
            3,
            "2020-03-04T09:00:00Z",
            change("elsewhere", &["lewisham", "southwark"]),
        );
    let service = history.served().await;
    let titles = |path: &'static str| service.titles(path, "changes");
    assert_eq!(titles("/brent/changes").await, ["new", "cancelled"]);
    assert_eq!(titles("/brent/changes?status=open").await, ["new"]);
    assert_eq!(titles("/shared/changes").await, ["elsewhere"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_freezes_without_councils_and_shared_gates_programmes_and_posts_are_everybodys() {
    let mut history = History::new();
    let at = "2020-03-01T09:00:00Z";
    let freeze = |title: &str, councils: &[&str]| {
        json!({"freeze-declared": {
            "title": title, "scope": {"councils": councils}, "from": at, "until": "it is stable"
        }})
    };
    let gate = json!({"gate-set": {
        "title": "lessons", "project": "council-c",
        "requires": [{"code": "review", "text": "All lessons are reviewed."}]
    }});
    let programme =
        json!({"programme-opened": {"title": "new model", "phases": [{"phase": "one"}]}});
    let post = json!({"post-created": {"role": "analyst", "team": "desk"}});
    history
        .records::<FreezeRules>("shared", 1, at, freeze("all", &[]))
        .records::<FreezeRules>("shared", 2, at, freeze("lewisham", &["lewisham"]))
        .records::<FreezeRules>("brent", 3, at, freeze("own", &[]))
        .records::<GateRules>("shared", 4, at, gate)
        .records::<ProgrammeRules>("shared", 5, at, programme)
        .records::<PostRules>("shared", 6, at, post);
    let service = history.served().await;
    // Those that began at the same time are in order of their ids.
    let freezes = |view: &str| format!("/{view}/freezes");
    assert_eq!(
        service.titles(&freezes("brent"), "freezes").await,
        ["own", "all"]
    );
    let joint = service.titles(&freezes("joint"), "freezes").await;
    assert_eq!(joint, ["own", "lewisham", "all"]);
    let shared = service.titles(&freezes("shared"), "freezes").await;
    assert_eq!(shared, ["lewisham", "all"]);
    for list in ["gates", "programmes", "posts"] {
        let found = service.read(&format!("/brent/{list}")).await;
        assert_eq!(found[list].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(found[list][0]["log"], "shared");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_a_list_does_not_take_is_refused_by_name() {
    let service = History::new().served().await;
    for (list, parameter) in [
        ("outages", "from=2020-01-01"),
        ("changes", "limit=501"),
        ("freezes", "status=open"),
        ("posts", "status=open"),
        ("agreements", "as_at=2020-01-01T00:00:00Z"),
        ("findings", "limit=101"),
        ("findings", "after=0_00000000000000000000000000000001"),
        ("tickets", "band=overdue"),
    ] {
        let answer = service.ask(&format!("/brent/{list}?{parameter}")).await;
        assert_eq!(answer.status, 400, "{list}: {answer:?}");
        assert_eq!(answer.problem(), "bad-query");
        let (name, _) = parameter.split_once('=').unwrap();
        assert_eq!(answer.json()["field"], name, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_waits_for_the_position_that_it_must_have_seen() {
    let service = outages().served().await;
    let seen = service.titles("/brent/outages?min_position=brent:1", "outages");
    assert_eq!(seen.await.len(), 3);
    let unread = service.ask("/brent/outages?min_position=lewisham:1").await;
    assert_eq!(unread.json()["field"], "min_position");
}
