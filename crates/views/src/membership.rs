//! On which days a council counts among all: the one rule of membership.
//!
//! A council's records count on the London days from its first to its last as a member, both
//! included; what is shared counts on the days on which anybody is a member. A joint figure of a
//! period is the sum of its days, and what there is at the end of one is that of the members of that
//! day.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::Membership;
use townclerk_domain::period::{Period, end_of_day, london_midnight};

use crate::registry::Registry;

/// A run of London days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

impl Days {
    pub fn of(period: &Period) -> Self {
        Self {
            first: period.first_day(),
            last: period.last_day(),
        }
    }

    pub fn start(self) -> Timestamp {
        london_midnight(self.first)
    }

    /// The instant after the last day.
    pub fn end(self) -> Timestamp {
        end_of_day(self.last)
    }

    fn and(self, other: Self) -> Option<Self> {
        let both = Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        };
        (both.first <= both.last).then_some(both)
    }
}

impl Registry {
    /// The days of `within` on which the records of a log count among those of all councils, in
    /// order.
    pub fn days_of(&self, log: &LogName, within: Days) -> Vec<Days> {
        let memberships = self.members.iter();
        let of_log = memberships
            .filter(|member| log.is_shared() || log.council() == Some(&member.joined.council));
        let days = of_log.filter_map(|member| days_of(member).and(within));
        merged(days.collect())
    }

    /// The days of `within` on which a record that names councils touches a member: one of the
    /// shared log that names nobody touches all, one of a council's own log that council.
    pub fn days_affected(&self, log: &LogName, named: &BTreeSet<Code>, within: Days) -> Vec<Days> {
        if !log.is_shared() || named.is_empty() {
            return self.days_of(log, within);
        }
        let logs = named.iter().filter_map(log_of);
        let days = logs.flat_map(|log| self.days_of(&log, within));
        merged(days.collect())
    }

    /// Whether a council is a member on one of these days.
    pub fn is_member(&self, council: &Code, days: Days) -> bool {
        log_of(council).is_some_and(|log| !self.days_of(&log, days).is_empty())
    }

    /// Whether a council is a member on every one of these days.
    pub fn is_member_throughout(&self, council: &Code, days: Days) -> bool {
        log_of(council).is_some_and(|log| self.days_of(&log, days) == [days])
    }

    /// The members on some day of `period`.
    pub fn members_during(&self, period: &Period) -> impl Iterator<Item = &Membership> {
        let within = Days::of(period);
        let members = self.members.iter();
        members.filter(move |member| days_of(member).and(within).is_some())
    }

    /// The logs of the councils that were members on some day of `period`.
    pub fn logs_during(&self, period: &Period) -> Vec<LogName> {
        self.members_during(period)
            .filter_map(|member| log_of(&member.joined.council))
            .collect()
    }

    /// The councils that were members for a part of `period` only, each with the days on which it
    /// was one.
    pub fn members_for_a_part(&self, period: &Period) -> Vec<(&Membership, Days)> {
        let within = Days::of(period);
        let members = self.members.iter();
        let during = members.filter_map(|member| Some((member, days_of(member).and(within)?)));
        during.filter(|(_, days)| *days != within).collect()
    }

    /// The membership of the council whose log this is.
    pub fn member(&self, log: &LogName) -> Option<&Membership> {
        let council = log.council()?;
        let mut members = self.members.iter();
        members.find(|member| member.joined.council == *council)
    }
}

/// All days of a membership. It has no gaps: a council that left never joins again under its code.
fn days_of(member: &Membership) -> Days {
    Days {
        first: member.joined.from,
        last: member.last_day.unwrap_or(Date::MAX),
    }
}

fn log_of(council: &Code) -> Option<LogName> {
    LogName::new(council.as_str()).ok()
}

/// The same days in order, as few runs as they make up.
fn merged(mut runs: Vec<Days>) -> Vec<Days> {
    runs.sort_unstable();
    let mut merged: Vec<Days> = Vec::with_capacity(runs.len());
    for run in runs {
        match merged.last_mut() {
            Some(before) if run.first <= before.last.saturating_add(1.day()) => {
                before.last = before.last.max(run.last);
            }
            _ => merged.push(run),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use townclerk_domain::partnership::Joined;

    use super::*;

    fn registry(members: &[(&str, &str, Option<&str>)]) -> Registry {
        let members = members.iter().map(|(council, from, last_day)| Membership {
            joined: Joined {
                council: Code::new(*council).unwrap(),
                name: (*council).to_owned(),
                gss_code: None,
                from: from.parse().unwrap(),
            },
            notice: None,
            notice_given: None,
            last_day: last_day.map(|day| day.parse().unwrap()),
        });
        Registry {
            members: members.collect(),
            ..Registry::default()
        }
    }

    fn days(first: &str, last: &str) -> Days {
        Days {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
        }
    }

    fn log(name: &str) -> LogName {
        LogName::new(name).unwrap()
    }

    #[test]
    fn a_council_counts_from_its_first_day_to_its_last() {
        let registry = registry(&[("brent", "2019-06-15", Some("2019-07-14"))]);
        let brent = |first, last| registry.days_of(&log("brent"), days(first, last));
        assert_eq!(
            brent("2019-06-01", "2019-06-30"),
            [days("2019-06-15", "2019-06-30")]
        );
        assert_eq!(
            brent("2019-01-01", "2019-12-31"),
            [days("2019-06-15", "2019-07-14")]
        );
        for day in ["2019-06-15", "2019-07-14"] {
            assert_eq!(brent(day, day), [days(day, day)], "{day}");
        }
        for day in ["2019-06-14", "2019-07-15"] {
            assert_eq!(brent(day, day), [], "{day}");
        }
        let lewisham = registry.days_of(&log("lewisham"), days("2019-06-15", "2019-06-15"));
        assert_eq!(lewisham, [], "no member at any time");
    }

    #[test]
    fn what_is_shared_counts_while_anybody_is_a_member() {
        let registry = registry(&[
            ("brent", "2019-01-01", Some("2019-03-31")),
            ("lewisham", "2019-04-01", Some("2019-04-30")),
            ("southwark", "2019-06-01", None),
        ]);
        let year = days("2019-01-01", "2019-12-31");
        assert_eq!(
            registry.days_of(&LogName::shared(), year),
            [
                days("2019-01-01", "2019-04-30"),
                days("2019-06-01", "2019-12-31")
            ]
        );
        let named: BTreeSet<Code> = [Code::new("lewisham").unwrap()].into();
        assert_eq!(
            registry.days_affected(&LogName::shared(), &named, year),
            [days("2019-04-01", "2019-04-30")]
        );
    }

    #[test]
    fn only_who_was_a_member_for_a_part_is_named() {
        let registry = registry(&[
            ("brent", "2019-01-01", None),
            ("lewisham", "2019-06-15", None),
            ("southwark", "2019-08-01", None),
        ]);
        let june: Period = "2019-06".parse().unwrap();
        let named: Vec<_> = registry
            .members_for_a_part(&june)
            .into_iter()
            .map(|(member, days)| (member.joined.council.as_str(), days))
            .collect();
        assert_eq!(named, [("lewisham", days("2019-06-15", "2019-06-30"))]);
    }
}
