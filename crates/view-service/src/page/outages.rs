//! The page of outages: how many by month, quarter and component, and what each of them was.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::names::Code;
use townclerk_domain::outage::{CauseFound, Nature, Outage, Party, Severity};
use townclerk_domain::period::Period;
use townclerk_views::dimension::{Dimension, UNKNOWN};
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures, split};
use super::content::{Content, Part};
use super::failures::{self, Failures, open_actions};
use super::periods::Shown;
use super::recovery::{self, Recovery};
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::view::ViewError;

const OUTAGES: [Measure; 2] = [Measure::Outages, Measure::KnownErrors];

/// Everything that the page counts.
const COUNTED: [Measure; 8] = [
    OUTAGES[0],
    OUTAGES[1],
    failures::MEASURES[0],
    failures::MEASURES[1],
    failures::MEASURES[2],
    failures::MEASURES[3],
    recovery::MEASURES[0],
    recovery::MEASURES[1],
];

/// Outages that the list shows; the rest is a link away.
const LISTED_MAX: usize = 200;

/// The latest quarters by which components are counted.
const QUARTERS_OF_COMPONENTS: usize = 4;

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::Outages)?;
    let whole = asking.figures(&OUTAGES, shown.all(), Breakdown::default())?;
    let beside = asking.shared_beside(&OUTAGES, &shown.all())?;
    let latest = shown.quarters.iter().take(QUARTERS_OF_COMPONENTS);
    let latest = latest.copied().collect();
    let components = asking.figures(&OUTAGES[..1], latest, split(Dimension::Component, &[]))?;
    let of_failures = failures::figures(asking, &shown)?;
    let of_recovery = recovery::figures(asking, &shown)?;
    let claims = asking.claims(|measure| measure.is_some_and(|m| COUNTED.contains(&m)))?;
    let Failures {
        whole: failed,
        parties,
    } = &of_failures;
    let Recovery {
        whole: tested,
        shared,
    } = &of_recovery;
    let sets = [&components, failed, parties, tested];
    let others: Vec<&Figures> = beside.iter().chain(sets).chain(shared).collect();
    let mut content = Content::of(asking, Topic::Outages, &whole, &others, &claims);
    content.headlines = headlines(&shown, &whole, beside.as_ref());
    let by = |id, title: &str, periods: &[Period]| {
        Part::Table(by_period(id, title, periods, &whole, beside.as_ref()))
    };
    content.parts = vec![
        by(
            "quarters",
            "Outages by financial-year quarter",
            &shown.quarters,
        ),
        by("months", "Outages by month", &shown.months),
        Part::Table(by_component(&shown, &components)),
    ];
    let tables = failures::tables(&shown, &of_failures);
    content.parts.extend(tables.into_iter().map(Part::Table));
    let tests = recovery::by_period(&shown, &of_recovery);
    content.parts.push(Part::Table(tests));
    content.parts.extend(Part::published(&claims));
    let beside = asking.beside(&shown);
    let ledger = beside.ledger()?;
    let now = asking.now(&shown)?;
    let lists = || lists(&beside, &ledger, now);
    content.parts.extend(Part::records(asking, lists));
    content.counted = COUNTED.to_vec();
    Ok(content)
}

fn headlines(shown: &Shown, whole: &Figures, beside: Option<&Figures>) -> Option<Headlines> {
    let month = shown.complete_month?;
    let own = whole.find(Measure::Outages, &month, &[]);
    let mut numbers = vec![Headline::of("Outages", own)];
    if let Some(beside) = beside {
        let shared = beside.find(Measure::Outages, &month, &[]);
        numbers.push(Headline::of("Shared outages that hit this council", shared));
    }
    Some(Headlines::of_month(&month, own, numbers))
}

fn by_period(
    id: &'static str,
    title: &str,
    periods: &[Period],
    whole: &Figures,
    beside: Option<&Figures>,
) -> Table {
    let row = |period: &Period| {
        let sets = [Some(whole), beside].into_iter().flatten();
        let found: Vec<_> = OUTAGES
            .into_iter()
            .flat_map(|measure| sets.clone().map(move |set| set.find(measure, period, &[])))
            .collect();
        Row::of_period(period, &found)
    };
    let columns = match beside {
        None => vec![Column::number("Outages"), Column::number("Known errors")],
        Some(_) => vec![
            Column::number("Own"),
            Column::number("Shared, hitting this council"),
            Column::number("Own known errors"),
            Column::number("Shared known errors, hitting this council"),
        ],
    };
    Table {
        id,
        caption: format!("{title}, newest first"),
        note: Some(
            "Planned maintenance is not counted. A known error is counted beside the outages: a \
             service was degraded and never down, and both its cause and a way to work in spite of it \
             were recorded before it was resolved. An outage of which the time is known only roughly \
             counts in a period that contains all of that time, and in no shorter one."
                .to_owned(),
        ),
        row_title: "Period",
        columns,
        rows: periods.iter().map(row).collect(),
        more: None,
    }
}

