//! What the record covers, and up to when it is complete: a silent council is named, never zero.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::coverage::Selector;
use townclerk_domain::names::LogName;
use townclerk_domain::period::{Period, end_of_day, london_midnight};

use crate::measure::Accumulation;
use crate::registry::Registry;

/// For each log the time of the last look at its origin whose last event is folded.
pub type Reached = BTreeMap<LogName, Timestamp>;

/// A stretch of time that the record of one log covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Date,
    /// Absent while the coverage is continuous.
    through: Option<Date>,
    start: Timestamp,
    end: Timestamp,
}

/// What one log covers of one selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogCoverage {
    /// In order, merged where they touch.
    spans: Vec<Span>,
    /// Whether one of the coverages was made up for a demonstration.
    pub sample: bool,
    /// When the council left, where it is complete up to then: nothing more is needed of it.
    left: Option<Timestamp>,
    /// When the council joined: nothing is needed of it before.
    joined: Option<Timestamp>,
}

/// As figures show it: the first and last covered day that matter to the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CoveredDays {
    pub from: Date,
    /// Null while the coverage is continuous.
    pub through: Option<Date>,
}

/// How much of a period is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covered {
    No,
    Partly(CoveredDays),
    Fully(CoveredDays),
}

impl LogCoverage {
    /// What `log` covers of `selector`; `None` where nothing does, or where the log is not read.
    ///
    /// A continuous coverage is complete up to the last look at the log, and never further than
    /// knowledge goes.
    pub fn of(
        registry: &Registry,
        log: &LogName,
        selector: &Selector,
        reached: &Reached,
        known_at: Option<Timestamp>,
    ) -> Option<Self> {
        let reached = *reached.get(log)?;
        let complete = known_at.map_or(reached, |known_at| known_at.min(reached));
        let matching = registry
            .coverages
            .iter()
            .filter(|known| known.log == *log && known.coverage.selector.includes(selector));
        let mut sample = false;
        let mut spans = Vec::new();
        for known in matching {
            sample |= known.sample;
            let (from, through) = (known.coverage.from, known.coverage.through);
            spans.push(Span {
                from,
                through,
                start: london_midnight(from),
                // What is promised of days to come is not there yet.
                end: through.map_or(complete, |day| end_of_day(day).min(reached)),
            });
        }
        spans.retain(|span| span.start < span.end);
        let spans = merged(spans);
        (!spans.is_empty()).then_some(Self {
            spans,
            sample,
            left: None,
            joined: None,
        })
    }

    /// What is covered and agreed on too: a service without an agreement has no availability.
    ///
    /// `agreed` are stretches of days, the last of them absent while it goes on.
    pub fn within(self, agreed: &[(Date, Option<Date>)], sample: bool) -> Option<Self> {
        let agreed: Vec<Span> = agreed
            .iter()
            .map(|(from, through)| Span {
                from: *from,
                through: *through,
                start: london_midnight(*from),
                end: through.map_or(Timestamp::MAX, end_of_day),
            })
            .collect();
        self.and(&Self {
            spans: merged(agreed),
            sample,
            left: None,
            joined: None,
        })
    }

    /// What both cover.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let pairs = self
            .spans
            .iter()
            .flat_map(|one| other.spans.iter().map(move |two| one.and(two)));
        let spans: Vec<Span> = pairs.flatten().collect();
        (!spans.is_empty()).then_some(Self {
            spans,
            sample: self.sample || other.sample,
            left: self.left.or(other.left),
            joined: self.joined.or(other.joined),
        })
    }

    /// The same for a council that left: complete up to then, it is complete.
    pub fn until_leaving(mut self, last_day: Date) -> Self {
        let leaving = end_of_day(last_day);
        self.left = (self.complete_to() >= leaving).then_some(leaving);
        self
    }

    /// The same for a council of which nothing is needed before it joined.
    pub fn since_joining(mut self, first_day: Date) -> Self {
        self.joined = Some(london_midnight(first_day));
        self
    }

    /// The parts of `[start, end)` that are covered.
    pub fn parts(&self, start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let spans = self.spans.iter();
        spans
            .map(|span| (span.start.max(start), span.end.min(end)))
            .filter(|(from, to)| from < to)
            .collect()
    }

    /// Up to when the record is complete, as far as more is needed of it.
    pub fn needed_to(&self) -> Option<Timestamp> {
        self.left.is_none().then(|| self.complete_to())
    }

    /// Up to when the record is complete.
    pub fn complete_to(&self) -> Timestamp {
        self.spans
            .iter()
            .map(|span| span.end)
            .max()
            .unwrap_or(Timestamp::MIN)
    }

    /// How much of `period` is covered, looked at from `as_at`.
    pub fn covers(&self, period: &Period, as_at: Timestamp, accumulation: Accumulation) -> Covered {
        let (start, end) = (period.start(), period.end());
        let start = self
            .joined
            .map_or(start, |joined| joined.max(start).min(end));
        // Of a council that left only the time before is looked at.
        let needed = self.left.map_or(end, |left| left.min(end));
        let seen = end.min(as_at);
        let not_yet = self.joined.is_some_and(|joined| seen <= joined);
        if let Some(first) = self
            .spans
            .first()
            .filter(|_| not_yet && period.start() < seen)
        {
            // It had not joined by then: nothing is needed of it.
            return Covered::Fully(CoveredDays {
                from: first.from,
                through: first.through,
            });
        }
        if let Some(last) = self.spans.last()
            && self.left.is_some_and(|left| left <= start)
        {
            // It had left by then: nothing is needed of it.
            return Covered::Fully(CoveredDays {
                from: last.from,
                through: last.through,
            });
        }
        if seen <= start {
            return Covered::No;
        }
        let touching: Vec<&Span> = self
            .spans
            .iter()
            .filter(|span| match accumulation {
                Accumulation::Flow => span.start < seen.min(needed) && start < span.end,
                // What there is at the end is known only if the end itself is covered; a record
                // that stops inside the period tells what there was when it stopped.
                Accumulation::Stock => span.start < seen && start < span.end.min(seen),
            })
            .collect();
        let (Some(first), Some(last)) = (touching.first(), touching.last()) else {
            return Covered::No;
        };
        let days = CoveredDays {
            from: first.from,
            through: last.through,
        };
        let from_start = match accumulation {
            Accumulation::Flow => first.start <= start && touching.len() == 1,
            Accumulation::Stock => true,
        };
        if from_start && last.end >= needed && as_at >= end {
            Covered::Fully(days)
        } else {
            Covered::Partly(days)
        }
    }
}

