//! Tickets beside what was agreed on their service level, and those agreements.
//!
//! Brent agreed that work is done around the clock, that a P1 incident has two hours and a P3 one ten,
//! and that a customer who is waited for stops the clock.

use serde_json::{Value, json};
use townclerk_domain::holidays::{HolidaysRules, holidays_of};
use townclerk_domain::hours::{HoursRules, hours_of};
use townclerk_domain::targets::{TargetsRules, targets_of};
use townclerk_domain::ticket::TicketRules;

use super::history::{History, id};

fn logged(priority: &str) -> Value {
    json!({"logged": {
        "kind": "incident", "priority": priority, "user_class": "standard", "channel": "phone",
        "service": "email", "category": "other", "sts": true
    }})
}

fn agreeing() -> History {
    let targets = json!({"targets-agreed": {
        "kind": "incident", "user_class": "standard", "from": "2020-01-01",
        "targets": [
            {"priority": "p1", "name": "critical", "minutes": 120},
            {"priority": "p3", "minutes": 600}
        ]
    }});
    let pauses = json!({"pauses-agreed": {"reasons": ["customer"], "from": "2020-01-01"}});
    let limit = json!({"age-limit-agreed": {"days": 10, "from": "2020-01-01"}});
    let hours = json!({"hours-agreed": {"hours": "always", "from": "2020-01-01"}});
    let mut history = History::new();
    history
        .agrees_on::<TargetsRules>(targets_of, targets)
        .agrees_on::<TargetsRules>(targets_of, pauses)
        .agrees_on::<TargetsRules>(targets_of, limit)
        .agrees_on::<HoursRules>(hours_of, hours);
    history
}