fn by_component(shown: &Shown, components: &Figures) -> Table {
    let latest: Vec<&Period> = shown.quarters.iter().take(QUARTERS_OF_COMPONENTS).collect();
    let row = |component: &str| {
        let values = [(Dimension::Component, component)];
        let of_quarter =
            |quarter: &&Period| Cell::of(components.find(Measure::Outages, quarter, &values));
        Row {
            header: match component {
                UNKNOWN => "not found yet".to_owned(),
                found => found.to_owned(),
            },
            detail: None,
            period: None,
            cells: latest.iter().map(of_quarter).collect(),
        }
    };
    let column = |quarter: &&Period| {
        let of_quarter = components.iter();
        let label = quarter.to_string();
        let mut of_quarter = of_quarter.filter(|figure| figure.period.label == label);
        Column::number(period_name(quarter, &[of_quarter.next()]).0)
    };
    Table {
        id: "components",
        caption: "Outages by the component that failed, latest quarters".to_owned(),
        note: Some("By the cause that was found last.".to_owned()),
        row_title: "Component",
        columns: latest.iter().map(column).collect(),
        rows: components
            .values_of(Dimension::Component)
            .into_iter()
            .map(row)
            .collect(),
        more: None,
    }
}

/// What is still to be done, the outages and maintenance of the scope, and tests of recovery.
fn lists(asking: &Asking<'_>, ledger: &Ledger, now: Option<Timestamp>) -> Vec<Table> {
    let touches = |outage: &&Kept<Outage>| {
        asking.scope.has(&outage.log, |council| {
            outage.stands.councils.contains(council)
        })
    };
    let mut found: Vec<&Kept<Outage>> = ledger.outages.iter().filter(touches).collect();
    found.sort_by_key(|outage| Reverse((began(&outage.stands), outage.id)));
    vec![
        open_actions(asking, &found, now),
        known_errors(asking, &found),
        list(asking, found),
        recovery::list(asking, &ledger.recovery_tests),
    ]
}

/// The known errors of the scope that are not resolved, latest first.
fn known_errors(asking: &Asking<'_>, found: &[&Kept<Outage>]) -> Table {
    let open: Vec<_> = found
        .iter()
        .filter(|outage| {
            outage.stands.nature() == Nature::KnownError && outage.stands.resolved.is_none()
        })
        .collect();
    let all = open.len();
    let shown = open.into_iter().take(asking.rows_max(LISTED_MAX));
    let row = |outage: &&Kept<Outage>| {
        let stands = &outage.stands;
        let workaround = stands.workaround.as_ref().map(ToString::to_string);
        Row {
            header: title(stands),
            detail: words::beside(outage, when(stands)),
            period: None,
            cells: vec![
                Cell::Words(words::councils(&stands.councils, asking.registry)),
                Cell::lines(effects(asking, stands)),
                Cell::Words(stands.cause.as_ref().map(cause).unwrap_or_default()),
                Cell::Words(workaround.unwrap_or_default()),
            ],
        }
    };
    Table {
        id: "known-errors",
        caption: "Known errors that are not resolved, latest first".to_owned(),
        note: Some("What to do while a known error lasts is its workaround.".to_owned()),
        row_title: "What and since when",
        columns: ["Councils", "Degraded", "Cause", "Workaround"]
            .map(Column::words)
            .to_vec(),
        rows: shown.map(row).collect(),
        more: Some(Link::to_data(
            "All outages and known errors",
            asking.scope,
            "outages",
            asking.asked,
        )),
    }
    .out_of(all)
}

/// The outages and maintenance of the scope, latest first.
fn list(asking: &Asking<'_>, found: Vec<&Kept<Outage>>) -> Table {
    let all = found.len();
    let most = asking.rows_max(LISTED_MAX);
    let shown = found.into_iter().take(most);
    Table {
        id: "list",
        caption: "Outages, known errors and planned maintenance, latest first".to_owned(),
        note: Some(match all > most {
            true => format!("The latest {most} of {all}. Times are London's."),
            false => "Times are London's.".to_owned(),
        }),
        row_title: "What and when",
        columns: [
            "Councils",
            "Lasted",
            "Down or degraded",
            "Cause",
            "Actions",
            "Status",
        ]
        .map(Column::words)
        .to_vec(),
        rows: shown.map(|outage| row(asking, outage)).collect(),
        more: Some(Link::to_data(
            "All outages",
            asking.scope,
            "outages",
            asking.asked,
        )),
    }
    .out_of(all)
}

