//! Query parameters of figures.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use townclerk_app::http::Problem;
use townclerk_contract::position::Position;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figures::{Breakdown, Home, Periods, Query};
use townclerk_views::measure::Measure;

/// Parameters as they came, in order; names may repeat.
pub type Params = Vec<(String, String)>;

/// Most dimensions by which one query may split: each multiplies the figures.
pub(crate) const SPLITS_MAX: usize = 2;

/// Most periods that one query may name.
pub(crate) const PERIODS_MAX: usize = 500;

/// Most months that they may have all together: figures go through each.
pub(crate) const MONTHS_MAX: usize = 6_000;

/// The parameter that splits figures.
const BREAKDOWN: &str = "breakdown";

/// The parameter that keeps to the same councils in every period.
pub(crate) const LIKE_FOR_LIKE: &str = "like_for_like";

/// The breakdown by the log in which records lie.
pub(crate) use townclerk_domain::measured::HOME;

/// What a figures query takes beside the name of each dimension.
const NAMES: [&str; 9] = [
    "measure",
    "period",
    BREAKDOWN,
    HOME,
    "as_at",
    "known_at",
    "min_position",
    "everything",
    LIKE_FOR_LIKE,
];

/// All that a figures query takes.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(Dimension::ALL.map(Dimension::name))
}

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
    let mut like_for_like = false;
    for (name, value) in params {
        // What is published is what is taken.
        if !names().any(|taken| taken == name) {
            return Err(unknown(name));
        }
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
            LIKE_FOR_LIKE => like_for_like = parsed(name, value)?,
            _ => {
                let dimension = Dimension::from_name(name).ok_or_else(|| unknown(name))?;
                value_fits(dimension, value)?;
                breakdown.fixed.insert(dimension, value.clone());
            }
        }
    }
    bounds_fit(&breakdown, &periods, everything)?;
    breakdown
        .split
        .retain(|dimension| !breakdown.fixed.contains_key(dimension));
    let mut query = Query::everything(scope);
    query.basis = basis;
    if like_for_like && query.scope != Scope::Joint {
        let why = "only figures of joint are made of several councils: leave it out";
        return Err(Problem::bad_query(LIKE_FOR_LIKE, why));
    }
    query.like_for_like = like_for_like;
    if !everything {
        query.breakdowns = vec![breakdown];
    }
    let named = measures.clone();
    if !measures.is_empty() {
        query.measures = measures;
    }
    if !periods.is_empty() {
        query.periods = Periods::These(periods);
    }
    home_fits(&query)?;
    if !everything {
        breakdowns_fit(&query, &named)?;
    }
    Ok(FiguresQuery {
        query,
        min_positions,
    })
}

/// What one query may ask for at most.
fn bounds_fit(breakdown: &Breakdown, periods: &[Period], everything: bool) -> Result<(), Problem> {
    if everything && *breakdown != Breakdown::default() {
        let why = "leaves no room for breakdowns and filters: leave one of them out";
        return Err(Problem::bad_query("everything", why));
    }
    if breakdown.split.len() > SPLITS_MAX {
        let why = format!("at most {SPLITS_MAX} dimensions at a time; fix the others to a value");
        return Err(Problem::bad_query(BREAKDOWN, why));
    }
    if periods.len() > PERIODS_MAX {
        let why = format!("at most {PERIODS_MAX} periods in one query");
        return Err(Problem::bad_query("period", why));
    }
    let months = |period: &Period| period.months().map_or(1, Iterator::count);
    if periods.iter().map(months).sum::<usize>() > MONTHS_MAX {
        let why = format!("at most {MONTHS_MAX} months in all periods of one query");
        return Err(Problem::bad_query("period", why));
    }
    Ok(())
}

/// A council's figures come from its own log and the shared one, from no other council's.
fn home_fits(query: &Query) -> Result<(), Problem> {
    for breakdown in &query.breakdowns {
        if let (Scope::Log(scope), Home::Of(home)) = (&query.scope, &breakdown.home)
            && home != scope
            && !home.is_shared()
        {
            let why = format!("{scope} has figures of {scope} and of shared, not of {home}");
            return Err(Problem::bad_query(HOME, why));
        }
    }
    Ok(())
}

