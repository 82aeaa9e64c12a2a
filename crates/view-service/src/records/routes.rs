//! The routes of records.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::access::{Caller, Guarded};
use townclerk_app::http::Problem;
use townclerk_app::http::described::Described;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::freeze::FreezeRules;
use townclerk_domain::gate::GateRules;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::outage::OutageRules;
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;
use townclerk_domain::recovery::RecoveryTestRules;

use super::agreements::Agreed;
use super::claims::Claims;
use super::findings::Findings;
use super::interims::Interims;
use super::list::Listable;
use super::members::Members;
use super::one::WithEvents;
use super::parameters::Takes;
use super::tickets::TicketState;
use super::{
    ReadError, agreements, claims, findings, interims, list, members, one, service_level,
    service_levels, tickets,
};
use crate::query::Params;
use crate::reads::{Reader, ViewRows};
use crate::routes::{
    Asked, FIGURES, MaybeCaller, RECORDS, TICKETS, Views, after_waiting, failed, params,
};
use crate::view::View;

const SERVICE_LEVEL: &str = "/v1/views/{view}/tickets/{id}/service-level";

const SERVICE_LEVELS: &str = "/v1/views/{view}/service-levels";

/// Adds the routes of records.
#[must_use]
pub(crate) fn routes(guarded: Guarded, views: &Views) -> Guarded {
    let state = || views.clone();
    let outages = page::<OutageRules>;
    let outage = single::<OutageRules>;
    let changes = page::<ChangeRules>;
    let change = single::<ChangeRules>;
    let freezes = page::<FreezeRules>;
    let gates = page::<GateRules>;
    let programmes = page::<ProgrammeRules>;
    let posts = page::<PostRules>;
    let tests = page::<RecoveryTestRules>;
    guarded
        .get_with("/v1/views/{view}/tickets", TICKETS, state(), ticket_page)
        .described(of::<tickets::Page>(&tickets::TAKES))
        .get_with("/v1/views/{view}/tickets/{id}", TICKETS, state(), ticket)
        .described(of::<WithEvents<TicketState>>(&Takes::ONE))
        .get_with(SERVICE_LEVEL, TICKETS, state(), ticket_level)
        .described(of::<service_level::Shown>(&Takes::ONE))
        .get_with(SERVICE_LEVELS, TICKETS, state(), open_levels)
        .described(of::<service_levels::Open>(&service_levels::TAKES))
        .get_with("/v1/views/{view}/outages", RECORDS, state(), outages)
        .described(a_page::<OutageRules>())
        .get_with("/v1/views/{view}/outages/{id}", RECORDS, state(), outage)
        .described(a_single::<OutageRules>())
        .get_with("/v1/views/{view}/changes", RECORDS, state(), changes)
        .described(a_page::<ChangeRules>())
        .get_with("/v1/views/{view}/changes/{id}", RECORDS, state(), change)
        .described(a_single::<ChangeRules>())
        .get_with("/v1/views/{view}/freezes", RECORDS, state(), freezes)
        .described(a_page::<FreezeRules>())
        .get_with("/v1/views/{view}/gates", RECORDS, state(), gates)
        .described(a_page::<GateRules>())
        .get_with("/v1/views/{view}/programmes", RECORDS, state(), programmes)
        .described(a_page::<ProgrammeRules>())
        .get_with("/v1/views/{view}/posts", RECORDS, state(), posts)
        .described(a_page::<PostRules>())
        .get_with("/v1/views/{view}/recovery-tests", RECORDS, state(), tests)
        .described(a_page::<RecoveryTestRules>())
        .get_with("/v1/views/{view}/interims", RECORDS, state(), held)
        .described(of::<Interims>(&interims::TAKES))
        .get_with("/v1/views/{view}/members", FIGURES, state(), membership)
        .described(of::<Members>(&members::TAKES))
        .get_with("/v1/views/{view}/agreements", RECORDS, state(), agreed)
        .described(of::<Agreed>(&agreements::TAKES))
        .get_with("/v1/views/{view}/claims", RECORDS, state(), claimed)
        .described(of::<Claims>(&claims::TAKES))
        .get_with("/v1/views/{view}/findings", RECORDS, state(), found)
        .described(of::<Findings>(&findings::TAKES))
}

/// A read that takes this and answers with a `T`.
fn of<T: JsonSchema>(takes: &Takes) -> Described {
    Described::json::<T>(takes.parameters())
}

fn a_page<L: Listable>() -> Described {
    of::<list::Page<L>>(&L::TAKES)
}

fn a_single<L: Listable>() -> Described {
    of::<WithEvents<L::Shown>>(&Takes::ONE)
}

