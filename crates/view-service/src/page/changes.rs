//! The page of changes: how they ended, which went ahead in a freeze, the reviews to be done, the
//! calendar, and the freezes and gates that hold.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::change::{Change, Outcome};
use townclerk_domain::freeze::{Exempt, Freeze, FreezeScope};
use townclerk_domain::gate::Gate;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::Code;
use townclerk_domain::period::{Period, london_day};
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures, split};
use super::calendar::calendar;
use super::change_rates::{self, NONE_CLOSED, RATES};
use super::content::{Content, Part};
use super::periods::Shown;
use super::table::{Cell, Column, Link, NOT_COVERED, Row, Table};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::view::ViewError;

const COUNTED: [Measure; 8] = [
    Measure::ChangesClosed,
    Measure::ChangeSuccessRate,
    Measure::ChangeFailureRate,
    Measure::EmergencyChangeShare,
    Measure::ChangeRelatedIncidentRate,
    Measure::ChangeReviewsOverdue,
    Measure::ChangesInFreezeWithoutExemption,
    Measure::DaysSinceChangeRelatedMajorIncident,
];

/// By quarter.
const QUARTERLY: [Measure; 2] = [
    Measure::ChangesClosed,
    Measure::ChangesInFreezeWithoutExemption,
];

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::ChangesClosed)?;
    let quarters = shown.quarters.clone();
    let whole = asking.figures(&QUARTERLY, shown.all(), Breakdown::default())?;
    let by_outcome = split(Dimension::Outcome, &[]);
    let outcomes = asking.figures(&QUARTERLY[..1], quarters.clone(), by_outcome)?;
    let rated: Vec<Period> = quarters
        .iter()
        .chain(&shown.complete_month)
        .copied()
        .collect();
    let rates = asking.figures(&RATES, rated, Breakdown::default())?;
    let shared = asking.shared_beside(&QUARTERLY[..1], &quarters)?;
    let since = asking.standing(Measure::DaysSinceChangeRelatedMajorIncident)?;
    let claims = asking
        .claims(|measure| measure.is_some_and(|measure| measure.kind() == AggregateKind::Change))?;
    let others: Vec<&Figures> = shared.iter().chain([&outcomes, &rates]).collect();
    let mut content = Content::of(asking, Topic::Changes, &whole, &others, &claims);
    content.headlines = headlines(&shown, &whole, &rates, since.as_ref());
    let table = by_quarter(&shown, &whole, &outcomes, shared.as_ref());
    content.parts.push(Part::Table(table));
    let table = change_rates::by_quarter(&shown, &rates);
    content.parts.push(Part::Table(table));
    content.parts.extend(Part::published(&claims));
    let beside = asking.beside(&shown);
    let ledger = beside.ledger()?;
    let now = asking.now(&shown)?.unwrap_or(Timestamp::UNIX_EPOCH);
    let lists = || lists(&beside, &ledger, now);
    content.parts.extend(Part::records(asking, lists));
    content.counted = COUNTED.to_vec();
    Ok(content)
}

fn headlines(
    shown: &Shown,
    whole: &Figures,
    rates: &Figures,
    since: Option<&Figure>,
) -> Option<Headlines> {
    let month = shown.complete_month?;
    let closed = whole.find(Measure::ChangesClosed, &month, &[]);
    let breaches = whole.find(Measure::ChangesInFreezeWithoutExemption, &month, &[]);
    let succeeded = rates.find(Measure::ChangeSuccessRate, &month, &[]);
    let succeeded = Cell::of_share(succeeded, NONE_CLOSED);
    let overdue = rates.find(Measure::ChangeReviewsOverdue, &month, &[]);
    let numbers = vec![
        Headline::of("Changes closed", closed),
        Headline::saying("Succeeded, % of these", &succeeded),
        Headline::of("Reviews overdue at the end", overdue),
        Headline::of("Begun in a freeze without exemption", breaches),
        days_since(since),
    ];
    Some(Headlines::of_month(&month, closed, numbers))
}