/// What cannot be broken down so has no figure: for a measure that is named this is a mistake. Where
/// none is named those that do not fit are left out, and one at least must fit.
fn breakdowns_fit(query: &Query, named: &[Measure]) -> Result<(), Problem> {
    for breakdown in &query.breakdowns {
        for measure in named {
            measure_fits(*measure, breakdown)?;
        }
        if !query
            .measures
            .iter()
            .any(|measure| breakdown.fits(*measure))
        {
            let dimensions = breakdown.mask().dimensions().map(Dimension::name);
            let home = (breakdown.home != Home::Whole).then_some(HOME);
            let all: Vec<&str> = dimensions.chain(home).collect();
            let why = format!("no measure has a breakdown by {}", all.join(" and "));
            let first = all.first().copied().unwrap_or(BREAKDOWN);
            return Err(Problem::bad_query(parameter(breakdown, first), why));
        }
    }
    Ok(())
}

fn measure_fits(measure: Measure, breakdown: &Breakdown) -> Result<(), Problem> {
    let mut dimensions = breakdown.mask().dimensions();
    let missing = dimensions.find(|dimension| !measure.has(*dimension));
    let missing = match missing {
        Some(dimension) => dimension.name(),
        // Only the home is left that it can lack: it counts by affected council.
        None if !breakdown.fits(measure) => HOME,
        None => return Ok(()),
    };
    let has: Vec<&str> = measure.definition().measured.broken_down_by().collect();
    let has = match has.is_empty() {
        true => "none".to_owned(),
        false => has.join(", "),
    };
    let why = format!("{measure} has no breakdown by {missing}; it has {has}");
    Err(Problem::bad_query(parameter(breakdown, missing), why))
}

/// Which parameter asked for a dimension: the filter of that name, or else the breakdown.
fn parameter<'a>(breakdown: &Breakdown, dimension: &'a str) -> &'a str {
    let is_filter = match dimension {
        HOME => matches!(breakdown.home, Home::Of(_)),
        _ => breakdown
            .fixed
            .keys()
            .any(|fixed| fixed.name() == dimension),
    };
    if is_filter { dimension } else { BREAKDOWN }
}

