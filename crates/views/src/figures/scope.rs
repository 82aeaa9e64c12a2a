//! Whose records a figure sums: the logs it needs, the slots of counters, the councils it is about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use townclerk_domain::availability::Agreements;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::{Month, Period, london_day};
use townclerk_domain::ticket::TicketKind;

use super::evaluate::{Asked, Evaluation};
use super::query::{Home, selectors};
use crate::availability::stretches;
use crate::completeness::{Covered, LogCoverage};
use crate::definition::{Agreement, Whose};
use crate::dimension::Dimension;
use crate::kept::Kept;
use crate::measure::{Accumulation, Measure};
use crate::membership::Days;
use crate::public::RULE;
use crate::rows::Rows;
use crate::tally::Slot;

/// The logs of a figure with what they cover.
pub(super) struct Coverages {
    pub by_log: BTreeMap<LogName, Option<LogCoverage>>,
}

impl Coverages {
    /// The earliest moment up to which all logs are complete.
    pub fn complete_to(&self) -> Option<Timestamp> {
        let all: Option<Vec<&LogCoverage>> = self.by_log.values().map(Option::as_ref).collect();
        let all = all?;
        let needed = all.iter().filter_map(|coverage| coverage.needed_to()).min();
        // Where all of them left, up to when the last one was there.
        needed.or_else(|| all.iter().map(|coverage| coverage.complete_to()).max())
    }

    pub fn all_cover(&self, period: &Period, measure: Measure, as_at: Option<Timestamp>) -> bool {
        !self.by_log.is_empty()
            && self
                .by_log
                .values()
                .all(|coverage| covering(coverage.as_ref(), period, measure, as_at) != Covered::No)
    }

    /// What a council's own log and the shared one cover together.
    pub fn of_council(&self, council: &LogName) -> Option<LogCoverage> {
        let own = self.by_log.get(council)?.as_ref()?;
        let shared = self.by_log.get(&LogName::shared())?.as_ref()?;
        own.and(shared)
    }

    pub fn all_cover_fully(
        &self,
        period: &Period,
        measure: Measure,
        as_at: Option<Timestamp>,
    ) -> bool {
        self.by_log.values().all(|coverage| {
            let covered = covering(coverage.as_ref(), period, measure, as_at);
            matches!(covered, Covered::Fully(_))
        })
    }

    pub fn use_sample(&self) -> bool {
        self.by_log
            .values()
            .flatten()
            .any(|coverage| coverage.sample)
    }
}

pub(super) fn covering(
    coverage: Option<&LogCoverage>,
    period: &Period,
    measure: Measure,
    as_at: Option<Timestamp>,
) -> Covered {
    match (coverage, as_at) {
        (Some(coverage), Some(as_at)) => coverage.covers(period, as_at, measure.accumulation()),
        _ => Covered::No,
    }
}

/// The months that a measure looks at which looks back from the end of the period's last one.
/// `None` for days, which end no month, and for measures that look at the period alone.
pub(super) fn months_back(measure: Measure, period: &Period) -> Option<Vec<Month>> {
    let back = measure.definition().months_back?;
    let last = period.months()?.last()?.number();
    Some((last - back + 1..=last).map(Month::from_number).collect())
}

