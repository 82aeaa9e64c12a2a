//! A tool that sends without end takes no more turns from another than that one needs itself. It is
//! counted in events of the log, not in time.

use tokio::task::JoinSet;

use super::*;

/// Requests of one tool, as many as it may make at a time, and facts of each.
const FLOOD: (u32, u32) = (8, 400);

/// Facts of the other.
const OTHERS: u32 = 150;

/// What may be decided at a time when the other comes.
const UNDER_WAY: usize = 64;

fn batch(system: &str, references: std::ops::Range<u32>) -> Value {
    let source = format!("/councils/brent/{system}");
    let one = |n: u32| with(logged(&format!("IN-{n}"), n % 60), "source", json!(source));
    references.map(one).collect()
}

#[tokio::test]
async fn a_flood_of_one_tool_does_not_slow_another_beyond_twice() {
    let town = Arc::new(Town::new());
    let mut sending = JoinSet::new();
    let (requests, facts) = FLOOD;
    for request in 0..requests {
        let town = Arc::clone(&town);
        sending.spawn(async move {
            let first = request * facts;
            let body = batch("hornbill", first..first + facts);
            let answers = town.send(&body).await;
            assert_eq!(
                answers["counts"]["recorded"], facts,
                "{}",
                answers["counts"]
            );
        });
    }
    // The flood is being recorded when the other comes.
    while town.recorded().await < 200 {
        yield_now().await;
    }
    let glpi = tool("brent", "glpi");
    let answers = town.send_as(&glpi, &batch("glpi", 0..OTHERS)).await;
    assert_eq!(answers["counts"]["recorded"], OTHERS, "{answers}");
    sending.join_all().await;
    let events = town.events().await;
    let of_glpi = |event: &Value| event["source"].as_str().unwrap().ends_with("glpi");
    let first = events.iter().position(of_glpi).unwrap();
    let last = events.iter().rposition(of_glpi).unwrap();
    let (needed, had) = (usize::try_from(OTHERS).unwrap(), last + 1 - first);
    assert!(
        had <= 2 * needed + UNDER_WAY,
        "{had} events were recorded while {needed} of the other were"
    );
    assert_eq!(
        events.len(),
        needed + usize::try_from(requests * facts).unwrap()
    );
}
