//! Published figures, each with whether it agrees with ours.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::claim::{ClaimKind, ClaimRules, Precision, Published};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_views::figure::{ClaimShown, Number, PeriodShown};
use townclerk_views::figures::beside;
use townclerk_views::kept::{Kept, there_up_to};
use townclerk_views::lists::PageEnd;
use townclerk_views::measure::Measure;
use uuid::Uuid;

use super::ReadError;
use super::page_end;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;

/// Each is compared at its own moment.
pub(super) const TAKES: Takes = Takes {
    names: &["known_at", "limit", "after"],
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Claims {
    scope: Scope,
    /// The latest published first.
    claims: Vec<ClaimListed>,
    /// For the parameter `after` of the next page; null on the last one.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ClaimListed {
    id: Uuid,
    log: LogName,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    held: bool,
    /// Whether it was made up for a demonstration.
    sample: bool,
    /// When it was published.
    published: Timestamp,
    kind: ClaimKind,
    measure: String,
    /// Of what its value is a number; null where there is no such measure.
    unit: Option<String>,
    period: PeriodShown,
    breakdown: BTreeMap<String, Code>,
    value: Number,
    precision: Precision,
    /// The state of the world that the publisher meant; null where it is not said.
    as_at: Option<Timestamp>,
    source: String,
    /// Our number at that moment, rounded to the most decimals that the claim has.
    ours: Option<Number>,
    verdict: Verdict,
    /// Where it differs, ours less the nearest number that the claim allows.
    differs_by: Option<Number>,
    /// Why it cannot be compared.
    why: Option<String>,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Agrees,
    Differs,
    CannotBeCompared,
}

/// A page of the claims about a scope.
///
/// # Errors
/// What cannot be read, or what is wrong with the rows.
pub(super) fn claims(
    rows: &ViewRows<'_>,
    scope: &Scope,
    params: &Params,
) -> Result<Claims, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let (claims, end, positions) = rows.with_reading(|reading| {
        let positions = page_end::positions(wanted.after.as_ref(), reading, scope);
        let all = there_up_to::<ClaimRules, _>(reading.rows, wanted.basis, &positions)?;
        let (found, end) = turned_to(all, scope, &wanted);
        let published: Vec<&Published> = found.iter().map(|kept| &kept.stands).collect();
        let compared = beside(reading, scope, wanted.basis.known_at, &published)?;
        let mut claims = Vec::with_capacity(found.len());
        for (kept, compared) in found.into_iter().zip(compared) {
            let held = kept.held;
            claims.push(ClaimListed::of(kept, compared, held));
        }
        Ok((claims, end, positions))
    })?;
    let next = end.map(|end| page_end::written(&end, &positions));
    Ok(Claims {
        scope: scope.clone(),
        claims,
        next: next.transpose()?,
    })
}

/// The claims of a page, and where it ends if there is more.
fn turned_to(
    all: Vec<Kept<Published>>,
    scope: &Scope,
    wanted: &Wanted,
) -> (Vec<Kept<Published>>, Option<PageEnd>) {
    let place = |kept: &Kept<Published>| Reverse((published(kept), kept.id));
    let after = wanted.after.as_ref();
    let after = after.map(|after| Reverse((after.end.began, after.end.id)));
    let of_scope = all.into_iter().filter(|kept| kept.stands.scope == *scope);
    let mut found: Vec<Kept<Published>> = of_scope
        .filter(|kept| after.is_none_or(|after| after < place(kept)))
        .collect();
    found.sort_by_key(place);
    let more = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let last = found.last().filter(|_| more);
    let end = last.map(|kept| PageEnd {
        began: published(kept),
        id: kept.id,
    });
    (found, end)
}

/// When it was published: the only thing that happens to a claim.
fn published(kept: &Kept<Published>) -> Timestamp {
    kept.last_happened.unwrap_or(Timestamp::MIN)
}

impl ClaimListed {
    fn of(kept: Kept<Published>, compared: ClaimShown, held: bool) -> Self {
        let published = published(&kept);
        let claim = kept.stands;
        let known = match claim.kind {
            ClaimKind::Figure => Measure::from_name(&claim.measure),
            ClaimKind::Text => None,
        };
        Self {
            id: kept.id,
            log: kept.log,
            held,
            sample: kept.sample,
            published,
            kind: claim.kind,
            unit: claim
                .unit
                .or(known.map(|measure| measure.unit().to_owned())),
            measure: claim.measure,
            period: PeriodShown::from(&claim.period),
            breakdown: claim.breakdown,
            value: compared.value,
            precision: compared.precision,
            as_at: compared.as_at,
            source: compared.source,
            ours: compared.ours,
            verdict: match compared.differs {
                Some(false) => Verdict::Agrees,
                Some(true) => Verdict::Differs,
                None => Verdict::CannotBeCompared,
            },
            differs_by: compared.differs_by,
            why: compared.why,
        }
    }
}
