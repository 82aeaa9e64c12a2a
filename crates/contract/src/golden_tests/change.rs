//! Samples of what happens to changes, freezes and gates.

use townclerk_domain::change::{
    Assessed, Authorised, Cancelled, Caused, ChangeFact, ChangeRules, ChangeType, Closed,
    Implemented, Outcome, Rejected, Requested, ReviewDue, Reviewed, Risk, Scheduled, Started,
};
use townclerk_domain::freeze::{
    ChangeReference, Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeLifted, FreezeRules,
    FreezeScope,
};
use townclerk_domain::gate::{
    GateFact, GateLifted, GateRequirementMet, GateRules, GateSet, Requirement,
};
use townclerk_domain::names::LogName;
use townclerk_domain::reference::{Reference, ReferenceKind};
use uuid::Uuid;

use super::{Sampled, code, codes, text};

impl Sampled for ChangeRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "change-service";

    fn facts() -> Vec<ChangeFact> {
        vec![
            ChangeFact::Requested(Requested {
                change_type: ChangeType::Normal,
                title: text("Move telephony to the second data centre"),
                category: code("new-project"),
                project: Some(code("southwark-telephony")),
                services: codes(&["telephony"]),
                councils: codes(&["lewisham", "southwark"]),
            }),
            ChangeFact::Assessed(Assessed {
                risk: Risk::Medium,
                impact: Some(text("Calls are cut off while the numbers move.")),
            }),
            ChangeFact::Authorised(Authorised {
                authority: code("change-board"),
            }),
            ChangeFact::Rejected(Rejected {
                authority: code("change-board"),
                reason: code("no-way-back"),
            }),
            ChangeFact::Scheduled(Scheduled {
                from: "2020-08-15T19:00:00Z".parse().unwrap(),
                to: "2020-08-15T23:30:00Z".parse().unwrap(),
            }),
            ChangeFact::Started(Started {}),
            ChangeFact::Implemented(Implemented {}),
            ChangeFact::Reviewed(Reviewed {
                findings: Some(text("Two numbers were forgotten and moved a day later.")),
            }),
            ChangeFact::Closed(Closed {
                outcome: Outcome::WithIssues,
            }),
            ChangeFact::Cancelled(Cancelled {
                reason: code("superseded"),
            }),
            ChangeFact::Caused(Caused {
                effect: Reference {
                    log: LogName::shared(),
                    kind: ReferenceKind::Outage,
                    id: Uuid::from_u128(9),
                },
            }),
            ChangeFact::ReviewDue(ReviewDue {
                by: "2020-08-29".parse().unwrap(),
                owner: code("change-manager"),
            }),
        ]
    }
}

impl Sampled for FreezeRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "change-service";

    fn facts() -> Vec<FreezeFact> {
        let declared = FreezeDeclared {
            title: text("No changes over the year's end"),
            scope: FreezeScope {
                councils: codes(&["lewisham"]),
                services: codes(&["finance-system"]),
                categories: codes(&["maintenance", "new-project"]),
            },
            from: "2020-12-18T17:00:00Z".parse().unwrap(),
            to: Some("2021-01-04T08:00:00Z".parse().unwrap()),
            until: None,
        };
        vec![
            FreezeFact::FreezeDeclared(declared.clone()),
            FreezeFact::FreezeDeclared(FreezeDeclared {
                title: text("No new projects"),
                to: None,
                until: Some(text("until the service is stable")),
                ..declared
            }),
            FreezeFact::FreezeExempted(FreezeExempted {
                exempt: Exempt::Project(code("southwark-phase-2")),
                reason: text("It stands apart from the service that is to become stable."),
            }),
            FreezeFact::FreezeExempted(FreezeExempted {
                exempt: Exempt::Change(ChangeReference {
                    log: LogName::new("southwark").unwrap(),
                    id: Uuid::from_u128(9),
                }),
                reason: text("The supplier ends support before the freeze does."),
            }),
            FreezeFact::FreezeLifted(FreezeLifted {}),
        ]
    }
}

impl Sampled for GateRules {
    const LOG: &str = "southwark";
    const SERVICE: &str = "change-service";

    fn facts() -> Vec<GateFact> {
        vec![
            GateFact::GateSet(GateSet {
                title: text("Telephony waits for what the first move taught"),
                project: code("southwark-telephony"),
                requires: vec![
                    Requirement {
                        code: code("lessons-reviewed"),
                        text: text("The lessons of the first move are reviewed."),
                    },
                    Requirement {
                        code: code("remediations-done"),
                        text: text("What they ask for is done."),
                    },
                ],
            }),
            GateFact::GateRequirementMet(GateRequirementMet {
                requirement: code("lessons-reviewed"),
            }),
            GateFact::GateLifted(GateLifted {
                reason: text("The project was given up."),
            }),
        ]
    }
}
