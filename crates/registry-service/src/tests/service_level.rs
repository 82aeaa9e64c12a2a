//! Agreements on the service level of tickets, over HTTP.

use serde_json::{Value, json};

use super::{correction, service};

const TARGETS: &str = "/v1/logs/brent/agreements/targets";
const HOURS: &str = "/v1/logs/brent/agreements/hours";
const HOLIDAYS: &str = "/v1/logs/brent/agreements/holidays";

fn targets(minutes: u32) -> Value {
    json!({
        "kind": "incident", "user_class": "standard", "from": "2018-04-01",
        "applies_to_existing": false,
        "targets": [
            {"priority": "p1", "name": "critical", "minutes": minutes},
            {"priority": "p5", "name": "long-term", "minutes": null},
        ],
    })
}

fn hours(from: &str, to: &str) -> Value {
    json!({
        "hours": {"weekly": [{"day": "monday", "from": from, "to": to}]},
        "from": "2018-04-01", "applies_to_existing": false,
    })
}

fn of(what: &str) -> String {
    format!("org.townclerk.agreement.{what}.v1")
}

#[tokio::test]
async fn everything_that_can_be_agreed_on_tickets_becomes_an_event() {
    let service = service();
    let on = |command: &str| format!("{TARGETS}/{command}");
    let (answer, event) = service
        .records(&on("agree"), "1", targets(240), &of("targets-agreed"))
        .await;
    assert_eq!(event["data"], targets(240));
    assert_eq!(answer.headers["location"], TARGETS);
    let pauses = json!({"reasons": ["customer"], "from": "2018-04-01"});
    let attainment = json!({"percent": "95", "from": "2017-08-01"});
    let age_limit = json!({"days": 30, "from": "2018-04-01"});
    let end = json!({"kind": "incident", "user_class": "standard", "through": "2020-03-31"});
    for (command, body, what) in [
        ("agree-pauses", pauses, "pauses-agreed"),
        ("agree-attainment", attainment, "attainment-agreed"),
        ("agree-age-limit", age_limit, "age-limit-agreed"),
        ("end", end, "targets-ended"),
    ] {
        service
            .records(&on(command), command, body, &of(what))
            .await;
    }
    let from = correction(&event, "from", "2018-04-01", "2018-05-01");
    service
        .records(&on("correct"), "c", from, &of("corrected"))
        .await;

    let (_, event) = service
        .records(
            &format!("{HOURS}/agree"),
            "2",
            hours("08:40:00", "17:00:00"),
            &of("hours-agreed"),
        )
        .await;
    assert_eq!(event["data"], hours("08:40:00", "17:00:00"));
    let days = json!({"days": ["2022-09-19"], "applies_to_existing": true});
    let declare = format!("{HOLIDAYS}/declare");
    service
        .records(&declare, "3", days.clone(), &of("holidays-declared"))
        .await;
    let withdraw = format!("{HOLIDAYS}/withdraw");
    service
        .records(&withdraw, "4", days, &of("holidays-withdrawn"))
        .await;
    for record in [TARGETS, HOURS, HOLIDAYS] {
        let void = format!("{record}/void");
        service
            .records(&void, record, json!({"reason": "test"}), &of("voided"))
            .await;
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_value_and_records_nothing() {
    let service = service();
    for (path, body, refusal) in [
        (
            format!("{TARGETS}/agree"),
            targets(0),
            "target-out-of-range",
        ),
        (
            format!("{TARGETS}/agree-age-limit"),
            json!({"days": 0, "from": "2018-04-01"}),
            "age-limit-out-of-range",
        ),
        (
            format!("{TARGETS}/agree-attainment"),
            json!({"percent": "100.1", "from": "2018-04-01"}),
            "attainment-out-of-range",
        ),
        (
            format!("{HOURS}/agree"),
            hours("17:00:00", "08:40:00"),
            "ends-before-it-starts",
        ),
        (
            format!("{HOLIDAYS}/declare"),
            json!({"days": []}),
            "day-count",
        ),
    ] {
        assert_eq!(service.refused(&path, "1", body).await, refusal, "{path}");
    }
    let missing = json!({"days": ["2022-09-19"]});
    let withdraw = format!("{HOLIDAYS}/withdraw");
    let answer = service.ask(&withdraw, "2", missing).await;
    assert_eq!(answer.problem(), "not-found");
    let agree = format!("{TARGETS}/agree");
    service.ask(&agree, "3", targets(240)).await;
    let twice = service.refused(&agree, "4", targets(120)).await;
    assert_eq!(twice, "already-agreed", "agreements of one kind overlap");
    assert_eq!(service.recorded().await, 1);
}

#[tokio::test]
async fn the_shared_log_has_agreements_of_its_own() {
    let service = service();
    let path = "/v1/logs/shared/agreements/targets/agree";
    let answer = service.ask(path, "1", targets(240)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["log"], "shared");
}