/// Without a value where nothing covers it, and where no such incident is recorded.
fn days_since(since: Option<&Figure>) -> Headline {
    let day = since
        .and_then(|figure| figure.as_at)
        .map(|at| words::day(london_day(at - SignedDuration::from_micros(1))));
    let title = match day {
        Some(day) => format!("Days from the last major incident that a change caused to {day}"),
        None => "Days since the last major incident that a change caused".to_owned(),
    };
    let mut headline = Headline::of(&title, since);
    let covered = since.is_some_and(|figure| figure.covered.values().all(Option::is_some));
    if headline.value == NOT_COVERED && covered {
        headline.value = "none recorded".to_owned();
    }
    headline
}

fn by_quarter(
    shown: &Shown,
    whole: &Figures,
    outcomes: &Figures,
    shared: Option<&Figures>,
) -> Table {
    const CLOSED: Measure = Measure::ChangesClosed;
    let row = |quarter: &Period| {
        let mut found = vec![whole.find(CLOSED, quarter, &[])];
        found.extend(Outcome::ALL.iter().map(|outcome| {
            let values = [(Dimension::Outcome, outcome.code())];
            outcomes.find(CLOSED, quarter, &values)
        }));
        found.push(whole.find(Measure::ChangesInFreezeWithoutExemption, quarter, &[]));
        found.extend(shared.map(|shared| shared.find(CLOSED, quarter, &[])));
        Row::of_period(quarter, &found)
    };
    let outcomes = Outcome::ALL
        .iter()
        .map(|outcome| words::code(outcome.code()));
    let titles = ["Closed".to_owned()].into_iter().chain(outcomes);
    let titles = titles.chain(["Begun in a freeze without exemption".to_owned()]);
    let beside = shared.map(|_| "Shared, hitting this council, closed".to_owned());
    Table {
        id: "quarters",
        caption: "Changes by financial-year quarter and outcome, newest first".to_owned(),
        note: None,
        row_title: "Quarter",
        columns: titles.chain(beside).map(Column::number).collect(),
        rows: shown.quarters.iter().map(row).collect(),
        more: None,
    }
}

fn lists(asking: &Asking<'_>, ledger: &Ledger, now: Timestamp) -> Vec<Table> {
    let changes: Vec<&Kept<Change>> = ledger
        .changes
        .iter()
        .filter(|change| {
            let councils = &change.stands.requested.councils;
            asking
                .scope
                .has(&change.log, |council| councils.contains(council))
        })
        .collect();
    let freezes: Vec<&Kept<Freeze>> = ledger
        .freezes
        .iter()
        .filter(|freeze| {
            let councils = &freeze.stands.declared.scope.councils;
            let touches = |council: &Code| councils.is_empty() || councils.contains(council);
            asking.scope.has(&freeze.log, touches)
        })
        .collect();
    let gates = ledger.gates.iter();
    let gates: Vec<&Kept<Gate>> = gates
        .filter(|gate| asking.scope.has(&gate.log, |_| true))
        .collect();
    let mut calendar = calendar(now, &changes, &freezes);
    calendar.more = Some(Link::to_data(
        "All changes",
        asking.scope,
        "changes",
        asking.asked,
    ));
    vec![
        change_rates::reviews(asking, &changes, now),
        calendar,
        freezes_table(asking, ledger, freezes, now),
        gates_table(asking, gates, now),
    ]
}