/// The period that a figure looks at; for most the one that is asked for.
pub(super) fn window(measure: Measure, period: &Period) -> Period {
    let months = months_back(measure, period);
    let ends = months
        .as_deref()
        .and_then(|months| months.first().zip(months.last()));
    match ends {
        Some((first, last)) => Period::Months {
            first: *first,
            last: *last,
        },
        None => *period,
    }
}

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn coverages(&self, asked: &Asked<'_>) -> Coverages {
        let window = window(asked.measure, &asked.period);
        let logs = self.logs(asked, &window).into_iter();
        let with_coverage = logs.map(|log| {
            let coverage = self.coverage(&log, asked);
            (log, coverage)
        });
        Coverages {
            by_log: with_coverage.collect(),
        }
    }

    /// What one log covers of all that a figure needs of it.
    fn coverage(&self, log: &LogName, asked: &Asked<'_>) -> Option<LogCoverage> {
        let mut all: Option<LogCoverage> = None;
        for selector in selectors(asked.measure, asked.values) {
            let reached = self.reading.reached;
            let one = LogCoverage::of(self.registry, log, &selector, reached, self.knowledge)?;
            all = Some(match all {
                Some(all) => all.and(&one)?,
                None => one,
            });
        }
        let mut coverage = self.agreed_part(all?, log, asked)?;
        if *self.scope == Scope::Joint
            && let Some(member) = self.registry.member(log)
        {
            coverage = coverage.since_joining(member.joined.from);
            if let Some(last_day) = member.last_day {
                coverage = coverage.until_leaving(last_day);
            }
        }
        Some(coverage)
    }

    /// What is covered, and agreed on where the measure rests on that.
    fn agreed_part(
        &self,
        coverage: LogCoverage,
        log: &LogName,
        asked: &Asked<'_>,
    ) -> Option<LogCoverage> {
        let Some(agreement) = asked.measure.definition().agreed else {
            return Some(coverage);
        };
        if agreement == Agreement::Availability {
            if log.is_shared() {
                return Some(coverage);
            }
            let agreements = self.registry.agreements.get(log)?;
            let days = agreed_days(&agreements.stands, asked);
            return coverage.within(&days, agreements.sample);
        }
        let agreed = self.registry.service.get(log)?;
        let kind = asked.values.get(&Dimension::Kind);
        let kind = kind.and_then(|code| TicketKind::ALL.iter().find(|k| k.code() == code));
        let from = agreed.measured_from(agreement, kind.copied())?;
        coverage.within(&[(from, None)], agreed.sample)
    }

    fn logs(&self, asked: &Asked<'_>, window: &Period) -> Vec<LogName> {
        // Who is a member at its end makes up what there is at the end of a period.
        let window = match asked.measure.accumulation() {
            Accumulation::Stock => &Period::Day(window.last_day()),
            Accumulation::Flow => window,
        };
        match (self.scope, asked.home, asked.measure.definition().whose) {
            (_, Some(home), _) if self.leaves_out(home) => Vec::new(),
            (_, Some(home), Whose::Home) => vec![home.clone()],
            // A freeze of any council may hold a shared change.
            (Scope::Joint, Some(_), _) => self.joint_logs(window),
            (_, Some(home), _) => with_shared(home),
            (Scope::Log(log), None, Whose::Home) => vec![log.clone()],
            (Scope::Log(log), None, _) => with_shared(log),
            (Scope::Joint, None, _) => self.joint_logs(window),
        }
    }

    /// Whose records a figure by home log may sum, whatever the day.
    pub(super) fn slots(&self, home: Option<&LogName>) -> Vec<Slot> {
        match (self.scope, home) {
            (Scope::Log(council), Some(home)) if home.is_shared() && !council.is_shared() => {
                council
                    .council()
                    .map(|council| Slot::SharedFor(council.clone()))
                    .into_iter()
                    .collect()
            }
            (_, Some(home)) => vec![Slot::Log(home.clone())],
            (Scope::Log(log), None) => vec![Slot::Log(log.clone())],
            (Scope::Joint, None) => {
                let members = self.registry.members.iter();
                let logs = members
                    .filter_map(|member| LogName::new(member.joined.council.as_str()).ok())
                    .chain([LogName::shared()]);
                logs.map(Slot::Log).collect()
            }
        }
    }

    /// The same with the days of a period on which each counts: in a figure of all councils a log
    /// does on the days of its membership, in a log's own on every day.
    pub(super) fn slots_by_days(
        &self,
        home: Option<&LogName>,
        within: &Period,
    ) -> Vec<(Slot, Days)> {
        let within = Days::of(within);
        let slots = self.slots(home).into_iter();
        let by_days = slots.flat_map(|slot| {
            let days = match (self.scope, &slot) {
                (Scope::Joint, Slot::Log(log)) => self.registry.days_of(log, within),
                (Scope::Joint, Slot::SharedFor(_)) | (Scope::Log(_), _) => vec![within],
            };
            days.into_iter().map(move |days| (slot.clone(), days))
        });
        by_days.collect()
    }

    /// Whether the records of a log count on every one of these days.
    pub(super) fn counts_throughout(&self, log: &LogName, days: &Period) -> bool {
        let whole = Days::of(days);
        match self.scope {
            Scope::Joint => self.registry.days_of(log, whole) == [whole],
            Scope::Log(_) => true,
        }
    }

    /// The days of a period on which a record that names councils hits those of the scope.
    pub(super) fn days_affected(
        &self,
        log: &LogName,
        named: &BTreeSet<Code>,
        within: &Period,
    ) -> Vec<Days> {
        let whole = Days::of(within);
        match self.scope {
            Scope::Joint => self.registry.days_affected(log, named, whole),
            Scope::Log(own) if own == log || is_shared_with(own, log, named) => vec![whole],
            Scope::Log(_) => Vec::new(),
        }
    }

    /// Whether a record hits the scope on all of these days.
    pub(super) fn is_affected(&self, log: &LogName, named: &BTreeSet<Code>, days: &Period) -> bool {
        self.days_affected(log, named, days) == [Days::of(days)]
    }

    /// The councils that a figure by affected council is about, during a period.
    pub(super) fn councils(&self, during: &Period) -> Vec<LogName> {
        match self.scope {
            Scope::Log(log) if log.is_shared() => Vec::new(),
            Scope::Log(log) => vec![log.clone()],
            Scope::Joint => self.registry.logs_during(during),
        }
    }

    /// The members in force and the shared log; none while nobody is a member.
    pub(super) fn joint_logs(&self, during: &Period) -> Vec<LogName> {
        let mut logs = self.registry.logs_during(during);
        if !logs.is_empty() {
            logs.push(LogName::shared());
        }
        logs
    }

    pub(super) fn homes(&self, home: &Home) -> Vec<Option<LogName>> {
        match home {
            Home::Whole => vec![None],
            Home::Of(log) => vec![Some(log.clone())],
            Home::Split => match self.scope {
                Scope::Log(log) if log.is_shared() => vec![Some(log.clone())],
                Scope::Log(log) => vec![Some(log.clone()), Some(LogName::shared())],
                Scope::Joint => {
                    let logs = self.reading.positions.keys();
                    let logs = logs.filter(|log| !self.leaves_out(log));
                    logs.cloned().map(Some).collect()
                }
            },
        }
    }

    /// Whether the members whose records a figure of all councils sums are enough for everybody.
    pub(super) fn has_members_enough(&self, asked: &Asked<'_>) -> bool {
        let logs = self.logs(asked, &window(asked.measure, &asked.period));
        logs.iter().filter(|log| !log.is_shared()).count() >= RULE.councils_least
    }

    /// The agreements of one council on the services that a figure is about.
    pub(super) fn agreed<'r>(
        &'r self,
        council: &LogName,
        asked: &Asked<'_>,
    ) -> Option<(&'r Kept<Agreements>, Vec<&'r Code>)> {
        let agreements = self.registry.agreements.get(council)?;
        Some((agreements, services(&agreements.stands, asked)))
    }
}

