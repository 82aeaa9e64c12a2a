//! The page of one ticket's service level: how it stands, line by line how that came about, and what
//! was agreed.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::SignedDuration;
use townclerk_app::access::{Caller, Guarded};
use townclerk_app::http::Problem;
use townclerk_contract::position::Position;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::service_level::{Happening, Step};
use townclerk_domain::ticket::Priority;
use townclerk_views::basis::Basis;
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;
use townclerk_views::service_levels::{Governing, TicketLevel};

use super::agreements::service_time;
use super::asking::Asking;
use super::basis::rests_on_records;
use super::content::{Content, Own, Part, Words};
use super::html::{self, Place};
use super::open_tickets::{band, trail_path};
use super::table::{Cell, Column, Link, Row, Table};
use super::tables::{Headline, Headlines};
use super::topic::{Topic, basis_query};
use super::{MOMENTS, MaybeCaller, Queried, csv, words};
use crate::reads::{Reader, ViewRows};
use crate::records::{Found, begun_minutes, found, minutes};
use crate::routes::{TICKETS, Views};
use crate::view::{View, ViewError};

const PATH: &str = "/{view}/tickets/{id}";

const HELD: &str = "The log holds a later event of this ticket that cannot be read";

/// Adds the page of a ticket, and its tables.
pub fn routes(guarded: Guarded, views: &Views) -> Guarded {
    guarded
        .get_with(PATH, TICKETS, views.clone(), page)
        .described(super::described(&MOMENTS))
        .get_with(&csv::path(PATH), TICKETS, views.clone(), table)
        .described(csv::described())
}

async fn page(
    State(views): State<Views>,
    Path((name, id)): Path<(String, String)>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let asked = super::asked(&super::params(query)?)?;
    let at = (&view, &scope, asked);
    let (registry, of, content) = read(&views, at, id, caller.as_ref()).await?;
    let place = Place {
        scope: &scope,
        registry: &registry,
        asked,
    };
    let mut frame = super::frame(&views, &registry, Some(&scope), caller.as_ref());
    frame.topics = super::topics(None, &place, caller.as_ref());
    frame.here = trail_path(&of.log, of.id, asked);
    super::written(html::view_page(frame, &place, &content))
}

async fn table(
    State(views): State<Views>,
    Path((name, id, table)): Path<(String, String, String)>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let asked = super::asked(&super::params(query)?)?;
    let at = (&view, &scope, asked);
    let (_, _, content) = read(&views, at, id, caller.as_ref()).await?;
    csv::answer(&content, &scope, &table)
}

/// The ticket, and what its page shows: it stands in one log, so the joint view shows none.
async fn read(
    views: &Views,
    (view, scope, asked): (&Arc<View>, &Scope, Basis),
    id: String,
    caller: Option<&Extension<Caller>>,
) -> Result<(Registry, Found, Content), Problem> {
    let missing = Problem::not_found(format!("ticket {id} in the view {scope}"));
    let Scope::Log(log) = scope else {
        return Err(missing);
    };
    let reader = Reader::of(caller, scope);
    let (log, scope, caller) = (log.clone(), scope.clone(), caller.cloned());
    let read = move |rows: &ViewRows<'_>| {
        let Some(of) = found(rows, &log, &id, asked)? else {
            return Ok(None);
        };
        let registry = rows.with_rows(|rows| Registry::read(rows, asked.known_at))?;
        let asking = super::asking(*rows, &scope, asked, &registry, caller.as_ref());
        let content = content(&asking, &of)?;
        Ok(Some((registry, of, content)))
    };
    let found = views.read(reader, view, read).await?;
    found.ok_or(missing)
}

