//! What the figures of a page rest on: as at, known at, and what each log covers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::definition::Agreement;
use townclerk_views::figure::Figure;
use townclerk_views::key::quarantine;
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;

use super::asking::Asking;
use super::topic::Topic;
use super::words::{self, Moment};
use crate::view::ViewError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rests {
    pub as_at: Option<Moment>,
    pub known_at: Option<Moment>,
    pub logs: Vec<LogShown>,
    pub held: String,
    /// Who is silent, and what is not shown because of it.
    pub silent: Vec<String>,
    /// Logs that cannot be read on just now.
    pub stopped: Vec<StoppedLog>,
    /// Whether any figure of the page was made up for a demonstration.
    pub sample: bool,
}

/// A log that cannot be read on just now: the page shows it as of an earlier moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedLog {
    pub name: String,
    /// When it was last read to its end.
    pub reached: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogShown {
    pub name: String,
    pub covers: String,
    /// When it was last read to its end.
    pub reached: Option<Moment>,
}

/// `summed` are the figures of the whole scope, which say who is silent; `all` stand on the page.
pub fn rests(asking: &Asking<'_>, topic: Topic, summed: &[&Figure], all: &[&Figure]) -> Rests {
    let registry = asking.registry;
    let mut reached: BTreeMap<&LogName, Option<Timestamp>> = BTreeMap::new();
    for figure in all {
        for (log, at) in &figure.reached {
            let latest = reached.entry(log).or_default();
            *latest = (*latest).max(*at);
        }
    }
    let mut reached: Vec<_> = reached.into_iter().collect();
    reached.sort_by_key(|(log, _)| log.is_shared());
    let log_shown = |(log, at): (&LogName, Option<Timestamp>)| LogShown {
        name: words::log_name(log, registry),
        covers: covers(log, topic, registry),
        reached: at.map(words::moment),
    };
    Rests {
        as_at: latest(summed, |figure| figure.as_at),
        known_at: latest(summed, |figure| figure.known_at),
        logs: reached.into_iter().map(log_shown).collect(),
        held: held(all.iter().map(|figure| figure.held).max().unwrap_or(0)),
        silent: silent(summed, asking.scope, registry),
        stopped: stopped(asking),
        sample: all.iter().any(|figure| figure.synthetic),
    }
}

/// The same for a page without figures: how far each log was read, and what is asked for.
pub fn rests_on_records(asking: &Asking<'_>, sample: bool) -> Result<Rests, ViewError> {
    let is_read = |log: &LogName| asking.scope.reads(log);
    let mut unreadable = 0;
    let mut logs = Vec::new();
    let known = asking.view.with_reading(|reading| {
        for log in reading.positions.keys().filter(|log| is_read(log)) {
            quarantine::each_quarantined(reading.rows, log, |_, _| unreadable += 1)?;
            logs.push((log.clone(), reading.reached.get(log).copied()));
        }
        Ok(reading.newest(asking.scope))
    })?;
    let registry = asking.registry;
    let log_shown = |(log, at): &(LogName, Option<Timestamp>)| LogShown {
        name: words::log_name(log, registry),
        covers: covers(log, Topic::Findings, registry),
        reached: at.map(words::moment),
    };
    Ok(Rests {
        as_at: asking.asked.as_at.map(words::moment),
        known_at: asking.asked.known_at.or(known).map(words::moment),
        logs: logs.iter().map(log_shown).collect(),
        held: held(unreadable),
        silent: Vec::new(),
        stopped: stopped(asking),
        sample,
    })
}

fn stopped(asking: &Asking<'_>) -> Vec<StoppedLog> {
    let stopped = asking.view.view().stopped().into_iter();
    let read = stopped.filter(|(log, _)| asking.scope.reads(log));
    let shown = read.map(|(log, at)| StoppedLog {
        name: words::log_name(&log, asking.registry),
        reached: at.map(words::moment),
    });
    shown.collect()
}

