//! How records look: every key is there, null or empty where it does not apply.

use serde_json::{Value, json};
use townclerk_domain::change::ChangeRules;
use townclerk_domain::freeze::FreezeRules;
use townclerk_domain::gate::GateRules;
use townclerk_domain::outage::OutageRules;
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;
use townclerk_domain::recovery::RecoveryTestRules;

use super::history::{History, change, id, outage};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_shows_all_that_is_known_of_it() {
    let mut history = History::new();
    let mut say = |happened: &str, fact: Value| {
        history.records::<OutageRules>("brent", 1, happened, fact);
    };
    say("2020-03-01T09:00:30Z", outage("E-mail is down", &["brent"]));
    let text = "Renew the contract.";
    say(
        "2020-03-01T09:30:00Z",
        json!({"action-agreed": {
            "action": "renew", "text": text, "owner": "suppliers", "due": "2020-04-01"
        }}),
    );
    say(
        "2020-03-01T09:40:00Z",
        json!({"users-affected": {"percent": "12.5"}}),
    );
    say("2020-03-01T11:00:00Z", json!({"resolved": {}}));
    let found = history.served().await.read("/brent/outages").await;
    assert_eq!(found["scope"], "brent");
    assert_eq!(found["next"], Value::Null);
    let expected = json!({
        "id": id(1), "log": "brent", "held": false, "sample": true, "title": "E-mail is down", "summary": null,
        "status": "resolved", "nature": "failure", "known_since": null,
        "planned": null, "notices": [], "cancelled": null, "began": "2020-03-01T09:00:30Z", "when": null,
        "councils": ["brent"], "critical": true,
        "effects": [{
            "service": "email", "council": "brent", "severity": "down",
            "from": "2020-03-01T09:00:30Z", "to": "2020-03-01T11:00:00Z"
        }],
        "duration_minutes": 120, "users_percent": "12.5", "workaround": null,
        "resolved": "2020-03-01T11:00:00Z", "cause": null,
        "actions": [{
            "action": "renew", "text": text, "owner": "suppliers", "due": "2020-04-01",
            "completed": null
        }],
        "escalations": [], "review": null, "causes": [], "closed": null, "recurred": []
    });
    assert_eq!(found["outages"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_which_the_time_is_known_only_roughly_has_no_begin_and_no_duration() {
    let mut history = History::new();
    let mut declared = outage("Some time in April", &["brent"]);
    declared["declared"]["when"] =
        json!({"from": "2019-04-01", "to": "2019-04-30", "precision": "month"});
    history
        .records::<OutageRules>("brent", 1, "2019-03-31T23:00:00Z", declared)
        .records::<OutageRules>("brent", 1, "2019-05-01T09:00:00Z", json!({"resolved": {}}));
    let found = history.served().await.read("/brent/outages").await;
    let outage = &found["outages"][0];
    assert_eq!(outage["began"], Value::Null);
    assert_eq!(outage["when"]["precision"], "month");
    assert_eq!(outage["duration_minutes"], Value::Null);
    assert_eq!(outage["effects"][0]["from"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_to_come_shows_its_window_and_nothing_that_has_not_happened() {
    let mut history = History::new();
    let planned = json!({"maintenance-planned": {
        "title": "New switches", "councils": ["brent"], "services": ["email"],
        "from": "2020-06-01T09:00:00Z", "to": "2020-06-01T11:00:00Z"
    }});
    history.records::<OutageRules>("brent", 1, "2020-05-01T09:00:00Z", planned);
    let found = history.served().await.read("/brent/outages").await;
    let outage = &found["outages"][0];
    let window = json!({
        "noticed": "2020-05-01T09:00:00Z", "services": ["email"],
        "from": "2020-06-01T09:00:00Z", "to": "2020-06-01T11:00:00Z"
    });
    assert_eq!(outage["planned"], window);
    assert_eq!(
        (&outage["title"], &outage["status"]),
        (&json!("New switches"), &json!("planned"))
    );
    for key in ["began", "when", "critical", "duration_minutes", "resolved"] {
        assert_eq!(outage.get(key), Some(&Value::Null), "{key}");
    }
}

/// A change that was begun in a freeze of everything.
fn frozen() -> History {
    let mut history = History::new();
    let freeze = json!({"freeze-declared": {
        "title": "Stability first", "scope": {}, "from": "2020-01-01T00:00:00Z",
        "to": "2020-12-31T00:00:00Z"
    }});
    let window = json!({"scheduled": {
        "from": "2020-03-04T09:00:00Z", "to": "2020-03-04T10:00:00Z"
    }});
    history
        .records::<FreezeRules>("shared", 9, "2020-01-01T00:00:00Z", freeze)
        .records::<ChangeRules>(
            "brent",
            1,
            "2020-03-01T09:00:00Z",
            change("New intranet", &[]),
        )
        .records::<ChangeRules>(
            "brent",
            1,
            "2020-03-02T09:00:00Z",
            json!({"assessed": {"risk": "low"}}),
        )
        .records::<ChangeRules>("brent", 1, "2020-03-03T09:00:00Z", window)
        .records::<ChangeRules>("brent", 1, "2020-03-04T09:05:00Z", json!({"started": {}}));
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows_what_was_requested_and_what_does_not_fit_about_it() {
    let found = frozen().served().await.read("/brent/changes").await;
    let expected = json!({
        "id": id(1), "log": "brent", "held": false, "sample": true, "requested_at": "2020-03-01T09:00:00Z",
        "change_type": "normal", "title": "New intranet", "category": "new-project",
        "project": "new-intranet", "services": ["intranet"], "councils": [],
        "status": "implementing", "risk": "low",
        "scheduled": {"from": "2020-03-04T09:00:00Z", "to": "2020-03-04T10:00:00Z"},
        "started": "2020-03-04T09:05:00Z", "implemented": null, "reviewed": null,
        "review_due": null, "review_overdue": false, "closed": null, "caused": [],
        "findings": ["change-in-freeze"]
    });
    assert_eq!(found["changes"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_names_the_event_that_made_it_so_and_who_recorded_that() {
    let service = frozen().served().await;
    for view in ["brent", "joint"] {
        let found = service.read(&format!("/{view}/findings")).await;
        let expected = json!({"scope": view, "seen": "2020-03-04T09:05:00.000001Z", "total": 1, "findings": [{
            "kind": "change-in-freeze", "log": "brent", "aggregate": format!("change/{}", id(1)),
            "at": "2020-03-04T09:05:00Z", "by": "desk-5", "recorded": "2020-03-04T09:05:00Z",
            "sequence": 4, "sample": true,
            "detail": "The change “New intranet” was under way in the freeze “Stability first” without \
                       an exemption."
        }]});
        assert_eq!(found, expected);
    }
    let shared = service.read("/shared/findings").await;
    assert_eq!(shared["total"], 0);
    let before = service
        .read("/brent/findings?as_at=2020-03-04T09:05:00Z")
        .await;
    assert_eq!(before["total"], 0, "it had not begun yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_comes_with_its_events_from_every_view_that_has_it() {
    let service = frozen().served().await;
    let of = |view: &str| format!("/{view}/changes/{}", id(1));
    for view in ["brent", "joint"] {
        let found = service.read(&of(view)).await;
        assert_eq!(
            (&found["log"], &found["void"]),
            (&json!("brent"), &json!(false))
        );
        assert_eq!(found["findings"], json!(["change-in-freeze"]));
        let events = found["events"].as_array().unwrap();
        let types: Vec<_> = events.iter().map(|event| &event["event"]["type"]).collect();
        assert_eq!(types.len(), 4);
        assert_eq!(types[0], "org.townclerk.change.requested.v1");
        assert_eq!(events[3]["sequence"], 4);
    }
    for missing in [of("shared"), "/brent/changes/no-id".to_owned()] {
        assert_eq!(
            service.ask(&missing).await.problem(),
            "not-found",
            "{missing}"
        );
    }
    // Another kind with this id is another record.
    let outage = format!("/brent/outages/{}", id(1));
    assert_eq!(service.ask(&outage).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_is_shown_as_it_stood_and_a_voided_one_by_its_events_alone() {
    let mut history = frozen();
    history.voids::<ChangeRules>("brent", 1, "2020-05-01T00:00:00Z");
    let service = history.served().await;
    let path = format!("/brent/changes/{}", id(1));
    let now = service.read(&path).await;
    assert_eq!((&now["void"], now.get("title")), (&json!(true), None));
    assert_eq!(now["events"].as_array().unwrap().len(), 5);
    let then = "as_at=2020-03-03T00:00:00Z&known_at=2020-04-01T00:00:00Z";
    let then = service.read(&format!("{path}?{then}")).await;
    assert_eq!(
        (&then["void"], &then["status"]),
        (&json!(false), &json!("assessed"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_says_whether_it_holds_where_a_moment_is_named() {
    let mut history = frozen();
    let exempted = json!({"freeze-exempted": {
        "exempt": {"project": "council-c"}, "reason": "It has resources of its own."
    }});
    history
        .records::<FreezeRules>("shared", 9, "2020-02-01T00:00:00Z", exempted)
        .records::<FreezeRules>(
            "shared",
            9,
            "2020-06-01T00:00:00Z",
            json!({"freeze-lifted": {}}),
        );
    let service = history.served().await;
    let found = service.read("/brent/freezes").await;
    let expected = json!({
        "id": id(9), "log": "shared", "held": false, "sample": true, "title": "Stability first",
        "scope": {"councils": [], "services": [], "categories": []},
        "from": "2020-01-01T00:00:00Z", "to": "2020-12-31T00:00:00Z", "until": null,
        "exempted": [{
            "granted": "2020-02-01T00:00:00Z", "exempt": {"project": "council-c"},
            "reason": "It has resources of its own."
        }],
        "lifted": "2020-06-01T00:00:00Z", "ends": "2020-06-01T00:00:00Z", "holds": null
    });
    assert_eq!(found["freezes"][0], expected);
    for (as_at, holds) in [
        ("2020-05-01T00:00:00Z", true),
        ("2020-07-01T00:00:00Z", false),
    ] {
        let found = service.read(&format!("/brent/freezes?as_at={as_at}")).await;
        assert_eq!(found["freezes"][0]["holds"], holds, "{as_at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_shows_which_of_its_requirements_are_met() {
    let mut history = History::new();
    let set = json!({"gate-set": {"title": "Lessons", "project": "council-c", "requires": [
        {"code": "review", "text": "Reviewed."}, {"code": "remedy", "text": "Remedied."}
    ]}});
    let met = json!({"gate-requirement-met": {"requirement": "review"}});
    history
        .records::<GateRules>("shared", 1, "2020-01-01T00:00:00Z", set)
        .records::<GateRules>("shared", 1, "2020-02-01T00:00:00Z", met);
    let found = history.served().await.read("/joint/gates").await;
    let expected = json!({
        "id": id(1), "log": "shared", "held": false, "sample": true, "title": "Lessons", "project": "council-c",
        "set": "2020-01-01T00:00:00Z",
        "requires": [
            {"code": "review", "text": "Reviewed.", "met": "2020-02-01T00:00:00Z"},
            {"code": "remedy", "text": "Remedied.", "met": null}
        ],
        "opened": null, "lifted": null
    });
    assert_eq!(found["gates"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_shows_its_phases_in_order_and_its_pauses() {
    let mut history = History::new();
    let opened = json!({"programme-opened": {"title": "New model", "phases": [
        {"phase": "two", "from": "2020-02-01", "to": "2020-03-31"}, {"phase": "one"}
    ]}});
    let paused = json!({"programme-paused": {"reason": "pandemic"}});
    let transferred = json!({"function-transferred": {"function": "programme-office-support",
        "from": "transformation", "to": "assistant-chief-executive"}});
    history
        .records::<ProgrammeRules>("shared", 1, "2020-01-01T00:00:00Z", opened)
        .records::<ProgrammeRules>(
            "shared",
            1,
            "2020-02-01T00:00:00Z",
            json!({"phase-started": {"phase": "two"}}),
        )
        .records::<ProgrammeRules>("shared", 1, "2020-02-10T00:00:00Z", transferred)
        .records::<ProgrammeRules>("shared", 1, "2020-03-17T00:00:00Z", paused);
    let found = history.served().await;
    let found = found
        .read("/shared/programmes?as_at=2020-03-31T12:00:00Z")
        .await;
    let expected = json!({
        "id": id(1), "log": "shared", "held": false, "sample": true, "title": "New model",
        "opened": "2020-01-01T00:00:00Z",
        "phases": [
            {
                "phase": "two", "planned_from": "2020-02-01", "planned_to": "2020-03-31",
                "started": "2020-02-01T00:00:00Z", "completed": null,
                "elapsed_days": 29 + 16, "paused_days": 15, "planned_days": 29 + 31
            },
            {
                "phase": "one", "planned_from": null, "planned_to": null, "started": null,
                "completed": null, "elapsed_days": null, "paused_days": null, "planned_days": null
            }
        ],
        "pauses": [{"from": "2020-03-17T00:00:00Z", "to": null}],
        "completed": null, "paused": true,
        "elapsed_days": 31 + 29 + 16, "paused_days": 15, "planned_days": null,
        "transferred": [{
            "at": "2020-02-10T00:00:00Z", "function": "programme-office-support",
            "from": "transformation", "to": "assistant-chief-executive"
        }]
    });
    assert_eq!(found["programmes"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_shows_how_it_is_held_and_that_an_interim_leaves_it_vacant() {
    let mut history = History::new();
    let created = json!({"post-created": {"role": "analyst", "team": "desk"}});
    let filled = json!({"post-filled": {"appointment": "interim", "until": "2020-09-30"}});
    history
        .records::<PostRules>("shared", 1, "2020-01-01T00:00:00Z", created)
        .records::<PostRules>("shared", 1, "2020-02-01T00:00:00Z", filled);
    let found = history.served().await.read("/brent/posts").await;
    let expected = json!({
        "id": id(1), "log": "shared", "held": false, "sample": true, "role": "analyst", "team": "desk",
        "created": "2020-01-01T00:00:00Z", "ringfenced": null,
        "holder": {
            "appointment": "interim", "since": "2020-02-01T00:00:00Z", "until": "2020-09-30"
        },
        "vacant": true, "deleted": null
    });
    assert_eq!(found["posts"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn interims_stand_by_their_last_day_and_one_past_it_is_a_finding() {
    let mut history = History::new();
    let created = json!({"post-created": {"role": "analyst", "team": "desk"}});
    let lives = [
        (1, "interim", Some("2020-09-30")),
        (2, "interim", Some("2020-03-31")),
        (3, "interim", Some("2020-06-30")),
        (4, "internal", None),
    ];
    for (number, appointment, until) in lives {
        let filled = json!({"post-filled": {"appointment": appointment, "until": until}});
        history
            .records::<PostRules>("shared", number, "2020-01-01T00:00:00Z", created.clone())
            .records::<PostRules>("shared", number, "2020-02-01T00:00:00Z", filled);
    }
    let service = history.served().await;
    let held = async |query: &str| {
        let found = service.read(&format!("/brent/interims?{query}")).await;
        let interims = found["interims"].as_array().unwrap().clone();
        let held = interims.into_iter().map(|interim| {
            let left = interim["days_left"].as_i64().unwrap();
            (
                interim["until"].as_str().unwrap().to_owned(),
                left,
                interim["expired"] == true,
            )
        });
        held.collect::<Vec<_>>()
    };
    let first = ("2020-03-31".to_owned(), -62, true);
    let second = ("2020-06-30".to_owned(), 29, false);
    let third = ("2020-09-30".to_owned(), 121, false);
    let june = "as_at=2020-06-01T12:00:00Z";
    assert_eq!(held(june).await, [first.clone(), second.clone(), third]);
    let near = held(&format!("{june}&within_days=29")).await;
    assert_eq!(near, [first.clone(), second]);
    let over = held(&format!("{june}&within_days=28")).await;
    assert_eq!(over, [first]);
    // On the last day it is not over.
    let last_day = held("as_at=2020-03-31T22:59:00Z&within_days=0").await;
    assert_eq!(last_day, [("2020-03-31".to_owned(), 0, false)]);
    let findings = service.read(&format!("/shared/findings?{june}")).await;
    assert_eq!(findings["total"], 1);
    assert_eq!(findings["findings"][0]["kind"], "interim-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows_by_when_its_review_is_due_and_that_it_is_overdue() {
    let mut history = frozen();
    let facts = [
        ("2020-03-04T10:00:00Z", json!({"implemented": {}})),
        (
            "2020-03-05T09:00:00Z",
            json!({"review-due": {"by": "2020-03-20", "owner": "manager"}}),
        ),
    ];
    for (at, fact) in facts {
        history.records::<ChangeRules>("brent", 1, at, fact);
    }
    let service = history.served().await;
    for (as_at, overdue) in [
        ("2020-03-20T12:00:00Z", false),
        ("2020-03-21T00:00:00Z", true),
    ] {
        let found = service.read(&format!("/brent/changes?as_at={as_at}")).await;
        let change = &found["changes"][0];
        let due = json!({"by": "2020-03-20", "owner": "manager"});
        assert_eq!(
            (&change["review_due"], &change["reviewed"]),
            (&due, &json!(null))
        );
        assert_eq!(change["review_overdue"], overdue, "{as_at}");
        let found = change["findings"].as_array().unwrap();
        assert_eq!(found.contains(&json!("review-overdue")), overdue);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_are_those_of_the_scopes_councils() {
    let mut history = History::new();
    let agreed = |service: &str, from: &str| {
        json!({"availability-agreed": {
            "service": service, "service_time": "always", "target": "99.0", "notice_hours": 48,
            "from": from
        }})
    };
    let ended = json!({"availability-ended": {"service": "email", "through": "2020-06-30"}});
    history
        .agrees("brent", agreed("email", "2020-01-01"))
        .agrees("brent", ended)
        .agrees("lewisham", agreed("telephony", "2020-02-01"));
    let service = history.served().await;
    let found = service.read("/brent/agreements").await;
    let expected = json!({"scope": "brent", "agreements": [{
        "council": "brent", "sample": true, "service": "email", "service_time": "always",
        "target": "99.0", "notice_hours": 48, "from": "2020-01-01", "through": "2020-06-30",
        "except_holidays": false
    }], "targets": [], "pauses": [], "attainments": [], "age_limits": [], "hours": [],
        "holidays": []});
    assert_eq!(found, expected);
    let joint = service.read("/joint/agreements").await;
    let services = joint["agreements"].as_array().unwrap().iter();
    let services: Vec<_> = services.map(|agreement| &agreement["service"]).collect();
    assert_eq!(services, ["telephony", "email"]);
    let shared = service.read("/shared/agreements").await;
    assert_eq!(shared["agreements"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_recovery_says_what_was_aimed_at_and_what_came_of_it() {
    let mut history = History::new();
    let full = json!({"recovery-tested": {"group": "virtual-machines", "achieved_minutes": 345}});
    let critical = json!({"recovery-tested": {
        "group": "critical-services", "target_minutes": 15, "achieved_minutes": 12,
        "data_loss_target_minutes": 15, "data_loss_minutes": 3
    }});
    history
        .records::<RecoveryTestRules>("shared", 1, "2020-06-21T09:00:00Z", full)
        .records::<RecoveryTestRules>("brent", 2, "2020-06-22T09:00:00Z", critical);
    let service = history.served().await;
    let found = service.read("/brent/recovery-tests").await;
    let expected = json!([
        {
            "id": id(2), "log": "brent", "held": false, "sample": true, "group": "critical-services",
            "tested": "2020-06-22T09:00:00Z", "target_minutes": 15, "achieved_minutes": 12,
            "data_loss_target_minutes": 15, "data_loss_minutes": 3, "within_target": true
        },
        {
            "id": id(1), "log": "shared", "held": false, "sample": true, "group": "virtual-machines",
            "tested": "2020-06-21T09:00:00Z", "target_minutes": null, "achieved_minutes": 345,
            "data_loss_target_minutes": null, "data_loss_minutes": null, "within_target": null
        }
    ]);
    assert_eq!(found["recovery_tests"], expected);
    let joint = service.read("/joint/recovery-tests").await;
    assert_eq!(joint["recovery_tests"], expected);
    let shared = service.read("/shared/recovery-tests").await;
    assert_eq!(shared["recovery_tests"], json!([expected[1]]));
}
