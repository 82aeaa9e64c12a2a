//! Samples of what happens to outages and to planned maintenance.

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::{
    ActionAgreed, ActionCompleted, Affected, CauseFound, Closed, Declared, Effect, Escalated,
    Linked, MaintenanceCancelled, MaintenancePlanned, Narrowed, OutageFact, OutageRules, Party,
    Recurred, Resolved, Reviewed, ServiceRestored, Severity, UsersAffected, Widened, WorkedAround,
};
use townclerk_domain::recovery::{RecoveryTestFact, RecoveryTestRules, RecoveryTested};
use townclerk_domain::reference::{Reference, ReferenceKind};
use uuid::Uuid;

use super::{Sampled, code, codes, text};

fn effect(service: &str, council: &str, severity: Severity) -> Effect {
    Effect {
        service: code(service),
        council: code(council),
        severity,
        from: Some("2020-08-10T09:05:00Z".parse().unwrap()),
        to: Some("2020-08-10T11:30:00Z".parse().unwrap()),
    }
}

fn another(kind: ReferenceKind) -> Reference {
    Reference {
        log: LogName::shared(),
        kind,
        id: Uuid::from_u128(9),
    }
}

/// When an outage that is known only roughly happened: its event says a moment of that time, here the first.
pub fn first_moment(event: &Event) -> Option<Timestamp> {
    match event {
        Event::Outage(Recordable::Fact(OutageFact::Declared(declared))) => {
            declared.when.as_ref().map(Within::start)
        }
        _ => None,
    }
}

/// With every field, and with what a paper may have no target for.
impl Sampled for RecoveryTestRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "outage-service";

    fn facts() -> Vec<RecoveryTestFact> {
        let all = RecoveryTested {
            group: code("critical-services"),
            target_minutes: Some(15),
            achieved_minutes: Some(12),
            data_loss_target_minutes: Some(15),
            data_loss_minutes: Some(3),
        };
        let without_target = RecoveryTested {
            group: code("virtual-machines"),
            target_minutes: None,
            achieved_minutes: Some(345),
            data_loss_target_minutes: None,
            data_loss_minutes: None,
        };
        let results = [all, without_target];
        results
            .into_iter()
            .map(RecoveryTestFact::RecoveryTested)
            .collect()
    }
}

impl Sampled for OutageRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "outage-service";

    fn facts() -> Vec<OutageFact> {
        let mut facts = damage();
        facts.extend(aftermath());
        facts
    }
}

fn declared() -> Declared {
    Declared {
        title: text("Power was lost in the second data centre"),
        summary: Some(text("The core network did not move to the first one.")),
        when: None,
        councils: codes(&["brent", "lewisham"]),
        critical: true,
        effects: vec![
            effect("email", "brent", Severity::Down),
            effect("childrens-social-care", "lewisham", Severity::Degraded),
        ],
    }
}

/// Known only by its month: its effects carry no times.
fn declared_roughly() -> Declared {
    Declared {
        when: Some(Within {
            from: "2020-07-01".parse().unwrap(),
            to: "2020-07-31".parse().unwrap(),
            precision: Precision::Month,
        }),
        effects: vec![Effect {
            from: None,
            to: None,
            ..effect("email", "brent", Severity::Down)
        }],
        ..declared()
    }
}

fn damage() -> Vec<OutageFact> {
    let planned = MaintenancePlanned {
        title: text("Storage firmware"),
        councils: codes(&["brent", "lewisham"]),
        services: codes(&["email", "finance-system"]),
        from: "2020-08-15T19:00:00Z".parse().unwrap(),
        to: "2020-08-15T23:00:00Z".parse().unwrap(),
        cancels_earlier: false,
    };
    let moved = MaintenancePlanned {
        cancels_earlier: true,
        ..planned.clone()
    };
    vec![
        OutageFact::MaintenancePlanned(planned),
        OutageFact::MaintenancePlanned(moved),
        OutageFact::MaintenanceCancelled(MaintenanceCancelled {
            reason: Some(text("The supplier withdrew the firmware.")),
        }),
        OutageFact::Declared(declared()),
        OutageFact::Declared(declared_roughly()),
        OutageFact::Widened(Widened {
            councils: codes(&["southwark"]),
            effects: vec![effect("email", "southwark", Severity::Down)],
        }),
        OutageFact::Narrowed(Narrowed {
            councils: codes(&["southwark"]),
        }),
        OutageFact::Affected(Affected {
            effects: vec![effect("education", "lewisham", Severity::Down)],
        }),
        OutageFact::UsersAffected(UsersAffected {
            percent: "12.5".parse().unwrap(),
        }),
        OutageFact::WorkedAround(WorkedAround {
            workaround: text("Use web mail."),
        }),
        OutageFact::ServiceRestored(ServiceRestored {
            service: code("email"),
            councils: codes(&["brent"]),
        }),
        OutageFact::Resolved(Resolved {}),
    ]
}

fn aftermath() -> Vec<OutageFact> {
    vec![
        OutageFact::CauseFound(CauseFound {
            component: code("core-network"),
            class: code("power"),
            party: Party::Supplier,
            supplier: Some(code("data-centre-operator")),
            summary: Some(text("Another tenant's equipment tripped the supply.")),
        }),
        OutageFact::ActionAgreed(ActionAgreed {
            action: code("two-feeds"),
            text: text("Feed each device from two supplies."),
            owner: code("network-team"),
            due: "2020-10-31".parse().unwrap(),
        }),
        OutageFact::ActionCompleted(ActionCompleted {
            action: code("two-feeds"),
        }),
        OutageFact::Escalated(Escalated {
            supplier: code("data-centre-operator"),
            level: code("chief-executive"),
        }),
        OutageFact::Reviewed(Reviewed {
            findings: text("The second supply had never been tested."),
        }),
        OutageFact::Linked(Linked {
            cause: another(ReferenceKind::Change),
        }),
        OutageFact::Closed(Closed {}),
        OutageFact::Recurred(Recurred {
            outage: another(ReferenceKind::Outage),
        }),
    ]
}
