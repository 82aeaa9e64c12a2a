//! The kinds of aggregates that are counted and listed, and what each of them gives for that.

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::{Change, ChangeRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::post::{Post, PostRules};
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::ticket::{Ticket, TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;

use crate::contributions::{self, Basis, Circumstances, Contribution};
use crate::kept::{evolved, facts};
use crate::key::index::{self, Listed};
use crate::row::Row;
use crate::rows::RowsError;

/// Rules of a kind of which counters are kept. Outages are not among them: they are few, and one of
/// which the time is known only roughly belongs to no month.
pub trait Projected: Decider<State = Option<<Self as Projected>::Stands>> {
    /// Such an aggregate as it stands.
    type Stands: Clone;

    /// What its facts, in order, add to counted measures.
    fn contributions(
        facts: &[Standing<Self::Fact>],
        circumstances: &Circumstances<'_>,
    ) -> Vec<Contribution>;

    /// Whether it is still open; `None` for a kind of which no lists are kept.
    fn is_open(stands: &Self::Stands) -> Option<bool>;

    /// Whether a fact links it to other records.
    fn links(fact: &Self::Fact) -> bool;
}

impl Projected for TicketRules {
    type Stands = Ticket;

    fn contributions(
        facts: &[Standing<Self::Fact>],
        circumstances: &Circumstances<'_>,
    ) -> Vec<Contribution> {
        contributions::of_ticket(facts, circumstances)
    }

    fn is_open(ticket: &Ticket) -> Option<bool> {
        Some(ticket.status.is_open())
    }

    fn links(fact: &Self::Fact) -> bool {
        matches!(fact, TicketFact::Linked(_))
    }
}

impl Projected for ChangeRules {
    type Stands = Change;

    fn contributions(facts: &[Standing<Self::Fact>], _: &Circumstances<'_>) -> Vec<Contribution> {
        contributions::of_change(facts)
    }

    fn is_open(_: &Change) -> Option<bool> {
        None
    }

    fn links(_: &Self::Fact) -> bool {
        false
    }
}

impl Projected for PostRules {
    type Stands = Post;

    fn contributions(facts: &[Standing<Self::Fact>], _: &Circumstances<'_>) -> Vec<Contribution> {
        contributions::of_post(facts)
    }

    fn is_open(_: &Post) -> Option<bool> {
        None
    }

    fn links(_: &Self::Fact) -> bool {
        false
    }
}

/// Whether aggregates of this kind are counted and listed.
pub fn is_projected(kind: AggregateKind) -> bool {
    matches!(
        kind,
        AggregateKind::Ticket | AggregateKind::Change | AggregateKind::Post
    )
}

/// An aggregate as it stood, and when its first fact happened; `None` if nothing was known of it.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn stand<P: Projected>(
    row: &Row<P::Fact>,
    basis: Basis,
) -> Result<Option<(P::Stands, Timestamp)>, RowsError> {
    let facts = facts(row, basis)?;
    let first = facts.first().map(|first| first.happened);
    let stands = evolved::<P>(&facts);
    Ok(stands.zip(first))
}

/// What a row gives beside itself.
pub(crate) struct Projection {
    pub contributions: Vec<Contribution>,
    pub sample: bool,
    pub index_keys: Vec<Vec<u8>>,
}

/// Everything that follows from the row of a projected aggregate; `None` for other kinds.
pub(crate) fn projection(
    log: &LogName,
    aggregate: AggregateId,
    value: &[u8],
    agreements: &ServiceAgreements,
) -> Result<Option<Projection>, RowsError> {
    let found = match aggregate.kind {
        AggregateKind::Ticket => of::<TicketRules>(log, aggregate, value, agreements)?,
        AggregateKind::Change => of::<ChangeRules>(log, aggregate, value, agreements)?,
        AggregateKind::Post => of::<PostRules>(log, aggregate, value, agreements)?,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn of<P: Projected>(
    log: &LogName,
    aggregate: AggregateId,
    value: &[u8],
    agreements: &ServiceAgreements,
) -> Result<Projection, RowsError> {
    let row: Row<P::Fact> = Row::decode(value)?;
    let AggregateId { kind, id } = aggregate;
    let mut keys = Vec::new();
    let facts = facts(&row, Basis::default())?;
    let circumstances = Circumstances {
        agreements,
        as_at: None,
    };
    let contributions = P::contributions(&facts, &circumstances);
    let last = row.timeline.last_happened();
    keys.extend(last.map(|last| index::last_happened(kind, last, log, id)));
    // A ticket becomes an aged one without an event, after all that happened to it.
    let ages = contributions.iter().map(|contribution| contribution.at);
    let ages = ages.max().filter(|at| Some(*at) > last);
    keys.extend(ages.map(|at| index::ageing(kind, at, log, id)));
    let stands = evolved::<P>(&facts);
    let open = stands.as_ref().and_then(P::is_open);
    if let (Some(open), Some(first)) = (open, facts.first()) {
        keys.push(index::listed(Listed::All, kind, log, first.happened, id));
        if open {
            keys.push(index::listed(Listed::Open, kind, log, first.happened, id));
        }
    }
    // Whatever was known of links at any time: what was voided since linked before.
    let links = row.timeline.entries.iter().any(|entry| match &entry.what {
        Recordable::Fact(fact) => P::links(fact),
        Recordable::Corrected(_) | Recordable::Voided(_) => false,
    });
    if links {
        keys.push(index::linked(kind, log, id));
    }
    Ok(Projection {
        contributions,
        sample: row.sample,
        index_keys: keys,
    })
}
