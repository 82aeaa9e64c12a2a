//! Lists of tickets as figures are asked for, and pages that stay whole while records arrive.

use serde_json::{Value, json};
use townclerk_domain::outage::OutageRules;
use townclerk_domain::ticket::TicketRules;
use uuid::Uuid;

use super::history::{History, Service, id, outage};

fn logged(priority: &str, service: &str) -> Value {
    json!({"logged": {
        "kind": "incident", "priority": priority, "user_class": "standard", "channel": "phone",
        "service": service, "category": "other", "sts": true
    }})
}

fn at(day: u128) -> String {
    format!("2020-03-{day:02}T09:00:00Z")
}

/// Six tickets, one a day; the third is resolved on the 10th, the fifth becomes a P1 on the 11th.
fn tickets() -> History {
    let mut history = History::new();
    for day in 1..=6 {
        let priority = if day % 2 == 0 { "p2" } else { "p3" };
        let service = if day > 3 { "email" } else { "csccm" };
        history.records::<TicketRules>("brent", day, &at(day), logged(priority, service));
    }
    history
        .records::<TicketRules>("brent", 3, &at(10), json!({"resolved": {}}))
        .records::<TicketRules>(
            "brent",
            5,
            &at(11),
            json!({"reprioritised": {"priority": "p1"}}),
        );
    history
}

async fn page(service: &Service, query: &str, after: Option<&str>) -> (Vec<Uuid>, Option<String>) {
    let after = after.map_or(String::new(), |after| format!("&after={after}"));
    let answer = service.read(&format!("/brent/{query}{after}")).await;
    let list = if query.starts_with("tickets") {
        "tickets"
    } else {
        "outages"
    };
    let listed = answer[list].as_array().unwrap().iter();
    let ids = listed.map(|found| found["id"].as_str().unwrap().parse().unwrap());
    (ids.collect(), answer["next"].as_str().map(str::to_owned))
}

/// All pages of a list; `between` is done after the first one.
async fn pages(service: &Service, query: &str, between: impl FnOnce()) -> Vec<Uuid> {
    let (mut found, mut next) = page(service, query, None).await;
    between();
    service.catches_up().await;
    while let Some(after) = next {
        let (more, then) = page(service, query, Some(&after)).await;
        found.extend(more);
        next = then;
    }
    found
}

fn ids(numbers: &[u128]) -> Vec<Uuid> {
    numbers.iter().map(|number| id(*number)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_listed_as_figures_are_asked_for() {
    let service = tickets().served().await;
    for (query, expected) in [
        ("tickets?limit=2", &[1, 2, 4, 5, 6][..]),
        ("tickets?limit=2&status=all", &[1, 2, 3, 4, 5, 6]),
        // As it stood: the third was still open, the sixth not logged yet.
        (
            "tickets?limit=2&as_at=2020-03-06T00:00:00Z",
            &[1, 2, 3, 4, 5],
        ),
        (
            "tickets?limit=2&known_at=2020-03-04T12:00:00Z",
            &[1, 2, 3, 4],
        ),
        ("tickets?limit=2&priority=p1", &[5]),
        (
            "tickets?limit=2&priority=p3&known_at=2020-03-10T12:00:00Z",
            &[1, 5],
        ),
        ("tickets?limit=1&service=csccm&priority=p2", &[2]),
        ("tickets?limit=1&status=all&service=csccm", &[1, 2, 3]),
        ("tickets?service=nothing", &[]),
        ("tickets?provider=sts&status=all", &[1, 2, 3, 4, 5, 6]),
        ("tickets?directorate=unknown", &[1, 2, 4, 5, 6]),
    ] {
        assert_eq!(
            pages(&service, query, || ()).await,
            ids(expected),
            "{query}"
        );
    }
    let refused = service.ask("/brent/tickets?priority=p9").await;
    assert_eq!(refused.status, 400);
}

/// Between two pages a ticket of the second is resolved, one of the first comes to lie later by a
/// correction, a late one is recorded that lies before both, and a new one.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_tickets_stay_whole_while_records_arrive() {
    for (query, expected) in [
        ("tickets?limit=2", &[1, 2, 4, 5, 6][..]),
        ("tickets?limit=2&status=all", &[1, 2, 3, 4, 5, 6]),
        ("tickets?limit=2&priority=p2", &[2, 4, 6]),
        (
            "tickets?limit=2&as_at=2020-03-06T00:00:00Z",
            &[1, 2, 3, 4, 5],
        ),
    ] {
        let mut history = tickets();
        let service = history.served().await;
        let found = pages(&service, query, || {
            let resolved = || json!({"resolved": {}});
            history
                .records::<TicketRules>("brent", 4, "2020-03-04T10:00:00Z", resolved())
                .records::<TicketRules>("brent", 6, "2020-03-12T09:00:00Z", resolved())
                .records::<TicketRules>("brent", 7, "2020-03-01T08:00:00Z", logged("p2", "hr"))
                .records::<TicketRules>("brent", 8, "2020-03-05T08:00:00Z", logged("p2", "hr"))
                .voids::<TicketRules>("brent", 5, "2020-03-13T09:00:00Z");
        })
        .await;
        assert_eq!(found, ids(expected), "{query}");
        // Asked for again it has all that came.
        let again = pages(&service, "tickets?status=all", || ()).await;
        assert_eq!(again, ids(&[7, 1, 2, 3, 4, 8, 6]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_records_stay_whole_too() {
    let mut history = History::new();
    for day in 1..=5 {
        history.records::<OutageRules>("brent", day, &at(day), outage("out", &["brent"]));
    }
    let service = history.served().await;
    let found = pages(&service, "outages?limit=2&status=open", || {
        history
            .records::<OutageRules>("brent", 2, &at(6), json!({"resolved": {}}))
            .records::<OutageRules>(
                "brent",
                7,
                "2020-03-02T12:00:00Z",
                outage("out", &["brent"]),
            )
            .voids::<OutageRules>("brent", 1, &at(8));
    })
    .await;
    assert_eq!(found, ids(&[5, 4, 3, 2, 1]));
    assert_eq!(
        pages(&service, "outages?status=open", || ()).await,
        ids(&[5, 4, 3, 7])
    );
}
