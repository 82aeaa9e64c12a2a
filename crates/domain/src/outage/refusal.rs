//! Why a fact of an outage is refused, by value.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::fact::Severity;
use super::state::Status;
use crate::decimal::Decimal;
use crate::identity::AggregateKind;
use crate::imprecise::{Precision, Within};
use crate::names::{Code, LogName};
use crate::reference::{Reference, ReferenceKind};

/// Most councils that one outage hits.
pub const COUNCILS_MAX: usize = 64;

/// Most services that one maintenance is planned for.
pub const SERVICES_MAX: usize = 64;

/// Most notices of one maintenance: each of them holds beside the others.
pub const NOTICES_MAX: usize = 64;

/// Most effects of one outage.
pub const EFFECTS_MAX: usize = 256;

/// Most remedial actions of one outage.
pub const ACTIONS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this outage was not declared by then: declare it first, or give a later time")]
    NotDeclared,
    #[error("this outage was declared at {at} already")]
    AlreadyDeclared { at: Timestamp },
    #[error("notice of maintenance comes before it begins, and this is {} already", status.code())]
    NoticeAfterBegin { status: Status },
    #[error(
        "notice given at {noticed} is none: the maintenance begins at {from}. Declare it instead"
    )]
    NoticeTooLate { noticed: Timestamp, from: Timestamp },
    #[error(
        "of one maintenance {NOTICES_MAX} notices hold at most: cancel the earlier ones with this, or plan another"
    )]
    TooManyNotices,
    #[error(
        "this maintenance was cancelled at {at} and takes no more: record the work that is done by itself"
    )]
    MaintenanceCancelled { at: Timestamp },
    #[error("no maintenance was planned here by then: plan it first, or give a later time")]
    NotPlanned,
    #[error("what is cancelled is planned maintenance that has not begun, and this is {}", status.code())]
    NothingToCancel { status: Status },
    #[error("the maintenance ends at {to}, which is not after its beginning at {from}")]
    MaintenanceEndsBeforeItBegins { from: Timestamp, to: Timestamp },
    #[error("maintenance names 1 to {SERVICES_MAX} services, and this names {found}")]
    ServiceCount { found: usize },

    #[error(
        "an outage in the shared log names the councils that it hits: at least two, not {found}"
    )]
    SharedNeedsCouncils { found: usize },
    #[error("an outage hits at most {COUNCILS_MAX} councils, not {found}")]
    TooManyCouncils { found: usize },
    #[error(
        "an outage in the log of {home} names exactly {home}, and this names {}; one that hits several councils is recorded in shared",
        listed(councils)
    )]
    OwnLogNamesItsCouncil {
        home: LogName,
        councils: BTreeSet<Code>,
    },
    #[error(
        "an outage in the log of {home} is always {home}'s alone: only one in shared is widened and narrowed"
    )]
    OnlyInShared { home: LogName },
    #[error("name at least one council")]
    NoCouncils,
    #[error("it hits {} already", listed(councils))]
    AlreadyHit { councils: BTreeSet<Code> },
    #[error("it does not hit {}; it hits {}", listed(councils), listed(hit))]
    NotHit {
        councils: BTreeSet<Code>,
        hit: BTreeSet<Code>,
    },
    #[error("it would hit no council any more: if it is over, resolve it")]
    NoneWouldRemain,

    #[error("{} to {} cannot be: {}", within.from, within.to, days_of(within.precision))]
    WhenUnsound { within: Within },
    #[error(
        "where the time is known only roughly, `happened` lies in {} to {}, best at their first \
         moment, {}; found {found}",
        within.from, within.to, within.start()
    )]
    HappenedElsewhere { within: Within, found: Timestamp },
    #[error("{service} of {council} cannot be known to have been so at {time}: that is to come")]
    LiesAhead {
        service: Code,
        council: Code,
        time: Timestamp,
    },

    #[error("name at least one effect")]
    NoEffects,
    #[error("an outage has at most {EFFECTS_MAX} effects, and this makes {found}")]
    TooManyEffects { found: usize },
    #[error(
        "the effect on {service} names {council}, and the outage's councils are {}",
        listed(councils)
    )]
    EffectOnAnotherCouncil {
        service: Code,
        council: Code,
        councils: BTreeSet<Code>,
    },
    #[error(
        "the time of this outage is known only roughly: the effect on {service} of {council} carries no times"
    )]
    EffectTimeUnknown { service: Code, council: Code },
    #[error(
        "the effect on {service} of {council} begins at {from}, before the outage did at {began}"
    )]
    EffectBeforeOutage {
        service: Code,
        council: Code,
        from: Timestamp,
        began: Timestamp,
    },
    #[error(
        "the effect on {service} of {council} ends at {to}, which is not after its beginning at {from}"
    )]
    EffectEndsBeforeItBegins {
        service: Code,
        council: Code,
        from: Timestamp,
        to: Timestamp,
    },
    #[error("{service} of {council} is {} at that time already; give times that do not overlap, or correct what is recorded", severity.code())]
    AlreadyAffected {
        service: Code,
        council: Code,
        severity: Severity,
    },
    #[error("{percent} % of users is not a share: give 0 to 100")]
    NotAShare { percent: Decimal },

    #[error(
        "{service} is not down or degraded any more, or never was, for {}; down or degraded for {} \
         {}",
        listed(councils),
        match councils.len() { 1 => "it", _ => "them" },
        match affected.len() {
            0 => "is nothing".to_owned(),
            1 => format!("is {}", listed(affected)),
            _ => format!("are {}", listed(affected)),
        }
    )]
    NothingToRestore {
        service: Code,
        councils: BTreeSet<Code>,
        /// The services that are down or degraded there.
        affected: BTreeSet<Code>,
    },
    #[error(
        "{service} of {council} was hit only from {from} on: give a later time, or correct that one"
    )]
    EndsBeforeEffect {
        service: Code,
        council: Code,
        from: Timestamp,
    },
    #[error("{service} of {council} was hit until {to}: give a later time, or correct that one")]
    EffectLastsLonger {
        service: Code,
        council: Code,
        to: Timestamp,
    },

    #[error("this outage is {} and takes no more of what was down; correct what is wrong, or record another outage", status.code())]
    Over { status: Status },
    #[error("this outage was resolved at {at} already")]
    AlreadyResolved { at: Timestamp },
    #[error("this outage is not resolved yet")]
    NotResolved,
    #[error(
        "this outage was closed at {at}: actions can be completed, and no more be agreed, found or escalated"
    )]
    AlreadyClosed { at: Timestamp },

    #[error("the cause was our own, and {supplier} is named: leave it out, or say party supplier")]
    SupplierNotAtFault { supplier: Code },
    #[error("the action {action} is agreed already")]
    AlreadyAgreed { action: Code },
    #[error("an outage has at most {ACTIONS_MAX} remedial actions")]
    TooManyActions,
    #[error("no action {action} is agreed; agreed are {}", listed(agreed))]
    NotAgreed {
        action: Code,
        agreed: BTreeSet<Code>,
    },
    #[error("the action {action} was completed at {at} already")]
    AlreadyCompleted { action: Code, at: Timestamp },
    #[error("{cause} is linked as a cause already")]
    AlreadyLinked { cause: Reference },
    #[error("what recurs is an outage, not a {}", name_of(*found))]
    NotAnOutage { found: ReferenceKind },
    #[error("that it recurred as {outage} is recorded already")]
    AlreadyRecurred { outage: Reference },
}

fn listed(codes: &BTreeSet<Code>) -> String {
    if codes.is_empty() {
        return "none".to_owned();
    }
    let codes: Vec<&str> = codes.iter().map(Code::as_str).collect();
    codes.join(", ")
}

fn days_of(precision: Precision) -> &'static str {
    match precision {
        Precision::Day => "a day is given by itself as the first and the last one",
        Precision::Month => "a month is given by its first and its last day",
        Precision::Interval => "the last day of an interval does not lie before its first",
    }
}

fn name_of(kind: ReferenceKind) -> &'static str {
    AggregateKind::from(kind).token()
}