fn latest(figures: &[&Figure], of: impl Fn(&Figure) -> Option<Timestamp>) -> Option<Moment> {
    let latest = figures.iter().filter_map(|figure| of(figure)).max();
    latest.map(words::moment)
}

fn covers(log: &LogName, topic: Topic, registry: &Registry) -> String {
    let families = topic.families();
    let mut of_families: Vec<_> = registry
        .coverages
        .iter()
        .filter(|known| known.log == *log && families.contains(&known.coverage.selector.family))
        .map(|known| &known.coverage)
        .collect();
    of_families.sort_by_key(|coverage| (coverage.selector.family, coverage.from));
    let spans: Vec<String> = of_families
        .into_iter()
        .map(|coverage| {
            let what = words::selector(&coverage.selector);
            let from = words::day(coverage.from);
            match coverage.through {
                Some(through) => format!("{what} from {from} to {}", words::day(through)),
                None => format!("{what} from {from} on"),
            }
        })
        .collect();
    match spans.is_empty() {
        true => "no coverage recorded".to_owned(),
        false => spans.join("; "),
    }
}

fn held(held: u64) -> String {
    match held {
        0 => "No recorded event is held back.".to_owned(),
        1 => "1 recorded event cannot be read and is held back; it may belong to these figures."
            .to_owned(),
        more => format!(
            "{} recorded events cannot be read and are held back; they may belong to these figures.",
            words::count(more)
        ),
    }
}

/// The logs because of which figures have no value, each in a sentence.
fn silent(figures: &[&Figure], scope: &Scope, registry: &Registry) -> Vec<String> {
    let periods: BTreeSet<&str> = figures.iter().map(|f| f.period.label.as_str()).collect();
    let nulls = figures.iter().filter(|figure| figure.value.is_none());
    let mut logs: BTreeMap<&LogName, (&'static str, BTreeSet<&str>)> = BTreeMap::new();
    for figure in nulls {
        for (log, complete_to) in &figure.complete_to {
            let why = match (complete_to, figure.reached.get(log)) {
                (Some(_), _) => continue,
                (None, Some(Some(_))) => {
                    lacks_agreement(figure, log, registry).unwrap_or("no coverage recorded")
                }
                (None, _) => "its log has not been read yet",
            };
            let (_, labels) = logs.entry(log).or_insert((why, BTreeSet::new()));
            labels.insert(&figure.period.label);
        }
    }
    let what = match scope {
        Scope::Joint => "the joint figure is",
        Scope::Log(_) => "its figures are",
    };
    let sentence = |(log, (why, labels)): (&LogName, (&str, BTreeSet<&str>))| {
        let name = words::log_name(log, registry);
        let all = labels.len() == periods.len();
        let of = match all {
            true => String::new(),
            false => {
                let (some, all) = (labels.len(), periods.len());
                format!(" for {some} of the {all} periods below")
            }
        };
        format!("{name}: {why}, so {what} not shown{of}.")
    };
    logs.into_iter().map(sentence).collect()
}

/// What was not agreed, where a figure has no value because of that.
fn lacks_agreement(figure: &Figure, log: &LogName, registry: &Registry) -> Option<&'static str> {
    let agreed = Measure::from_name(figure.measure)?.definition().agreed?;
    let is_agreed = match agreed {
        Agreement::Availability => log.is_shared() || registry.agreements.contains_key(log),
        _ => {
            let service = registry.service.get(log);
            service.is_some_and(|service| service.measured_from(agreed, None).is_some())
        }
    };
    let lacking = match agreed {
        Agreement::Availability => "no agreement on availability recorded",
        Agreement::Targets => "no agreement on targets and service hours recorded",
        Agreement::AgeLimit => "no agreement on an age limit recorded",
        Agreement::TargetsAndAgeLimit => {
            "no agreement on targets, service hours and an age limit recorded"
        }
    };
    (!is_agreed).then_some(lacking)
}
