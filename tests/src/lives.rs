//! Short lives of records of every kind, as commands over HTTP.

use serde_json::{Value, json};
use townclerk_app::access::Role;
use townclerk_domain::names::SHARED;

use crate::town::{COUNCILS, LOGS};

/// One record's life: in which log, who gives the commands, and each with its path within the log
/// and its body. `{id}` stands for what the first one made.
pub struct Life {
    pub log: &'static str,
    pub role: Role,
    pub commands: Vec<(String, Value)>,
}

impl Life {
    fn new<const N: usize>(log: &'static str, role: Role, commands: [(&str, Value); N]) -> Self {
        let owned = commands.map(|(path, body)| (path.to_owned(), body));
        Self {
            log,
            role,
            commands: owned.to_vec(),
        }
    }
}

/// How many sorts of lives there are.
pub const SORTS: usize = 15;

/// A life; sorts and logs follow each other by `number`, each round of sorts beginning with another
/// log, so that every sort comes to every log. `name` is given to nothing else.
pub fn life(number: usize, name: &str) -> Life {
    let turn = number % SORTS + number / SORTS;
    let log = LOGS[turn % LOGS.len()];
    match number % SORTS {
        0 => ticket(log),
        1 => change(log),
        2 => freeze(log),
        3 => gate(log),
        4 => outage(log),
        5 => programme(log),
        6 => post(log),
        7 => agreement(COUNCILS[turn % COUNCILS.len()], name),
        8 => coverage(log),
        9 => claim(log),
        10 => targets(log, name),
        11 => hours(log, name),
        12 => holidays(log, name),
        13 => recovery_test(log),
        _ => membership(name),
    }
}

/// The councils that a record of a log names: a shared one hits at least two.
fn councils(log: &str) -> Value {
    match log {
        "shared" => json!(["brent", "lewisham"]),
        _ => json!([]),
    }
}

fn ticket(log: &'static str) -> Life {
    let logged = json!({
        "kind": "incident", "priority": "p3", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "other", "sts": true, "councils": councils(log),
    });
    Life::new(
        log,
        Role::ServiceDesk,
        [
            ("tickets", logged),
            ("tickets/{id}/start", json!({})),
            ("tickets/{id}/resolve", json!({})),
            ("tickets/{id}/reprioritise", json!({"priority": "p2"})),
            ("tickets/{id}/close", json!({})),
            ("tickets/{id}/reopen", json!({"reason": "came-back"})),
            ("tickets/{id}/cancel", json!({"reason": "duplicate"})),
            ("tickets/{id}/recategorise", json!({"category": "pc-fault"})),
            (
                "tickets/{id}/reinstate",
                json!({"reason": "not-a-duplicate"}),
            ),
            ("tickets/{id}/resolve", json!({})),
        ],
    )
}

fn change(log: &'static str) -> Life {
    let requested = json!({
        "change_type": "standard", "title": "A new certificate", "category": "maintenance",
        "services": ["email"], "councils": councils(log),
    });
    let scheduled = json!({"from": "2020-08-10T09:00:00Z", "to": "2020-08-10T10:00:00Z"});
    let review = json!({"by": "2099-12-31", "owner": "change-manager"});
    Life::new(
        log,
        Role::Change,
        [
            ("changes", requested),
            ("changes/{id}/schedule", scheduled),
            ("changes/{id}/start", json!({})),
            ("changes/{id}/implement", json!({})),
            ("changes/{id}/set-review", review),
            ("changes/{id}/review", json!({})),
            ("changes/{id}/close", json!({"outcome": "successful"})),
        ],
    )
}

fn freeze(log: &'static str) -> Life {
    let declared = json!({
        "title": "No new projects", "scope": {"categories": ["new-project"]},
        "from": "2018-06-11T00:00:00Z", "until": "The service is stable.",
    });
    let exempted = json!({"exempt": {"project": "phase-2"}, "reason": "It has its own people."});
    Life::new(
        log,
        Role::Change,
        [
            ("freezes", declared),
            ("freezes/{id}/exempt", exempted),
            ("freezes/{id}/lift", json!({})),
        ],
    )
}

fn gate(log: &'static str) -> Life {
    let requires = json!([{"code": "lessons-reviewed", "text": "Every lesson was reviewed."}]);
    let set = json!({"title": "Telephony waits", "project": "telephony", "requires": requires});
    let met = json!({"requirement": "lessons-reviewed"});
    Life::new(
        log,
        Role::Change,
        [("gates", set), ("gates/{id}/meet", met)],
    )
}

