//! Figures that are computed from records when they are asked for: of outages and agreements, of
//! changes beside freezes, of incidents beside changes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::outage::Outage;
use townclerk_domain::period::{Month, Period, london_day};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Priority, TicketKind};

use super::evaluate::{Asked, Evaluation};
use super::query::Values;
use super::scope::{Coverages, rolling_12};
use crate::availability::{self, Minutes};
use crate::change_control::breached;
use crate::completeness::Covered;
use crate::dimension::{Dimension, UNKNOWN};
use crate::kept::Kept;
use crate::ledger::{Ledger, LinkedTicket};
use crate::measure::{Accumulation, Measure};
use crate::quantity::Quantity;
use crate::rows::Rows;
use crate::tally::Slot;

/// Everything that a computed figure is made from.
pub(super) struct Computing<'a> {
    pub asked: &'a Asked<'a>,
    pub ledger: &'a Ledger,
    pub coverages: &'a Coverages,
    pub as_at: Timestamp,
}

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn computed(&self, of: &Computing<'_>) -> Option<Quantity> {
        match of.asked.measure {
            Measure::Outages => Some(self.outages(of)),
            Measure::ChangesInFreezeWithoutExemption => Some(self.changes_in_freeze(of)),
            Measure::DaysSinceChangeRelatedMajorIncident => self.days_since_incident(of),
            Measure::DowntimeMinutes => {
                let minutes = self.minutes_of_parts(of)?;
                Some(Quantity::count(minutes.down, minutes.sample))
            }
            Measure::Availability => percent(self.minutes_of_parts(of)?),
            Measure::AvailabilityRolling12 => self.rolling_mean(of),
            Measure::AvailabilityRolling12TimeWeighted => self.rolling_by_time(of),
            Measure::MonthsBelowTarget => self.months_below(of),
            Measure::LongestRunBelowTarget => self.longest_run(of),
            // The others are kept as counters.
            _ => None,
        }
    }

    /// The agreed minutes and the downtime of a period: month by month where it has months, each
    /// over the members of that month.
    fn minutes_of_parts(&self, of: &Computing<'_>) -> Option<Minutes> {
        let mut total = Minutes::default();
        match of.asked.period.months() {
            Some(months) => {
                for month in months {
                    total.add(self.minutes(of, &Period::Month(month)));
                }
            }
            None => total = self.minutes(of, &of.asked.period),
        }
        (total.agreed > 0).then_some(total)
    }

    fn minutes(&self, of: &Computing<'_>, during: &Period) -> Minutes {
        let mut total = Minutes::default();
        for council in self.councils(during) {
            for service in self.services(&council, of.asked) {
                total.add(self.minutes_of(of, &council, &service, during));
            }
        }
        total
    }

    fn services(&self, council: &LogName, asked: &Asked<'_>) -> Vec<Code> {
        let agreed = self.agreed(council, asked);
        let services = agreed.map(|(_, services)| services).unwrap_or_default();
        services.into_iter().cloned().collect()
    }

    fn minutes_of(
        &self,
        of: &Computing<'_>,
        council: &LogName,
        service: &Code,
        during: &Period,
    ) -> Minutes {
        let (Some(code), Some(agreements)) =
            (council.council(), self.registry.agreements.get(council))
        else {
            return Minutes::default();
        };
        // Time that nobody covers is neither up nor down.
        let covered = of.coverages.of_council(council);
        let parts =
            covered.map(|covered| covered.parts(during.start(), during.end().min(of.as_at)));
        let mut total = Minutes::default();
        for within in parts.unwrap_or_default() {
            total.add(availability::minutes(
                of.ledger, agreements, code, service, within,
            ));
        }
        total
    }

    /// The 12 months with their minutes; `None` where one of them is not covered at all.
    fn rolling(&self, of: &Computing<'_>) -> Option<Vec<Minutes>> {
        let months = rolling_12(&of.asked.period)?;
        let mut found = Vec::with_capacity(months.len());
        for month in months {
            let month = Period::Month(month);
            // Each month needs the members of that month, and every one of them.
            for council in self.councils(&month) {
                let covered = of.coverages.of_council(&council)?;
                if covered.covers(&month, of.as_at, Accumulation::Flow) == Covered::No {
                    return None;
                }
            }
            let minutes = self.minutes(of, &month);
            if minutes.agreed == 0 {
                return None;
            }
            found.push(minutes);
        }
        Some(found)
    }

    fn rolling_mean(&self, of: &Computing<'_>) -> Option<Quantity> {
        let months = self.rolling(of)?;
        let shares: Vec<(i64, i64)> = months.iter().map(|m| (m.up(), m.agreed)).collect();
        Quantity::mean_percent(&shares, months.iter().any(|month| month.sample))
    }

    fn rolling_by_time(&self, of: &Computing<'_>) -> Option<Quantity> {
        let mut total = Minutes::default();
        for month in self.rolling(of)? {
            total.add(month);
        }
        percent(total)
    }

    /// For each council and service the months of the period: whether each was below the target that
    /// was in force at its end, where it is complete.
    fn judged(&self, of: &Computing<'_>) -> Option<(Vec<Vec<Option<bool>>>, bool)> {
        let months: Vec<Period> = of.asked.period.months()?.map(Period::Month).collect();
        let mut sample = false;
        let mut all = Vec::new();
        let councils: BTreeSet<LogName> = months
            .iter()
            .flat_map(|month| self.councils(month))
            .collect();
        for council in councils {
            for service in self.services(&council, of.asked) {
                let judge = |month: &Period| {
                    let member = self.councils(month).contains(&council);
                    let below = member.then(|| self.is_below(of, &council, &service, month));
                    below.flatten().map(|(below, of_sample)| {
                        sample |= of_sample;
                        below
                    })
                };
                all.push(months.iter().map(judge).collect());
            }
        }
        // Where no month can be judged there is nothing to count.
        let any = all
            .iter()
            .flatten()
            .any(|month: &Option<bool>| month.is_some());
        any.then_some((all, sample))
    }

    /// Whether a month was below target, and whether that is sample data; `None` for a month that is
    /// not over, not covered and agreed as a whole, or without a target.
    fn is_below(
        &self,
        of: &Computing<'_>,
        council: &LogName,
        service: &Code,
        month: &Period,
    ) -> Option<(bool, bool)> {
        let covered = of.coverages.of_council(council)?;
        let covered = covered.covers(month, of.as_at, Accumulation::Flow);
        let agreements = &self.registry.agreements.get(council)?.stands;
        let whole = (month.start(), month.end());
        if !matches!(covered, Covered::Fully(_))
            || !availability::is_agreed_throughout(agreements, service, whole)
        {
            return None;
        }
        let target = availability::target(agreements, service, month.end())?;
        let minutes = self.minutes_of(of, council, service, month);
        Some((percent(minutes)?.is_below(target), minutes.sample))
    }

    fn months_below(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (judged, sample) = self.judged(of)?;
        let below = judged
            .iter()
            .flatten()
            .filter(|month| **month == Some(true));
        let below = below.count();
        Some(Quantity::count(i64::try_from(below).ok()?, sample))
    }

    fn longest_run(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (judged, sample) = self.judged(of)?;
        let runs = judged.iter().flat_map(|months| {
            let runs = months.split(|month| *month != Some(true));
            runs.map(<[Option<bool>]>::len)
        });
        let longest = runs.max().unwrap_or(0);
        Some(Quantity::count(i64::try_from(longest).ok()?, sample))
    }

    fn outages(&self, of: &Computing<'_>) -> Quantity {
        let counted = of.ledger.outages.iter().filter(|outage| {
            began_in(outage, &of.asked.period, of.as_at)
                .is_some_and(|at| self.is_of_home(of.asked, outage, at, &outage.stands.councils))
                && has(outage, of.asked.values)
        });
        count(counted.map(|outage| outage.sample))
    }

    fn changes_in_freeze(&self, of: &Computing<'_>) -> Quantity {
        let period = &of.asked.period;
        let counted = of.ledger.changes.iter().filter(|change| {
            let started = change.stands.started;
            started
                .filter(|at| period.start() <= *at && *at < period.end().min(of.as_at))
                .is_some_and(|at| {
                    let councils = &change.stands.requested.councils;
                    self.is_of_home(of.asked, change, at, councils)
                        && breached(of.ledger, change, of.as_at).next().is_some()
                })
        });
        count(counted.map(|change| change.sample))
    }

    /// Whether a record is one of those that a figure by home log counts, at a time.
    fn is_of_home<S>(
        &self,
        asked: &Asked<'_>,
        record: &Kept<S>,
        at: Timestamp,
        councils: &BTreeSet<Code>,
    ) -> bool {
        let during = Period::Month(Month::of(at));
        let slots = self.home_logs(asked.home.as_ref(), &during);
        slots.iter().any(|slot| match slot {
            Slot::Log(log) => record.log == *log,
            Slot::SharedFor(council) => record.log.is_shared() && councils.contains(council),
        })
    }

    /// Whole days from the latest major incident that a change caused to the period's last day.
    fn days_since_incident(&self, of: &Computing<'_>) -> Option<Quantity> {
        let seen = of.asked.period.end().min(of.as_at);
        let members = self.councils(&of.asked.period);
        let of_scope = |ticket: &&LinkedTicket| match self.scope {
            Scope::Joint => ticket.log.is_shared() || members.contains(&ticket.log),
            Scope::Log(log) if log.is_shared() => ticket.log.is_shared(),
            Scope::Log(log) => {
                let hit = log.council().map(|council| {
                    ticket.log.is_shared() && ticket.ticket.attributes.councils.contains(council)
                });
                ticket.log == *log || hit.unwrap_or(false)
            }
        };
        let latest = of
            .ledger
            .tickets
            .values()
            .filter(|ticket| ticket.logged < seen)
            .filter(|ticket| is_major(ticket) && is_change_related(of.ledger, ticket))
            .filter(of_scope)
            .max_by_key(|ticket| ticket.logged)?;
        let today = london_day(seen - SignedDuration::from_micros(1));
        let span = today.since(london_day(latest.logged)).ok()?;
        Some(Quantity::count(span.get_days().into(), latest.sample))
    }
}

