//! Query parameters of figures.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use townclerk_app::http::Problem;
use townclerk_contract::position::Position;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_views::contributions::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figures::{Breakdown, Home, Periods, Query};
use townclerk_views::measure::Measure;

/// Parameters as they came, in order; names may repeat.
pub type Params = Vec<(String, String)>;

/// Most dimensions by which one query may split: each multiplies the figures.
const SPLITS_MAX: usize = 2;

/// Most periods that one query may name.
const PERIODS_MAX: usize = 500;

/// What a figures query asks for.
pub struct FiguresQuery {
    pub query: Query,
    pub min_positions: Vec<Position>,
}

/// Reads the parameters of a query for the figures of `scope`.
///
/// # Errors
/// Names the parameter and says what it may be.
pub fn figures_query(scope: Scope, params: &Params) -> Result<FiguresQuery, Problem> {
    let mut measures = Vec::new();
    let mut periods = Vec::new();
    let mut breakdown = Breakdown::default();
    let mut basis = Basis::default();
    let mut min_positions = Vec::new();
    let mut everything = false;
    for (name, value) in params {
        match name.as_str() {
            "measure" => {
                for text in listed(value) {
                    let known = || Measure::ALL.map(Measure::name).join(", ");
                    let measure = Measure::from_name(text).ok_or_else(|| {
                        let why = format!("{text:?} is not a measure; there are {}", known());
                        Problem::bad_query(name, why)
                    })?;
                    measures.push(measure);
                }
            }
            "period" => periods.push(parsed(name, value)?),
            "breakdown" => {
                for text in listed(value) {
                    split(&mut breakdown, text)?;
                }
            }
            "home" => breakdown.home = Home::Of(parsed::<LogName>(name, value)?),
            "as_at" => basis.as_at = Some(instant(name, value)?),
            "known_at" => basis.known_at = Some(instant(name, value)?),
            "min_position" => min_positions.push(parsed(name, value)?),
            "everything" => everything = parsed(name, value)?,
            _ => {
                let dimension = Dimension::from_name(name).ok_or_else(|| unknown(name))?;
                value_fits(dimension, value)?;
                breakdown.fixed.insert(dimension, value.clone());
            }
        }
    }
    if everything && breakdown != Breakdown::default() {
        let why = "leaves no room for breakdowns and filters: leave one of them out";
        return Err(Problem::bad_query("everything", why));
    }
    if breakdown.split.len() > SPLITS_MAX {
        let why = format!("at most {SPLITS_MAX} dimensions at a time; fix the others to a value");
        return Err(Problem::bad_query("breakdown", why));
    }
    if periods.len() > PERIODS_MAX {
        let why = format!("at most {PERIODS_MAX} periods in one query");
        return Err(Problem::bad_query("period", why));
    }
    breakdown
        .split
        .retain(|dimension| !breakdown.fixed.contains_key(dimension));
    let mut query = Query::everything(scope);
    query.basis = basis;
    if !everything {
        query.breakdowns = vec![breakdown];
    }
    if !measures.is_empty() {
        query.measures = measures;
    }
    if !periods.is_empty() {
        query.periods = Periods::These(periods);
    }
    home_fits(&query)?;
    Ok(FiguresQuery {
        query,
        min_positions,
    })
}

/// A council's figures come from its own log and the shared one, from no other council's.
fn home_fits(query: &Query) -> Result<(), Problem> {
    for breakdown in &query.breakdowns {
        if let (Scope::Log(scope), Home::Of(home)) = (&query.scope, &breakdown.home)
            && home != scope
            && !home.is_shared()
        {
            let why = format!("{scope} has figures of {scope} and of shared, not of {home}");
            return Err(Problem::bad_query("home", why));
        }
    }
    Ok(())
}

/// A value that no ticket can have is a mistake, not a zero.
fn value_fits(dimension: Dimension, value: &str) -> Result<(), Problem> {
    let name = dimension.name();
    match dimension.values() {
        Some(values) if !values.contains(&value) => {
            let why = format!("{value:?} is none of {}", values.join(", "));
            Err(Problem::bad_query(name, why))
        }
        Some(_) => Ok(()),
        None => parsed::<Code>(name, value).map(|_| ()),
    }
}

fn split(breakdown: &mut Breakdown, text: &str) -> Result<(), Problem> {
    if text == "home" {
        breakdown.home = Home::Split;
        return Ok(());
    }
    let dimension = Dimension::from_name(text).ok_or_else(|| {
        let known = Dimension::ALL.map(Dimension::name).join(", ");
        let why = format!("{text:?} is not a dimension; there are {known} and home");
        Problem::bad_query("breakdown", why)
    })?;
    if !breakdown.split.contains(&dimension) {
        breakdown.split.push(dimension);
    }
    Ok(())
}

fn listed(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

pub fn instant(name: &str, value: &str) -> Result<Timestamp, Problem> {
    value.parse().map_err(|_| {
        let why = format!("{value:?} is not a time such as 2020-08-21T23:00:00Z");
        Problem::bad_query(name, why)
    })
}

pub fn parsed<T: FromStr<Err: Display>>(name: &str, value: &str) -> Result<T, Problem> {
    value.parse().map_err(|why| Problem::bad_query(name, why))
}

fn unknown(name: &str) -> Problem {
    let dimensions = Dimension::ALL.map(Dimension::name).join(", ");
    let why = format!(
        "not a parameter; there are measure, period, breakdown, {dimensions}, home, as_at, \
         known_at, min_position and everything"
    );
    Problem::bad_query(name, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &[(&str, &str)]) -> Params {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        query.iter().map(owned).collect()
    }

    fn read(query: &[(&str, &str)]) -> Result<FiguresQuery, Problem> {
        figures_query("brent".parse().unwrap(), &params(query))
    }

    #[test]
    fn filters_splits_and_moments_are_read() {
        let read = read(&[
            ("measure", "tickets_logged,tickets_open"),
            ("period", "19/20 Q4"),
            ("breakdown", "priority,kind"),
            ("kind", "incident"),
            ("as_at", "2020-08-21T23:00:00Z"),
            ("min_position", "brent:7"),
        ]);
        let read = read.unwrap();
        assert_eq!(read.query.measures.len(), 2);
        let breakdown = &read.query.breakdowns[0];
        assert_eq!(breakdown.split, [Dimension::Priority]);
        assert_eq!(breakdown.fixed[&Dimension::Kind], "incident");
        assert_eq!(read.min_positions[0].to_string(), "brent:7");
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (name, value) in [
            ("measure", "happiness"),
            ("period", "2019-13"),
            ("breakdown", "mood"),
            ("as_at", "yesterday"),
            ("min_position", "brent"),
            ("colour", "red"),
            ("home", "lewisham"),
            ("breakdown", "kind,priority,service"),
            ("priority", "p9"),
            ("service", "no code"),
        ] {
            let problem = read(&[(name, value)]).err().unwrap();
            assert!(problem.detail().starts_with(name), "{}", problem.detail());
        }
    }
}
