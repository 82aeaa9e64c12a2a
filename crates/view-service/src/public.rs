//! What readers without a token for the joint view may ask of the joint figures: [`RULE`] as the read API and the pages
//! hold to it.

use axum::Json;
use jiff::Timestamp;
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_views::basis::Basis;
use townclerk_views::figures::{Periods, Query};
use townclerk_views::measure::Measure;
use townclerk_views::public::{RULE, RuleShown};

use crate::reads::Reader;

/// The rule, for everybody to read.
pub async fn rule() -> Json<RuleShown> {
    Json(RULE.shown())
}

/// # Errors
/// Everything that is asked for and needs a token, or another one.
pub fn query_fits(reader: Reader, query: &Query) -> Result<(), Problem> {
    if reader == Reader::Entitled {
        return Ok(());
    }
    let mut faults = moments_beside(query.basis);
    if let Periods::These(periods) = &query.periods {
        let finer = periods.iter().filter(|period| !RULE.takes(period));
        faults.extend(
            finer.map(|period| format!("the period {period}, which is not made of months")),
        );
    }
    // Where all measures are asked for, those of which it is not shown are simply left out.
    let all = query.measures.len() == Measure::ALL.len();
    for breakdown in &query.breakdowns {
        let mask = breakdown.mask();
        let names: Vec<&str> = mask.dimensions().map(|d| d.name()).collect();
        let names = names.join(" and ");
        if !RULE.has(mask) {
            faults.push(format!("a breakdown by {names}"));
        } else if !all {
            let refused = query.measures.iter().filter(|m| !RULE.shows(**m, mask));
            faults.extend(refused.map(|measure| format!("{measure} by {names}")));
        }
    }
    found(reader, faults)
}

/// # Errors
/// Moments that need a token, or another one.
pub fn moments_fit(reader: Reader, basis: Basis) -> Result<(), Problem> {
    match reader {
        Reader::Entitled => Ok(()),
        Reader::Anonymous | Reader::OfOthers => found(reader, moments_beside(basis)),
    }
}

fn moments_beside(basis: Basis) -> Vec<String> {
    let moments = [("as_at", basis.as_at), ("known_at", basis.known_at)];
    let finer = |at: &Timestamp| !RULE.takes_moment(*at);
    let beside = moments
        .into_iter()
        .filter_map(|(name, at)| Some((name, at.filter(finer)?)));
    beside
        .map(|(name, at)| format!("{name} {at}, which is no end of a month in London"))
        .collect()
}

fn found(reader: Reader, faults: Vec<String>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    let (kind, needed) = match reader {
        Reader::Anonymous => (Kind::UNAUTHENTICATED, "a token"),
        Reader::OfOthers | Reader::Entitled => (Kind::FORBIDDEN, "a token that reads this view"),
    };
    let detail = format!(
        "this needs {needed}: {}. {}",
        faults.join("; "),
        RULE.in_words().join(" ")
    );
    Err(Problem::new(kind, detail).with("faults", faults))
}