fn began(outage: &Outage) -> Option<Timestamp> {
    let begun = outage.begun.as_ref().map(|begun| begun.at);
    let notice = outage.notice();
    begun.or_else(|| notice.map(|planned| planned.maintenance.from))
}

fn row(asking: &Asking<'_>, outage: &Kept<Outage>) -> Row {
    let Kept { stands, .. } = outage;
    Row {
        header: title(stands),
        detail: words::beside(outage, when(stands)),
        period: None,
        cells: vec![
            Cell::Words(words::councils(&stands.councils, asking.registry)),
            Cell::Words(lasted(stands)),
            Cell::lines(effects(asking, stands)),
            Cell::Words(
                stands
                    .cause
                    .as_ref()
                    .map_or("not found yet".to_owned(), cause),
            ),
            Cell::lines(actions(stands)),
            Cell::lines(status(stands)),
        ],
    }
}

pub(super) fn title(outage: &Outage) -> String {
    let begun = outage.begun.as_ref().map(|begun| &begun.declared.title);
    let notice = outage.notice();
    let title = begun.or_else(|| notice.map(|planned| &planned.maintenance.title));
    title.map(ToString::to_string).unwrap_or_default()
}

fn when(outage: &Outage) -> String {
    match (&outage.begun, outage.notices.as_slice()) {
        (Some(begun), _) => match &begun.declared.when {
            Some(within) => roughly(within),
            None => words::brief(begun.at),
        },
        (None, []) => String::new(),
        (None, notices) => {
            let windows = notices.iter().map(|notice| &notice.maintenance);
            let spans: Vec<String> = windows
                .map(|window| words::span(window.from, window.to))
                .collect();
            format!("planned for {}", spans.join(", and for "))
        }
    }
}

/// A time that is known only roughly.
fn roughly(within: &Within) -> String {
    let (from, to) = (words::day(within.from), words::day(within.to));
    match within.precision {
        Precision::Day => format!("some time on {from}"),
        Precision::Month => format!("some time in {}", within.from.strftime("%B %Y")),
        Precision::Interval => format!("some time between {from} and {to}"),
    }
}

fn lasted(outage: &Outage) -> String {
    match (&outage.begun, outage.resolved) {
        (Some(_), _) if outage.is_imprecise() => "not known".to_owned(),
        (Some(begun), Some(resolved)) => words::duration(begun.at, resolved),
        (Some(_), None) => "not over".to_owned(),
        (None, _) => "not begun".to_owned(),
    }
}

/// Which services were down or degraded, each with the councils for which.
fn effects(asking: &Asking<'_>, outage: &Outage) -> Vec<String> {
    let mut hit: BTreeMap<(Severity, &Code), BTreeSet<&Code>> = BTreeMap::new();
    for effect in &outage.effects {
        let of_one = hit.entry((effect.severity, &effect.service)).or_default();
        of_one.insert(&effect.council);
    }
    let said = hit.into_iter().map(|((severity, service), councils)| {
        let everywhere = outage.councils.len() == councils.len();
        match everywhere {
            true => format!("{service} {}", severity.code()),
            false => {
                let names = words::councils(councils, asking.registry);
                format!("{service} {} for {names}", severity.code())
            }
        }
    });
    said.collect()
}

fn cause(cause: &CauseFound) -> String {
    let whose = match (&cause.party, &cause.supplier) {
        (Party::Own, _) => "own".to_owned(),
        (Party::Supplier, Some(supplier)) => format!("supplier {supplier}"),
        (Party::Supplier, None) => "a supplier's".to_owned(),
    };
    format!("{}, {}; {whose}", cause.component, cause.class)
}

/// How many remedial actions are complete, and the open ones.
fn actions(outage: &Outage) -> Vec<String> {
    let all = outage.actions.len();
    if all == 0 {
        return Vec::new();
    }
    let open = outage
        .actions
        .iter()
        .filter(|action| action.completed.is_none());
    let complete = all - open.clone().count();
    let said = open.map(|action| {
        let agreed = &action.agreed;
        let due = words::day(agreed.due);
        format!("open: {} ({}, due {due})", agreed.text, agreed.owner)
    });
    [format!("{complete} of {all} complete")]
        .into_iter()
        .chain(said)
        .collect()
}

fn status(outage: &Outage) -> Vec<String> {
    let critical = outage.begun.as_ref();
    let critical = critical.is_some_and(|begun| begun.declared.critical);
    let nature = match outage.nature() {
        Nature::Maintenance => "planned maintenance",
        Nature::KnownError => "known error",
        Nature::Failure => "not planned",
    };
    let status = words::code(outage.status().code());
    let critical = critical.then(|| "stopped an entire critical service".to_owned());
    [status, nature.to_owned()]
        .into_iter()
        .chain(critical)
        .collect()
}
