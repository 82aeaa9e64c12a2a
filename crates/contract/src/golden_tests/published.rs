//! Samples of coverages and claims.

use townclerk_domain::claim::{ClaimFact, ClaimKind, ClaimRules, Precision, Published};
use townclerk_domain::coverage::{CoverageFact, CoverageRules, Declared, Ended, Selector};
use townclerk_domain::identity::Family;
use townclerk_domain::names::Scope;
use townclerk_domain::ticket::Priority;

use super::{Sampled, code};

impl Sampled for CoverageRules {
    const LOG: &str = "brent";
    const SERVICE: &str = "ticket-service";

    fn facts() -> Vec<CoverageFact> {
        vec![
            CoverageFact::CoverageDeclared(Declared {
                selector: Selector {
                    priority: Some(Priority::P1),
                    ..Selector::whole(Family::Ticket)
                },
                from: "2019-01-01".parse().unwrap(),
                through: None,
            }),
            CoverageFact::CoverageEnded(Ended {
                through: "2020-08-21".parse().unwrap(),
            }),
        ]
    }
}

impl Sampled for ClaimRules {
    const LOG: &str = "shared";
    // Wrong, and frozen.
    const SERVICE: &str = "ticket-service";

    fn facts() -> Vec<ClaimFact> {
        let exact = Published {
            measure: "tickets_logged".to_owned(),
            scope: Scope::Joint,
            period: "19/20 Q4".parse().unwrap(),
            breakdown: [("priority".to_owned(), code("p1"))].into_iter().collect(),
            value: "13".parse().unwrap(),
            as_at: Some("2020-07-31T23:00:00Z".parse().unwrap()),
            source: "A committee paper, paragraph 6.7".to_owned(),
            kind: ClaimKind::Figure,
            unit: None,
            precision: Precision::Exact,
        };
        let said = |precision| Published {
            precision,
            ..exact.clone()
        };
        let tolerance = "0.5".parse().unwrap();
        let and = "15".parse().unwrap();
        let text = Published {
            measure: "calls_abandoned".to_owned(),
            kind: ClaimKind::Text,
            unit: Some("calls".to_owned()),
            ..said(Precision::AtMost)
        };
        [
            exact.clone(),
            text,
            said(Precision::About { tolerance }),
            said(Precision::Between { and }),
            said(Precision::AtLeast),
        ]
        .map(ClaimFact::ClaimPublished)
        .to_vec()
    }
}