/// A P1 incident that is waited for, a P3 one, one without a target, and one that was resolved.
fn story() -> History {
    let mut history = agreeing();
    let held = json!({"held": {"reason": "customer"}});
    let mut tell = |number, time: &str, fact: Value| {
        let at = format!("2020-03-02T{time}:00Z");
        history.records::<TicketRules>("brent", number, &at, fact);
    };
    tell(1, "09:00", logged("p1"));
    tell(2, "09:00", logged("p3"));
    tell(3, "09:10", logged("p5"));
    tell(4, "09:20", logged("p1"));
    tell(1, "10:00", held);
    tell(4, "10:20", json!({"resolved": {}}));
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tickets_service_level_says_what_governs_it_and_how_it_came_to_stand_so() {
    let service = story().served().await;
    let path = format!(
        "/brent/tickets/{}/service-level?as_at=2020-03-02T12:00:00Z",
        id(1)
    );
    let found = service.read(&path).await;
    let expected = json!({
        "log": "brent", "id": id(1), "void": false, "held": false, "as_at": "2020-03-02T12:00:00Z",
        "kind": "incident", "priority": "p1", "user_class": "standard", "service": "email",
        "logged": "2020-03-02T09:00:00Z", "status": "on-hold", "sample": true,
        "standing": "running", "band": "paused", "target_minutes": 120, "counted_minutes": 60,
        "left_minutes": 60, "due": null, "aged_from": "2020-03-12T09:00:00Z", "aged": false,
        "terms": {
            "targets": {"position": "brent:1", "from": "2020-01-01", "agreed": [
                {"priority": "p1", "name": "critical", "minutes": 120},
                {"priority": "p3", "name": null, "minutes": 600}
            ]},
            "hours": [{"position": "brent:4", "from": "2020-01-01", "agreed": "always"}],
            "holidays": [],
            "pauses": {"position": "brent:2", "from": "2020-01-01", "agreed": ["customer"]}
        },
        "trail": [
            {
                "at": "2020-03-02T09:00:00Z", "what": "started", "priority": "p1",
                "target_minutes": 120, "reason": null, "pauses": null, "result": null,
                "counted_minutes": 0,
                "due": "2020-03-02T11:00:00Z"
            },
            {
                "at": "2020-03-02T10:00:00Z", "what": "held", "priority": null,
                "target_minutes": null, "reason": "customer", "pauses": true, "result": null,
                "counted_minutes": 60, "due": null
            }
        ]
    });
    assert_eq!(found, expected);
    let before = path.replace("T12:00", "T09:30");
    let found = service.read(&before).await;
    assert_eq!(
        (&found["band"], &found["left_minutes"]),
        (&json!("none"), &json!(90))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_moment_a_ticket_is_seen_as_far_as_anything_is_known() {
    let service = story().served().await;
    // Nothing is covered, so no figure says a moment; the last event was recorded at 10:20.
    let of = |number| format!("/brent/tickets/{}/service-level", id(number));
    let open = service.read(&of(2)).await;
    assert_eq!(open["as_at"], "2020-03-02T10:20:00.000001Z");
    assert_eq!(
        (&open["counted_minutes"], &open["left_minutes"]),
        (&json!(81), &json!(519)),
        "a begun minute counts, and with what is left it is the target"
    );
    let resolved = service.read(&of(4)).await;
    assert_eq!(
        (&resolved["standing"], &resolved["band"]),
        (&json!("met"), &Value::Null)
    );
    let last = &resolved["trail"][1];
    assert_eq!(
        (&last["what"], &last["result"]),
        (&json!("resolved"), &json!("met"))
    );
    for missing in [of(9), "/brent/tickets/no-id/service-level".to_owned()] {
        assert_eq!(service.ask(&missing).await.problem(), "not-found");
    }
    assert_eq!(
        service.ask(&of(2).replace("brent", "joint")).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voided_ticket_and_one_that_was_not_logged_yet_have_no_service_level() {
    let mut history = story();
    history.voids::<TicketRules>("brent", 3, "2020-03-03T00:00:00Z");
    let service = history.served().await;
    let voided = service
        .read(&format!("/brent/tickets/{}/service-level", id(3)))
        .await;
    assert_eq!(
        voided,
        json!({"log": "brent", "id": id(3), "void": true, "held": false})
    );
    let early = format!(
        "/brent/tickets/{}/service-level?as_at=2020-03-02T09:00:00Z",
        id(1)
    );
    assert_eq!(service.read(&early).await["void"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_tickets_come_by_urgency_with_how_many_are_in_each_band() {
    let mut history = story();
    history.records::<TicketRules>("lewisham", 5, "2020-03-02T09:00:00Z", logged("p1"));
    history.joins("brent", "2020-01-01");
    let only_brent = history.served().await;
    let at = "as_at=2020-03-02T14:00:00Z";
    let found = only_brent
        .read(&format!("/joint/service-levels?{at}"))
        .await;
    assert_eq!(found["open"], 3, "who is no member is not among all");
    history.joins("lewisham", "2020-01-01");
    let service = history.served().await;
    let at = "as_at=2020-03-02T14:00:00Z";
    let found = service.read(&format!("/joint/service-levels?{at}")).await;
    let bands = |found: &Value| {
        let tickets = found["service_levels"].as_array().unwrap().iter();
        let band = |ticket: &Value| ticket["band"].as_str().unwrap().to_owned();
        tickets.map(band).collect::<Vec<_>>()
    };
    assert_eq!(bands(&found), ["50", "paused", "no-agreement", "no-target"]);
    assert_eq!(
        (&found["open"], &found["cut_at"]),
        (&json!(4), &Value::Null)
    );
    let counted = json!({
        "overdue": 0, "95": 0, "85": 0, "75": 0, "50": 1, "none": 0, "paused": 1, "no-target": 1,
        "no-agreement": 1
    });
    assert_eq!(found["bands"], counted);
    let urgent = json!({
        "id": id(2), "log": "brent", "held": false, "sample": true, "kind": "incident", "priority": "p3",
        "user_class": "standard", "service": "email", "logged": "2020-03-02T09:00:00Z",
        "status": "logged", "standing": "running", "band": "50", "target_minutes": 600,
        "left_minutes": 300, "due": "2020-03-02T19:00:00Z", "aged": false
    });
    assert_eq!(found["service_levels"][0], urgent);
    let some = service
        .read(&format!("/brent/service-levels?{at}&priority=p1"))
        .await;
    assert_eq!(
        (bands(&some), &some["total"]),
        (vec!["paused".to_owned()], &json!(1))
    );
    assert_eq!(some["open"], 3, "bands are told of all");
    let none = service
        .read(&format!("/brent/service-levels?{at}&band=overdue"))
        .await;
    assert_eq!((bands(&none).len(), &none["bands"]["50"]), (0, &json!(1)));
    let first = service
        .read(&format!("/brent/service-levels?{at}&limit=1"))
        .await;
    assert_eq!((bands(&first).len(), &first["total"]), (1, &json!(3)));
    for refused in ["band=60", "priority=p9", "limit=501", "status=open"] {
        let answer = service
            .ask(&format!("/brent/service-levels?{refused}"))
            .await;
        assert_eq!(answer.problem(), "bad-query", "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_by_page_open_tickets_are_the_same_list() {
    let mut history = story();
    // More exact than a page's end says.
    let exact = "2020-03-02T09:00:00.123456789Z";
    history.records::<TicketRules>("brent", 6, exact, logged("p3"));
    let service = history.served().await;
    let at = "as_at=2020-03-02T14:00:00Z";
    let all = service.read(&format!("/brent/service-levels?{at}")).await;
    assert_eq!(all["next"], Value::Null);
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = service
            .read(&format!("/brent/service-levels?{at}&limit=2{after}"))
            .await;
        listed.extend(page["service_levels"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(json!(listed), all["service_levels"]);
    for refused in [
        format!("as_at=2020-03-02T08:00:00Z{after}"),
        after.trim_start_matches('&').to_owned(),
    ] {
        let answer = service
            .ask(&format!("/brent/service-levels?{refused}"))
            .await;
        assert_eq!(answer.problem(), "bad-query", "{refused}");
    }
}

/// An agreement of Brent's as it is listed.
fn by(position: &str, reaches_back: bool, agreed: Value) -> Value {
    let mut shown = json!({
        "log": "brent", "sample": true, "position": position, "applies_to_existing": reaches_back
    });
    let all = shown.as_object_mut().unwrap();
    all.extend(agreed.as_object().unwrap().clone());
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_on_service_levels_stand_beside_those_on_availability() {
    let mut history = agreeing();
    let later = json!({"targets-agreed": {
        "kind": "incident", "user_class": "standard", "from": "2020-02-01",
        "targets": [{"priority": "p1"}], "applies_to_existing": true
    }});
    let ended = json!({"targets-ended": {
        "kind": "incident", "user_class": "standard", "through": "2020-02-20"
    }});
    let share = json!({"attainment-agreed": {"percent": "95.0", "from": "2020-01-01"}});
    let holidays = json!({"holidays-declared": {"days": ["2020-05-08"]}});
    history
        .agrees_on::<TargetsRules>(targets_of, later)
        .agrees_on::<TargetsRules>(targets_of, ended)
        .agrees_on::<TargetsRules>(targets_of, share)
        .agrees_on::<HolidaysRules>(holidays_of, holidays);
    let service = history.served().await;
    let found = service.read("/brent/agreements").await;
    assert_eq!(found["agreements"], json!([]));
    let from = "2020-01-01";
    let latest = by(
        "brent:5",
        true,
        json!({
            "kind": "incident", "user_class": "standard", "from": "2020-02-01",
            "targets": [{"priority": "p1", "name": null, "minutes": null}],
            "through": "2020-02-20"
        }),
    );
    assert_eq!(found["targets"][0], latest);
    assert_eq!(found["targets"][1]["through"], Value::Null);
    let share = json!({"percent": "95.0", "kind": null, "priority": null, "from": from});
    let holidays = json!({"days": ["2020-05-08"], "withdrawn": false});
    for (key, position, agreed) in [
        (
            "pauses",
            "brent:2",
            json!({"reasons": ["customer"], "from": from}),
        ),
        ("age_limits", "brent:3", json!({"days": 10, "from": from})),
        ("hours", "brent:4", json!({"hours": "always", "from": from})),
        ("attainments", "brent:7", share),
        ("holidays", "brent:8", holidays),
    ] {
        assert_eq!(found[key], json!([by(position, false, agreed)]), "{key}");
    }
    let joint = service.read("/joint/agreements").await;
    assert_eq!(joint["targets"], found["targets"]);
    let shared = service.read("/shared/agreements").await;
    assert_eq!(shared["targets"], json!([]));
}