fn content(asking: &Asking<'_>, of: &Found) -> Result<Content, ViewError> {
    let Found { log, id, .. } = of;
    let record = format!("tickets/{id}/service-level");
    let governed = of.level.as_ref().and_then(|level| level.governed.as_ref());
    let sample = of.sample || (governed.is_some() && of.agreed.sample);
    let mut rests = rests_on_records(asking, sample)?;
    rests.as_at = of.level.as_ref().map(|level| words::moment(level.as_at));
    let mut parts = Vec::new();
    if of.held {
        parts.push(Part::Words(Words {
            id: "held",
            title: "Not all of it can be read".to_owned(),
            sentences: vec![format!(
                "{HELD}, so what is shown of it may be out of date."
            )],
        }));
    }
    match &of.level {
        Some(level) => {
            let data = Link::to_data("This service level", asking.scope, &record, asking.asked);
            parts.push(Part::Table(steps(level, data)));
            parts.extend(terms(of).map(Part::Table));
        }
        None => parts.push(Part::Words(Words {
            id: "void",
            title: "No service level".to_owned(),
            sentences: vec!["It was voided, or nothing was known of it then.".to_owned()],
        })),
    }
    let basis = basis_query('?', asking.asked);
    Ok(Content {
        topic: Topic::ServiceLevels,
        audience: asking.audience,
        rests,
        headlines: of.level.as_ref().map(headlines),
        parts,
        counted: vec![Measure::SlaMet, Measure::SlaFailed],
        own: Some(Own {
            title: format!("Service level of ticket {id}"),
            lead: "One ticket beside what was agreed, and how that came about.",
            path: format!("/{log}/tickets/{id}"),
            json: format!("/v1/views/{log}/{record}{basis}"),
        }),
    })
}

fn headlines(level: &TicketLevel) -> Headlines {
    let attributes = &level.attributes;
    let (priority, kind) = (attributes.priority.code(), attributes.kind.code());
    let governed = level.governed.as_ref();
    let running = level.running();
    let time = |duration: SignedDuration| words::service_time(minutes(duration));
    let number = |title: &str, value: Option<String>| Headline::saying(title, &Cell::words(value));
    let aged = level.aged_from.map(|from| match level.is_aged() {
        true => format!("since {}", words::brief(from)),
        false => "no".to_owned(),
    });
    let due = running.and_then(|(_, due)| due);
    Headlines {
        title: format!(
            "{} {kind} of {}: {}",
            priority.to_uppercase(),
            attributes.service,
            level.status.code()
        ),
        numbers: vec![
            number("Stands", Some(words::code(level.standing()))),
            number("Band", level.risk().map(|risk| band(risk).to_owned())),
            number("Target", governed.and_then(|level| level.target).map(time)),
            number(
                "Counted",
                governed.map(|level| words::service_time(begun_minutes(level.counted))),
            ),
            number("Left", running.map(|(left, _)| time(left))),
            number("Due", due.map(words::brief)),
            number("Aged", aged),
        ],
    }
}

fn steps(level: &TicketLevel, data: Link) -> Table {
    let steps = level.governed.iter().flat_map(|level| &level.trail);
    let row = |step: &Step| Row {
        header: words::brief(step.at),
        detail: None,
        period: None,
        cells: vec![
            Cell::Words(said(&step.what)),
            Cell::Words(words::service_time(begun_minutes(step.counted))),
            Cell::words(step.due.map(words::brief)),
        ],
    };
    Table {
        id: "trail",
        caption: "What happened to its clock".to_owned(),
        note: Some(
            "Service time counts from when it was logged, within the agreed hours and without \
             holidays and pauses. Times are London's."
                .to_owned(),
        ),
        row_title: "When",
        columns: ["What happened", "Counted by then", "Due then"]
            .map(Column::words)
            .to_vec(),
        rows: steps.map(row).collect(),
        more: Some(data),
    }
}