fn outage(log: &'static str) -> Life {
    let hit = match log {
        "shared" => councils(log),
        own => json!([own]),
    };
    let effects: Vec<Value> = hit
        .as_array()
        .into_iter()
        .flatten()
        .map(|council| json!({"service": "email", "council": council, "severity": "down"}))
        .collect();
    let declared = json!({
        "title": "Mail is down", "councils": hit, "critical": true, "effects": effects,
    });
    Life::new(
        log,
        Role::Change,
        [
            ("outages", declared),
            ("outages/{id}/users", json!({"percent": "12.5"})),
            ("outages/{id}/restore", json!({"service": "email"})),
            ("outages/{id}/resolve", json!({})),
        ],
    )
}

fn recovery_test(log: &'static str) -> Life {
    let tested =
        json!({"group": "critical-services", "target_minutes": 15, "achieved_minutes": 12});
    Life::new(log, Role::Change, [("recovery-tests", tested)])
}

fn programme(log: &'static str) -> Life {
    let opened = json!({"title": "A new structure", "phases": [{"phase": "one"}]});
    let transferred = json!({"function": "support", "from": "one-team", "to": "another-team"});
    Life::new(
        log,
        Role::Officer,
        [
            ("programmes", opened),
            ("programmes/{id}/start-phase", json!({"phase": "one"})),
            ("programmes/{id}/transfer-function", transferred),
            ("programmes/{id}/complete-phase", json!({"phase": "one"})),
            ("programmes/{id}/complete", json!({})),
        ],
    )
}

fn post(log: &'static str) -> Life {
    Life::new(
        log,
        Role::Officer,
        [
            ("posts", json!({"role": "analyst", "team": "service-desk"})),
            ("posts/{id}/fill", json!({"appointment": "internal"})),
            ("posts/{id}/vacate", json!({"reason": "left"})),
            ("posts/{id}/delete", json!({})),
        ],
    )
}

/// All agreements of a council are one aggregate, which several clients write to at once.
fn agreement(log: &'static str, name: &str) -> Life {
    let agreed = json!({
        "service": name, "service_time": "always", "target": "99", "from": "2019-07-01",
    });
    Life::new(
        log,
        Role::Operator,
        [("agreements/availability/agree", agreed)],
    )
}

/// A day for a name that ends with numbers, such as `c2-17`, and for no other such name: two
/// agreements of one log never begin on one day.
fn day_of(name: &str) -> String {
    let numbers = name
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<i64>().ok());
    let days = numbers.fold(0, |days, number| days * 2_000 + number);
    let first = jiff::civil::date(2020, 1, 1);
    let day = first.saturating_add(jiff::Span::new().days(days));
    day.to_string()
}

fn targets(log: &'static str, name: &str) -> Life {
    let agreed = json!({"days": 30, "from": day_of(name)});
    Life::new(
        log,
        Role::Operator,
        [("agreements/targets/agree-age-limit", agreed)],
    )
}

fn hours(log: &'static str, name: &str) -> Life {
    let agreed = json!({"hours": "always", "from": day_of(name)});
    Life::new(log, Role::Operator, [("agreements/hours/agree", agreed)])
}

fn holidays(log: &'static str, name: &str) -> Life {
    let declared = json!({"days": [day_of(name)]});
    Life::new(
        log,
        Role::Operator,
        [("agreements/holidays/declare", declared)],
    )
}

fn coverage(log: &'static str) -> Life {
    let declared = json!({"selector": {"family": "outage"}, "from": "2019-01-01"});
    Life::new(
        log,
        Role::Officer,
        [
            ("coverages", declared),
            ("coverages/{id}/end", json!({"through": "2020-08-21"})),
        ],
    )
}

fn claim(log: &'static str) -> Life {
    let published = json!({
        "measure": "outages", "scope": log, "period": "2019-04", "value": "1",
        "source": "A paper, paragraph 6.13",
    });
    Life::new(log, Role::Officer, [("claims", published)])
}

/// A council joins: membership is recorded in the shared log alone.
fn membership(name: &str) -> Life {
    let joined = json!({"name": "A council", "from": "2016-04-01"});
    Life::new(
        SHARED,
        Role::Operator,
        [(&format!("partnerships/{name}/join"), joined)],
    )
}
