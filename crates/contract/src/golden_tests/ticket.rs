//! Samples of what happens to tickets.

use std::collections::BTreeSet;

use townclerk_domain::names::LogName;
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{
    Assigned, Cancelled, Channel, Closed, Held, Linked, Logged, Priority, Recategorised,
    Reinstated, Reopened, Reprioritised, Resolved, Started, TicketFact, TicketKind, TicketRules,
    Triaged, UserClass,
};
use uuid::Uuid;

use super::{Sampled, code};

impl Sampled for TicketRules {
    const LOG: &str = "brent";
    const SERVICE: &str = "ticket-service";

    fn facts() -> Vec<TicketFact> {
        vec![
            TicketFact::Logged(Logged {
                kind: TicketKind::Incident,
                priority: Priority::P3,
                user_class: UserClass::Vip,
                channel: Channel::WalkIn,
                service: code("csccm"),
                category: code("software-error"),
                directorate: Some(code("childrens-services")),
                sts: true,
                councils: BTreeSet::new(),
            }),
            TicketFact::Triaged(Triaged {}),
            TicketFact::Started(Started {}),
            TicketFact::Held(Held {
                reason: code("supplier"),
            }),
            TicketFact::Resolved(Resolved {
                resolution: Some(code("workaround")),
            }),
            TicketFact::Reopened(Reopened {
                reason: code("not-fixed"),
            }),
            TicketFact::Closed(Closed {}),
            TicketFact::Cancelled(Cancelled {
                reason: code("duplicate"),
            }),
            TicketFact::Reinstated(Reinstated {
                reason: code("not-a-duplicate"),
            }),
            TicketFact::Assigned(Assigned {
                team: code("second-line"),
            }),
            TicketFact::Recategorised(Recategorised {
                category: Some(code("pc-fault")),
                service: None,
                directorate: None,
            }),
            TicketFact::Reprioritised(Reprioritised {
                priority: Priority::P1,
            }),
            TicketFact::Linked(Linked {
                cause: Reference {
                    log: LogName::shared(),
                    kind: ReferenceKind::Outage,
                    id: Uuid::from_u128(9),
                },
            }),
        ]
    }
}