fn percent(minutes: Minutes) -> Option<Quantity> {
    Quantity::percent(minutes.up(), minutes.agreed, minutes.sample)
}

fn count(samples: impl Iterator<Item = bool>) -> Quantity {
    let (count, sample) = samples.fold((0, false), |(n, any), sample| (n + 1, any | sample));
    Quantity::count(count, sample)
}

/// When an unplanned outage began, if that lies in a period: of one of which the time is known only
/// roughly, if all of that time does.
fn began_in(outage: &Kept<Outage>, period: &Period, as_at: Timestamp) -> Option<Timestamp> {
    let begun = outage.stands.begun.as_ref()?;
    let (from, ends) = match begun.declared.when {
        Some(within) => (within.start(), within.end()),
        None => (begun.at, begun.at + SignedDuration::from_nanos(1)),
    };
    let lies_in = period.start() <= from && ends <= period.end() && begun.at < as_at;
    (outage.stands.planned.is_none() && lies_in).then_some(begun.at)
}

/// Whether an outage has these values, by the cause that was found last.
fn has(outage: &Kept<Outage>, values: &Values) -> bool {
    values
        .iter()
        .all(|(dimension, value)| value_of(&outage.stands, *dimension) == Some(value))
}

/// The value of a dimension; unknown until a cause is found.
pub(super) fn value_of(outage: &Outage, dimension: Dimension) -> Option<&str> {
    let cause = outage.cause.as_ref();
    let value = match dimension {
        Dimension::Component => cause.map(|cause| cause.component.as_str()),
        Dimension::Class => cause.map(|cause| cause.class.as_str()),
        Dimension::Party => cause.map(|cause| cause.party.code()),
        _ => return None,
    };
    Some(value.unwrap_or(UNKNOWN))
}

/// A major incident is one of the highest priority.
fn is_major(ticket: &LinkedTicket) -> bool {
    let attributes = &ticket.ticket.attributes;
    attributes.kind == TicketKind::Incident && attributes.priority == Priority::P1
}

/// Whether a change caused the incident: linked by either side, or by way of an outage.
fn is_change_related(ledger: &Ledger, ticket: &LinkedTicket) -> bool {
    let by_change = |causes: &BTreeSet<Reference>| {
        let mut kinds = causes.iter().map(|cause| cause.kind);
        kinds.any(|kind| kind == ReferenceKind::Change)
    };
    let caused = |log: &LogName, kind, id| {
        ledger.caused.contains(&Reference {
            log: log.clone(),
            kind,
            id,
        })
    };
    let by_outage = |cause: &Reference| {
        cause.kind == ReferenceKind::Outage
            && (caused(&cause.log, ReferenceKind::Outage, cause.id)
                || ledger
                    .outage(&cause.log, cause.id)
                    .is_some_and(|outage| by_change(&outage.stands.linked)))
    };
    by_change(&ticket.causes)
        || caused(&ticket.log, ReferenceKind::Ticket, ticket.id)
        || ticket.causes.iter().any(by_outage)
}