fn freezes_table(
    asking: &Asking<'_>,
    ledger: &Ledger,
    mut freezes: Vec<&Kept<Freeze>>,
    now: Timestamp,
) -> Table {
    freezes.sort_by_key(|freeze| Reverse((freeze.stands.declared.from, freeze.id)));
    let row = |freeze: &&Kept<Freeze>| {
        let Freeze {
            declared, exempted, ..
        } = &freeze.stands;
        let until = match (declared.to, &declared.until) {
            (Some(to), Some(condition)) => {
                format!("until: {condition}, {} at the latest", words::brief(to))
            }
            (Some(to), None) => words::brief(to),
            (None, Some(condition)) => format!("until: {condition}"),
            (None, None) => String::new(),
        };
        let exempted = exempted.iter();
        let exempted = exempted.map(|(_, exempted)| match &exempted.exempt {
            Exempt::Project(project) => format!("project {project}: {}", exempted.reason),
            Exempt::Change(named) => {
                let change = ledger.change(&named.log, named.id);
                let title = change.map(|change| change.stands.requested.title.to_string());
                let title = title.unwrap_or_else(|| named.id.to_string());
                format!("change “{title}”: {}", exempted.reason)
            }
        });
        Row {
            header: declared.title.to_string(),
            detail: words::beside(freeze, words::log_name(&freeze.log, asking.registry)),
            period: None,
            cells: vec![
                Cell::Words(words::brief(declared.from)),
                Cell::Words(until),
                Cell::lines(scope(asking, &declared.scope)),
                Cell::lines(exempted.collect()),
                Cell::Words(freeze_stands(&freeze.stands, now)),
            ],
        }
    };
    Table {
        id: "freezes",
        caption: "Freezes, latest first".to_owned(),
        note: Some(
            "A freeze ends at a time or with a condition, or is lifted. Times are London's."
                .to_owned(),
        ),
        row_title: "Freeze",
        columns: ["From", "To", "Holds changes", "Exemptions", "Stands"]
            .map(Column::words)
            .to_vec(),
        rows: freezes.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All freezes",
            asking.scope,
            "freezes",
            asking.asked,
        )),
    }
}

fn scope(asking: &Asking<'_>, scope: &FreezeScope) -> Vec<String> {
    let listed = |codes: &BTreeSet<Code>| {
        let codes: Vec<&str> = codes.iter().map(Code::as_str).collect();
        codes.join(", ")
    };
    let FreezeScope {
        councils,
        services,
        categories,
    } = scope;
    let councils = (!councils.is_empty())
        .then(|| format!("of {}", words::councils(councils, asking.registry)));
    let services = (!services.is_empty()).then(|| format!("to {}", listed(services)));
    let categories =
        (!categories.is_empty()).then(|| format!("of the category {}", listed(categories)));
    let said: Vec<String> = [councils, services, categories]
        .into_iter()
        .flatten()
        .collect();
    match said.is_empty() {
        true => vec!["all".to_owned()],
        false => said,
    }
}

fn freeze_stands(freeze: &Freeze, now: Timestamp) -> String {
    match (freeze.lifted, freeze.ends()) {
        (Some(lifted), _) => format!("lifted {}", words::brief(lifted)),
        (None, Some(ended)) if ended <= now => "over".to_owned(),
        _ if now <= freeze.declared.from => "not begun".to_owned(),
        _ => "holds".to_owned(),
    }
}

fn gates_table(asking: &Asking<'_>, mut gates: Vec<&Kept<Gate>>, now: Timestamp) -> Table {
    gates.sort_by_key(|gate| Reverse((gate.stands.set_at, gate.id)));
    let row = |gate: &&Kept<Gate>| {
        let Gate {
            set, met, lifted, ..
        } = &gate.stands;
        let requires = set.requires.iter().map(|required| {
            let met = met.get(&required.code);
            match met {
                Some(at) => format!("met {}: {}", words::brief(*at), required.text),
                None => format!("not met: {}", required.text),
            }
        });
        let stands = match (lifted, gate.stands.opened().filter(|opened| *opened < now)) {
            (Some(at), _) => format!("lifted {}", words::brief(*at)),
            (None, Some(opened)) => format!("open since {}", words::brief(opened)),
            (None, None) => "holds".to_owned(),
        };
        Row {
            header: set.title.to_string(),
            detail: words::beside(gate, words::log_name(&gate.log, asking.registry)),
            period: None,
            cells: vec![
                Cell::Words(set.project.to_string()),
                Cell::lines(requires.collect()),
                Cell::Words(stands),
            ],
        }
    };
    Table {
        id: "gates",
        caption: "Gates, latest first".to_owned(),
        note: Some(
            "A gate holds back the changes of a project until all that it requires is met, or it \
             is lifted. Times are London's."
                .to_owned(),
        ),
        row_title: "Gate",
        columns: ["Project", "Requires", "Stands"]
            .map(Column::words)
            .to_vec(),
        rows: gates.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All gates",
            asking.scope,
            "gates",
            asking.asked,
        )),
    }
}
