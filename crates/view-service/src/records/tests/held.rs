//! A record with a later event that cannot be read says so, wherever it is shown.

use serde_json::{Value, json};
use townclerk_domain::change::ChangeRules;
use townclerk_domain::outage::OutageRules;
use townclerk_domain::ticket::TicketRules;

use super::history::{History, change, id, outage};

fn logged() -> Value {
    json!({"logged": {
        "kind": "incident", "priority": "p3", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "other", "sts": true
    }})
}

/// Of each kind one record that is read whole, and one of which a later event cannot be read.
fn history() -> History {
    let mut history = History::new();
    let (began, later) = ("2020-03-01T09:00:00Z", "2020-03-02T09:00:00Z");
    for number in [1, 2] {
        history
            .records::<TicketRules>("brent", number, began, logged())
            .records::<OutageRules>("brent", number, began, outage("out", &["brent"]))
            .records::<ChangeRules>("brent", number, began, change("new", &[]));
    }
    history.records_unreadable::<TicketRules>("brent", 2, later, json!({"resolved": {}}));
    history.records_unreadable::<OutageRules>("brent", 2, later, json!({"resolved": {}}));
    let cancelled = json!({"cancelled": {"reason": "superseded"}});
    history.records_unreadable::<ChangeRules>("brent", 2, later, cancelled);
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_an_event_that_cannot_be_read_says_so_in_its_answer_and_in_lists() {
    let service = history().served().await;
    for (path, list) in [
        ("tickets", "tickets"),
        ("outages", "outages"),
        ("changes", "changes"),
        ("service-levels", "service_levels"),
    ] {
        let answer = service.read(&format!("/brent/{path}")).await;
        let listed = answer[list].as_array().unwrap();
        assert_eq!(listed.len(), 2, "{path}");
        for record in listed {
            assert_eq!(
                record["held"],
                record["id"] == json!(id(2)),
                "{path}: {record}"
            );
        }
    }
    for (number, held) in [(1, false), (2, true)] {
        for path in ["tickets", "outages", "changes"] {
            let one = service.read(&format!("/brent/{path}/{}", id(number))).await;
            assert_eq!(one["held"], held, "{path}: {one}");
        }
        let path = format!("/brent/tickets/{}/service-level", id(number));
        assert_eq!(service.read(&path).await["held"], held);
    }
    let page = service.page("/brent/outages").await;
    assert!(page.contains("a later event cannot be read"), "{page}");
}