fn said(what: &Happening) -> String {
    let target = |priority: &Priority, target: &Option<SignedDuration>| {
        let priority = priority.code().to_uppercase();
        match target {
            Some(target) => format!(
                "{priority}, target {}",
                words::service_time(minutes(*target))
            ),
            None => format!("{priority}, without a target"),
        }
    };
    match what {
        Happening::Started {
            priority,
            target: of,
        } => format!("Logged as {}", target(priority, of)),
        Happening::Held {
            reason,
            pauses: true,
        } => format!("On hold ({reason}): the clock is stopped"),
        Happening::Held {
            reason,
            pauses: false,
        } => format!("On hold ({reason}): the clock goes on, by agreement"),
        Happening::Resumed => "Work goes on, and so does the clock".to_owned(),
        Happening::Retargeted {
            priority,
            target: of,
        } => format!(
            "Now {}, counted from the beginning with all pauses",
            target(priority, of)
        ),
        Happening::Resolved { result: None } => "Resolved; it had no target".to_owned(),
        Happening::Resolved {
            result: Some(verdict),
        } => {
            let time = |duration| words::service_time(minutes(duration));
            let counted = words::service_time(begun_minutes(verdict.counted));
            let target = time(verdict.target);
            format!("Resolved after {counted} of {target}: {}", verdict.code())
        }
        Happening::Reopened => {
            "Reopened: the clock goes on; the time since it was resolved does not count".to_owned()
        }
        Happening::Withdrawn => "Cancelled".to_owned(),
        Happening::Reinstated => {
            "Reinstated: the clock goes on; the time since it was cancelled does not count"
                .to_owned()
        }
        Happening::ReprioritisedLater { priority } => format!(
            "Now {}; how it ended is judged as before",
            priority.code().to_uppercase()
        ),
    }
}

/// What governs it, each with the event by which it was recorded.
fn terms(of: &Found) -> Option<Table> {
    let governing = Governing::of(&of.agreed, of.level.as_ref()?)?;
    let (by, agreed) = governing.targets;
    let targets = agreed.targets.iter().map(|target| {
        let name = target.name.as_ref().map(|name| format!(" ({name})"));
        let minutes = target
            .minutes
            .map(|minutes| words::service_time(minutes.into()));
        format!(
            "{}{}: {}",
            target.priority.code().to_uppercase(),
            name.unwrap_or_default(),
            minutes.unwrap_or_else(|| "no target".to_owned())
        )
    });
    let (kind, class) = (agreed.kind.code(), agreed.user_class.code());
    let mut rows = vec![row_of(
        &of.log,
        format!("Targets of {class} {kind}s"),
        by,
        agreed.from,
        Cell::lines(targets.collect()),
    )];
    let hours = governing
        .hours
        .iter()
        .enumerate()
        .map(|(index, (by, hours))| {
            let title = match index {
                0 => "Service hours",
                _ => "Then these service hours",
            };
            let agreed = Cell::lines(service_time(&hours.hours));
            row_of(&of.log, title.to_owned(), *by, hours.from, agreed)
        });
    rows.extend(hours);
    rows.extend(governing.holidays.iter().map(|(day, by)| {
        let stands = Cell::Words("the clock is stopped".to_owned());
        row_of(&of.log, "Holiday".to_owned(), *by, *day, stands)
    }));
    rows.extend(governing.pauses.map(|(by, pauses)| {
        let reasons = pauses.reasons.iter().map(ToString::to_string).collect();
        let what = "Reasons for a hold that stop the clock".to_owned();
        row_of(&of.log, what, by, pauses.from, Cell::lines(reasons))
    }));
    Some(Table {
        id: "terms",
        caption: "What was agreed".to_owned(),
        note: Some(
            "In force on the day on which it was logged, and the hours and holidays that its clock \
             followed from then on: until it ended, or else until it is due or until now, whichever \
             is later."
                .to_owned(),
        ),
        row_title: "On what",
        columns: ["Agreed", "From", "Recorded as"].map(Column::words).to_vec(),
        rows,
        more: None,
    })
}

fn row_of(
    log: &LogName,
    header: String,
    sequence: u64,
    from: jiff::civil::Date,
    what: Cell,
) -> Row {
    let log = log.clone();
    Row {
        header,
        detail: None,
        period: None,
        cells: vec![
            what,
            Cell::Words(words::day(from)),
            Cell::Words(Position { log, sequence }.to_string()),
        ],
    }
}