impl Span {
    /// The days that both have; none where they have none in common.
    fn and(&self, other: &Self) -> Option<Self> {
        let both = Self {
            from: self.from.max(other.from),
            through: self.through.into_iter().chain(other.through).min(),
            start: self.start.max(other.start),
            end: self.end.min(other.end),
        };
        (both.start < both.end).then_some(both)
    }
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => {
                if span.end > last.end {
                    last.end = span.end;
                    last.through = span.through;
                }
            }
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use townclerk_domain::coverage::Coverage;
    use townclerk_domain::identity::Family;

    use super::*;
    use crate::registry::KnownCoverage;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn log() -> LogName {
        LogName::new("brent").unwrap()
    }

    fn coverage(spans: &[(&str, Option<&str>)], known_at: Option<&str>) -> Option<LogCoverage> {
        let coverages = spans
            .iter()
            .map(|(from, through)| KnownCoverage {
                log: log(),
                sample: false,
                coverage: Coverage {
                    selector: Selector::whole(Family::Ticket),
                    from: from.parse().unwrap(),
                    through: through.map(|day| day.parse().unwrap()),
                },
            })
            .collect();
        let registry = Registry {
            coverages,
            ..Registry::default()
        };
        let reached = [(log(), instant("2020-09-01T12:00:00Z"))].into();
        let selector = Selector::whole(Family::Ticket);
        LogCoverage::of(
            &registry,
            &log(),
            &selector,
            &reached,
            known_at.map(instant),
        )
    }

    fn covers(coverage: &LogCoverage, period: &str, as_at: &str) -> Covered {
        coverage.covers(&period.parse().unwrap(), instant(as_at), Accumulation::Flow)
    }

    #[test]
    fn a_period_is_covered_fully_partly_or_not_at_all() {
        let coverage = coverage(&[("2019-01-01", Some("2020-08-21"))], None).unwrap();
        assert_eq!(coverage.complete_to(), instant("2020-08-21T23:00:00Z"));
        let at_end = "2020-08-21T23:00:00Z";
        assert!(matches!(
            covers(&coverage, "2020-07", at_end),
            Covered::Fully(_)
        ));
        assert!(matches!(
            covers(&coverage, "20/21 Q2", at_end),
            Covered::Partly(_)
        ));
        assert_eq!(covers(&coverage, "2018-12", at_end), Covered::No);
        assert_eq!(covers(&coverage, "2020-09", at_end), Covered::No);
        // Looked at from inside the period, even a covered one is not over.
        let inside = "2020-07-15T00:00:00Z";
        assert!(matches!(
            covers(&coverage, "2020-07", inside),
            Covered::Partly(_)
        ));
    }

    #[test]
    fn touching_coverages_are_one_and_a_gap_stays_a_gap() {
        let touching = [("2019-01-01", Some("2019-06-30")), ("2019-07-01", None)];
        let whole = coverage(&touching, None).unwrap();
        let far = "2020-09-01T12:00:00Z";
        assert!(matches!(
            covers(&whole, "2019-01/2019-12", far),
            Covered::Fully(_)
        ));
        let gap = [("2019-01-01", Some("2019-06-29")), ("2019-07-01", None)];
        let holed = coverage(&gap, None).unwrap();
        assert!(matches!(
            covers(&holed, "2019-01/2019-12", far),
            Covered::Partly(_)
        ));
    }

    #[test]
    fn of_a_council_that_left_nothing_is_needed_after() {
        let coverage = coverage(&[("2019-01-01", Some("2020-01-31"))], None).unwrap();
        let left = coverage
            .clone()
            .until_leaving("2020-01-31".parse().unwrap());
        let far = "2020-09-01T12:00:00Z";
        for (label, covered) in [("2020-01", true), ("2020-02", false), ("20/21 Q1", false)] {
            assert!(
                matches!(covers(&left, label, far), Covered::Fully(_)),
                "{label}"
            );
            let without = matches!(covers(&coverage, label, far), Covered::Fully(_));
            assert_eq!(without, covered, "{label}");
        }
        // Where the record stops before it left, what is missing stays missing.
        let too_short = coverage.until_leaving("2020-03-31".parse().unwrap());
        assert_eq!(covers(&too_short, "2020-03", far), Covered::No);
    }

    #[test]
    fn a_continuous_coverage_reaches_as_far_as_the_log_was_read_and_known() {
        let continuous = [("2019-01-01", None)];
        let now = coverage(&continuous, None).unwrap();
        assert_eq!(now.complete_to(), instant("2020-09-01T12:00:00Z"));
        let then = coverage(&continuous, Some("2019-06-01T00:00:00Z")).unwrap();
        assert_eq!(then.complete_to(), instant("2019-06-01T00:00:00Z"));
        // Before its first day it covers nothing.
        assert_eq!(coverage(&continuous, Some("2018-06-01T00:00:00Z")), None);
    }
}