/// The log whose tickets a scope lists.
fn log_of(scope: &Scope) -> Result<LogName, Problem> {
    match scope {
        Scope::Log(log) => Ok(log.clone()),
        Scope::Joint => {
            let what = "list of tickets of joint: ask the view of a council, or of shared,";
            Err(Problem::not_found(what))
        }
    }
}

async fn ticket_page(
    State(views): State<Views>,
    Path(name): Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let log = log_of(&scope)?;
    let params = after_waiting(&view, params(query)?).await?;
    let work = move |rows: &ViewRows<'_>| tickets::page(rows, &log, &params);
    Ok(Json(read(&views, &view, work).await?).into_response())
}

async fn ticket(
    State(views): State<Views>,
    Path((name, id)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let log = log_of(&scope)?;
    let params = after_waiting(&view, params(query)?).await?;
    let work = move |rows: &ViewRows<'_>| tickets::one(rows, &log, &id, &params);
    let ticket = read(&views, &view, work).await?;
    let ticket = ticket
        .with_events(&view, &caller)
        .await
        .map_err(unreadable)?;
    Ok(Json(ticket).into_response())
}

/// How a ticket stands against what was agreed, and how that came about.
async fn ticket_level(
    State(views): State<Views>,
    Path((name, id)): Path<(String, String)>,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let log = log_of(&scope)?;
    let params = after_waiting(&view, params(query)?).await?;
    let work = move |rows: &ViewRows<'_>| service_level::service_level(rows, &log, &id, &params);
    Ok(Json(read(&views, &view, work).await?).into_response())
}

/// The open tickets of a scope by urgency.
async fn open_levels(
    views: State<Views>,
    name: Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    of_scope(views, name, query, service_levels::open).await
}

/// A page of one kind of record.
async fn page<L: Listable + 'static>(
    views: State<Views>,
    name: Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    of_scope(views, name, query, list::page::<L>).await
}

/// One record of a kind, with its events.
async fn single<L: Listable + 'static>(
    State(views): State<Views>,
    Path((name, id)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let params = after_waiting(&view, params(query)?).await?;
    let work = move |rows: &ViewRows<'_>| one::one::<L>(rows, &scope, &id, &params);
    let found = read(&views, &view, work).await?;
    let found = found
        .with_events(&view, &caller)
        .await
        .map_err(unreadable)?;
    Ok(Json(found).into_response())
}

async fn agreed(
    views: State<Views>,
    name: Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    of_scope(views, name, query, agreements::agreements).await
}

/// Who is a member, and since when: anyone who reads a view's figures reads whose they are.
async fn membership(
    State(views): State<Views>,
    Path(name): Path<String>,
    caller: MaybeCaller,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let params = after_waiting(&view, params(query)?).await?;
    let reader = Reader::of(caller.as_ref(), &scope);
    let work = move |rows: &ViewRows<'_>| members::members(rows, reader, &scope, &params);
    Ok(Json(read_as(reader, &views, &view, work).await?).into_response())
}

async fn held(views: State<Views>, name: Path<String>, query: Asked) -> Result<Response, Problem> {
    of_scope(views, name, query, interims::interims).await
}

/// What was published, beside ours.
async fn claimed(
    views: State<Views>,
    name: Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    of_scope(views, name, query, claims::claims).await
}

async fn found(
    State(views): State<Views>,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let params = after_waiting(&view, params(query)?).await?;
    let findings = findings::findings(&views, &view, &scope, &params, &caller).await;
    Ok(Json(findings.map_err(unreadable)?).into_response())
}

/// What `work` reads of a scope, once the positions that are asked for are there.
async fn of_scope<T: Serialize + Send + 'static>(
    State(views): State<Views>,
    Path(name): Path<String>,
    query: Asked,
    work: fn(&ViewRows<'_>, &Scope, &Params) -> Result<T, ReadError>,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let params = after_waiting(&view, params(query)?).await?;
    let work = move |rows: &ViewRows<'_>| work(rows, &scope, &params);
    Ok(Json(read(&views, &view, work).await?).into_response())
}

/// Reads rows when the turn comes; nobody anonymous reads records.
async fn read<T: Send + 'static>(
    views: &Views,
    view: &Arc<View>,
    work: impl FnOnce(&ViewRows<'_>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    read_as(Reader::Entitled, views, view, work).await
}

async fn read_as<T: Send + 'static>(
    reader: Reader,
    views: &Views,
    view: &Arc<View>,
    work: impl FnOnce(&ViewRows<'_>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    let done = views.reads().run(reader, view, work).await?;
    done.map_err(unreadable)
}

fn unreadable(error: ReadError) -> Problem {
    match error {
        ReadError::Problem(problem) => problem,
        ReadError::Failed(error) => failed(error),
    }
}