/// Whether a record of `log` is a shared one that hits the council whose log `own` is.
fn is_shared_with(own: &LogName, log: &LogName, named: &BTreeSet<Code>) -> bool {
    let council = own.council().filter(|_| log.is_shared());
    council.is_some_and(|council| named.contains(council))
}

fn with_shared(log: &LogName) -> Vec<LogName> {
    let logs: BTreeSet<LogName> = [log.clone(), LogName::shared()].into();
    logs.into_iter().collect()
}

/// The services that a figure is about: the one that is named, or all that there is an agreement on.
fn services<'a>(agreements: &'a Agreements, asked: &Asked<'_>) -> Vec<&'a Code> {
    let named = asked.values.get(&Dimension::Service);
    let all = agreements.services().into_iter();
    all.filter(|service| named.is_none_or(|named| service.as_str() == named))
        .collect()
}

/// The days on which there is an agreement on one of the services that a figure is about.
fn agreed_days(agreements: &Agreements, asked: &Asked<'_>) -> Vec<(Date, Option<Date>)> {
    let services = services(agreements, asked);
    let of_all = services
        .into_iter()
        .flat_map(|service| stretches(agreements, service));
    let day_before = |to: Timestamp| london_day(to - jiff::SignedDuration::from_micros(1));
    of_all
        .map(|stretch| (stretch.agreed.from, stretch.to.map(day_before)))
        .collect()
}