/// A value that no record can have is a mistake, not a zero.
pub(crate) fn value_fits(dimension: Dimension, value: &str) -> Result<(), Problem> {
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
    if text == HOME {
        // As for every dimension, a filter leaves nothing to split.
        if breakdown.home == Home::Whole {
            breakdown.home = Home::Split;
        }
        return Ok(());
    }
    let dimension = Dimension::from_name(text).ok_or_else(|| {
        let known = Dimension::ALL.map(Dimension::name).join(", ");
        let why = format!("{text:?} is not a dimension; there are {known} and home");
        Problem::bad_query(BREAKDOWN, why)
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
    townclerk_domain::instant::parse(value).map_err(|why| Problem::bad_query(name, why))
}

pub fn parsed<T: FromStr<Err: Display>>(name: &str, value: &str) -> Result<T, Problem> {
    value.parse().map_err(|why| Problem::bad_query(name, why))
}

fn unknown(name: &str) -> Problem {
    let names: Vec<&str> = names().collect();
    let why = format!("not a parameter; there are {}", names.join(", "));
    Problem::bad_query(name, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::described::parameter;

    fn params(query: &[(&str, &str)]) -> Params {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        query.iter().map(owned).collect()
    }

    fn read(query: &[(&str, &str)]) -> Result<FiguresQuery, Problem> {
        figures_query("brent".parse().unwrap(), &params(query))
    }

    #[test]
    fn every_published_parameter_is_taken_and_told_about() {
        for name in names() {
            // No parameter has this value.
            let refused = read(&[(name, "%")]).map(|_| ());
            let why = refused.unwrap_err().detail().to_owned();
            assert!(!why.contains("not a parameter"), "{name}: {why}");
            assert_ne!(parameter(name).about, "", "{name}");
        }
        assert!(read(&[("colour", "red")]).is_err());
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
    fn a_filter_by_home_is_kept_beside_a_split_by_home_in_either_order() {
        for query in [
            [("home", "shared"), ("breakdown", "home")],
            [("breakdown", "home"), ("home", "shared")],
        ] {
            let read = read(&query).unwrap();
            let home = &read.query.breakdowns[0].home;
            assert_eq!(*home, Home::Of(LogName::shared()), "{query:?}");
        }
    }

    #[test]
    fn only_joint_figures_are_asked_for_like_for_like() {
        let asked = params(&[("like_for_like", "true")]);
        let joint = figures_query(Scope::Joint, &asked).unwrap();
        assert!(joint.query.like_for_like);
        let refused = read(&[("like_for_like", "true")]).err().unwrap();
        let says =
            "like_for_like: only figures of joint are made of several councils: leave it out";
        assert_eq!(refused.detail(), says);
        assert!(
            !read(&[("like_for_like", "false")])
                .unwrap()
                .query
                .like_for_like
        );
    }

    #[test]
    fn a_breakdown_that_a_named_measure_does_not_take_is_refused_with_those_that_it_takes() {
        for (measure, name, value, says) in [
            (
                "availability",
                "breakdown",
                "priority",
                "breakdown: availability has no breakdown by priority; it has service",
            ),
            (
                "availability",
                "priority",
                "p1",
                "priority: availability has no breakdown by priority; it has service",
            ),
            (
                "outages",
                "breakdown",
                "component,kind",
                "breakdown: outages has no breakdown by kind; it has component, class, party, severity, \
                 home",
            ),
            (
                "establishment",
                "appointment",
                "interim",
                "appointment: establishment has no breakdown by appointment; it has team, role, home",
            ),
            (
                "downtime_minutes",
                "breakdown",
                "home",
                "breakdown: downtime_minutes has no breakdown by home; it has service",
            ),
            (
                "availability",
                "home",
                "shared",
                "home: availability has no breakdown by home; it has service",
            ),
            (
                "days_since_change_related_major_incident",
                "breakdown",
                "home",
                "breakdown: days_since_change_related_major_incident has no breakdown by home; it \
                 has none",
            ),
            (
                "tickets_logged,changes_closed",
                "breakdown",
                "kind",
                "breakdown: changes_closed has no breakdown by kind; it has outcome, change_type, \
                 home",
            ),
        ] {
            let problem = read(&[("measure", measure), (name, value)]).err().unwrap();
            assert_eq!(problem.detail(), says);
        }
    }

    #[test]
    fn a_breakdown_that_each_named_measure_takes_is_read() {
        for (measure, name, value) in [
            ("availability", "breakdown", "service"),
            ("availability,tickets_logged", "service", "email"),
            ("outages", "breakdown", "home"),
            ("outages", "class", "power"),
            ("outages", "component", "unknown"),
            ("outages", "party", "unknown"),
            ("outages", "severity", "degraded"),
            ("known_errors", "component", "network"),
            ("changes_closed", "outcome", "backed-out"),
            ("changes_in_freeze_without_exemption", "home", "shared"),
        ] {
            let query = [("measure", measure), (name, value)];
            assert!(read(&query).is_ok(), "{measure} by {name}");
        }
    }

    #[test]
    fn where_no_measure_is_named_one_at_least_must_take_the_breakdown() {
        let read_all = read(&[("breakdown", "component")]).unwrap();
        assert_eq!(read_all.query.measures, Measure::ALL);
        assert!(read(&[]).is_ok());
        assert!(read(&[("breakdown", "home")]).is_ok());
        for (query, says) in [
            (
                [("breakdown", "kind,component")],
                "breakdown: no measure has a breakdown by kind and component",
            ),
            (
                [("breakdown", "outcome,appointment")],
                "breakdown: no measure has a breakdown by outcome and appointment",
            ),
        ] {
            assert_eq!(read(&query).err().unwrap().detail(), says);
        }
        let filtered = read(&[("priority", "p1"), ("party", "own")]);
        let says = "priority: no measure has a breakdown by priority and party";
        assert_eq!(filtered.err().unwrap().detail(), says);
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (name, value) in [
            ("measure", "happiness"),
            ("period", "2019-13"),
            ("period", "1900-01/2999-12"),
            ("breakdown", "mood"),
            ("as_at", "yesterday"),
            ("min_position", "brent"),
            ("colour", "red"),
            ("home", "lewisham"),
            ("breakdown", "kind,priority,service"),
            ("priority", "p9"),
            ("service", "no code"),
            ("component", "No Code"),
            ("class", ""),
            ("party", "nobody"),
            ("outcome", "good"),
            ("change_type", "big"),
            ("appointment", "friend"),
        ] {
            let problem = read(&[(name, value)]).err().unwrap();
            assert!(problem.detail().starts_with(name), "{}", problem.detail());
        }
    }
}
