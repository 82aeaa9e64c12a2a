//! The rule for the queries of all routes: a parameter is given once, unless its description says that
//! it repeats. No route goes on with the last of several values and drops the others.

use super::described::Described;
use super::problem::{Problem, quoted};

/// Most parameters, and most values of one, that a refusal repeats.
const NAMED_MAX: usize = 8;

/// Refuses a query that gives a parameter more often than `described` takes it.
///
/// # Errors
/// Names every such parameter with the values found.
pub fn given_once(query: &[(String, String)], described: &Described) -> Result<(), Problem> {
    let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| !described.repeats(name)) {
        match seen.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => seen.push((name, vec![value])),
        }
    }
    seen.retain(|(_, values)| values.len() > 1);
    let Some((first, _)) = seen.first() else {
        return Ok(());
    };
    let faults: Vec<String> = seen.iter().take(NAMED_MAX).map(fault).collect();
    let fields: Vec<String> = seen
        .iter()
        .take(NAMED_MAX)
        .map(|(name, _)| quoted(name))
        .collect();
    Err(Problem::bad_query_in_words(first, faults.join("; ")).with("fields", fields))
}

fn fault((name, values): &(&str, Vec<&str>)) -> String {
    let found: Vec<String> = values
        .iter()
        .take(NAMED_MAX)
        .map(|value| format!("{:?}", quoted(value)))
        .collect();
    let more = match values.len() > NAMED_MAX {
        true => ", \u{2026}",
        false => "",
    };
    let name = quoted(name);
    let (times, found) = (values.len(), found.join(", "));
    format!("{name}: given {times} times ({found}{more}); give it once")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::described::{Answers, Parameter};

    fn described() -> Described {
        let parameter = |name, repeats| Parameter {
            name,
            about: String::new(),
            repeats,
            schema: json!({}),
        };
        Described::Read {
            query: vec![parameter("period", true), parameter("priority", false)],
            answers: Answers::Events,
        }
    }

    fn judged(query: &str, described: &Described) -> Result<(), Problem> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs: Vec<_> = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        given_once(&pairs, described)
    }

    #[test]
    fn what_repeats_by_its_description_is_taken_several_times() {
        for query in [
            "",
            "priority=p1",
            "period=2026-07&period=2026-08&priority=p1",
        ] {
            assert_eq!(judged(query, &described()), Ok(()), "{query}");
        }
    }

    #[test]
    fn every_parameter_that_is_given_twice_is_named_with_its_values() {
        let query = "priority=p1&as_at=x&period=a&priority=p3&as_at=x&period=b";
        let refused = judged(query, &described()).unwrap_err().to_json();
        let says = "priority: given 2 times (\"p1\", \"p3\"); give it once; \
                    as_at: given 2 times (\"x\", \"x\"); give it once";
        assert_eq!(refused["detail"], says);
        assert_eq!(refused["field"], "priority");
        assert_eq!(refused["fields"], json!(["priority", "as_at"]));
        // A command takes no query at all.
        let form = Described::Form { fields: None };
        assert!(judged("period=a&period=b", &form).is_err());
    }

    #[test]
    fn a_refusal_stays_short() {
        let names = (0..200).flat_map(|name| vec![format!("p{name}={}", "x".repeat(500)); 40]);
        let names: Vec<String> = names.collect();
        let refused = judged(&names.join("&"), &described()).unwrap_err();
        assert!(
            refused.detail().len() < 10_000,
            "{}",
            refused.detail().len()
        );
    }
}
