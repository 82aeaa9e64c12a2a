//! The read API of views, and the operator's replays.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::channel::mpsc;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use townclerk_app::access::{Anonymous, Guarded, Need, Role, ScopeNeed};
use townclerk_app::http::described::{Answers, Described, tagged};
use townclerk_app::http::{Problem, entity_tag};
use townclerk_contract::position::Position;
use townclerk_domain::names::Scope;
use townclerk_views::figure::Figure;

use crate::described::{MIN_POSITION, parameter};
use crate::page;
use crate::query::{self, FiguresQuery, Params, figures_query, parsed};
use crate::records;
use crate::view::{Status, View, ViewError};

const READERS: &[Role] = &[
    Role::ServiceDesk,
    Role::Change,
    Role::Officer,
    Role::Operator,
    Role::Partner,
    Role::Committee,
];

/// Joint figures are public; a split by council and each council's own are not.
pub(crate) const FIGURES: Need = Need {
    roles: READERS,
    scope: ScopeNeed::PathView,
    anonymous: Anonymous::JointWithoutSplit,
};

const STATUS: Need = Need {
    anonymous: Anonymous::Never,
    ..FIGURES
};

/// Outages, changes, freezes, gates, programmes, posts, agreements and findings: whoever reads the
/// view's figures by name reads these, the committee those of the joint view. Nobody anonymous does.
pub(crate) const RECORDS: Need = STATUS;

/// The committee needs figures, not tickets.
pub(crate) const TICKETS: Need = Need {
    roles: &[
        Role::ServiceDesk,
        Role::Change,
        Role::Officer,
        Role::Operator,
        Role::Partner,
    ],
    ..STATUS
};

const REPLAY: Need = Need {
    roles: &[Role::Operator],
    ..STATUS
};

/// The views that this process serves.
#[derive(Clone)]
pub struct Views(Arc<BTreeMap<Scope, Arc<View>>>);

impl Views {
    pub fn new(views: impl IntoIterator<Item = Arc<View>>) -> Self {
        let views = views.into_iter().map(|view| (view.scope().clone(), view));
        Self(Arc::new(views.collect()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<View>> {
        self.0.values()
    }

    /// Why any of them cannot be relied on; empty when all can.
    pub fn unready(&self) -> Vec<String> {
        self.iter().flat_map(|view| view.unready()).collect()
    }

    /// The view that answers for a scope: every view answers for `shared`.
    pub(crate) fn answering(&self, name: &str) -> Result<(Scope, Arc<View>), Problem> {
        let missing = || Problem::not_found(format!("view {name}"));
        let scope = Scope::new(name).map_err(|_| missing())?;
        let own = self.0.get(&scope);
        let any = || {
            let shared = matches!(&scope, Scope::Log(log) if log.is_shared());
            self.0.values().next_back().filter(|_| shared)
        };
        let view = own.or_else(any).ok_or_else(missing)?;
        Ok((scope.clone(), Arc::clone(view)))
    }
}

/// Adds the routes of views.
#[must_use]
pub fn routes(guarded: Guarded, views: &Views) -> Guarded {
    let state = || views.clone();
    let guarded = records::routes(page::routes(guarded, views), views);
    guarded
        .get_with("/v1/views", Need::nothing(), state(), names)
        .described(Described::json::<Names>(Vec::new()))
        .get_with("/v1/views/{view}", STATUS, state(), status)
        .described(Described::json::<Status>(Vec::new()))
        .get_with("/v1/views/{view}/figures", FIGURES, state(), figures)
        .described(tagged::<Figures>(query::names().map(parameter).collect()))
        .post_with("/v1/views/{view}/rebuild", REPLAY, state(), rebuild)
        .described(Described::read(Answers::Lines))
        .post_with("/v1/views/{view}/verify", REPLAY, state(), verify)
        .described(Described::read(Answers::Lines))
}

#[derive(Serialize, JsonSchema)]
struct Names {
    views: Vec<Scope>,
}

/// Which views are served here; their names are no secret.
async fn names(State(views): State<Views>) -> Response {
    let views = views.iter().map(|view| view.scope().clone()).collect();
    Json(Names { views }).into_response()
}

async fn status(State(views): State<Views>, Path(name): Path<String>) -> Result<Response, Problem> {
    let (_, view) = views.answering(&name)?;
    let status = tokio::task::block_in_place(|| view.status()).map_err(failed)?;
    Ok(Json(status).into_response())
}

#[derive(Serialize, JsonSchema)]
struct Figures {
    scope: Scope,
    figures: Vec<Figure>,
}

/// Parameters, or why they cannot be read.
pub(crate) type Asked = Result<Query<Params>, QueryRejection>;

pub(crate) fn params(query: Asked) -> Result<Params, Problem> {
    let Query(params) = query.map_err(|why| Problem::bad_query("query", why))?;
    Ok(params)
}

async fn figures(
    State(views): State<Views>,
    Path(name): Path<String>,
    headers: HeaderMap,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let params = params(query)?;
    let figures = read_figures(&view, scope.clone(), &params).await?;
    // The last look at a log goes on although nothing is recorded: it is left out of the tag.
    let mut lasting = figures.clone();
    for figure in &mut lasting {
        figure.reached.clear();
    }
    entity_tag::answer(&headers, &Figures { scope, figures }, &lasting)
}

/// Waits for the positions that the query names, then evaluates it.
pub(crate) async fn read_figures(
    view: &Arc<View>,
    scope: Scope,
    params: &Params,
) -> Result<Vec<Figure>, Problem> {
    let FiguresQuery {
        query,
        min_positions,
    } = figures_query(scope, params)?;
    for wanted in &min_positions {
        wait_for(view, wanted).await?;
    }
    tokio::task::block_in_place(|| view.figures(&query)).map_err(failed)
}

async fn wait_for(view: &View, wanted: &Position) -> Result<(), Problem> {
    if view.log(&wanted.log).is_none() {
        let why = format!(
            "the view {} does not read the log {}",
            view.scope(),
            wanted.log
        );
        return Err(Problem::bad_query("min_position", why));
    }
    view.wait_for(wanted).await.map_err(|reached| {
        let log = wanted.log.clone();
        let sequence = reached.get(&log).copied().unwrap_or(0);
        Problem::position_not_reached(wanted, &Position { log, sequence })
    })
}

/// Waits for each `min_position`, and gives the other parameters.
pub(crate) async fn after_waiting(view: &View, params: Params) -> Result<Params, Problem> {
    let (positions, others): (Params, Params) = params
        .into_iter()
        .partition(|(name, _)| name == MIN_POSITION);
    for (name, value) in &positions {
        wait_for(view, &parsed(name, value)?).await?;
    }
    Ok(others)
}

async fn rebuild(
    State(views): State<Views>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let view = own_view(&views, &name)?;
    Ok(streamed(|lines| async move {
        let report = view.rebuild(&|step| lines.send(&step)).await;
        lines.finish(report);
    }))
}

async fn verify(State(views): State<Views>, Path(name): Path<String>) -> Result<Response, Problem> {
    let view = own_view(&views, &name)?;
    Ok(streamed(|lines| async move {
        let report = view.verify(&|step| lines.send(&step)).await;
        lines.finish(report);
    }))
}

/// A replay is of a view that is here, not of one that merely answers for `shared`.
fn own_view(views: &Views, name: &str) -> Result<Arc<View>, Problem> {
    let (scope, view) = views.answering(name)?;
    if *view.scope() != scope {
        return Err(Problem::not_found(format!("view {name}")));
    }
    Ok(view)
}

/// Sends lines of JSON while work goes on, so that its progress can be shown.
#[derive(Clone)]
struct Lines(mpsc::UnboundedSender<Bytes>);

impl Lines {
    fn send(&self, line: &impl Serialize) {
        let Ok(mut bytes) = serde_json::to_vec(line) else {
            return;
        };
        bytes.push(b'\n');
        // Whoever asked may have gone; the work is finished all the same.
        if self.0.unbounded_send(bytes.into()).is_err() {
            tracing::debug!("nobody reads this progress any more");
        }
    }

    fn finish<T: Serialize>(&self, report: Result<T, ViewError>) {
        match report {
            Ok(report) => self.send(&json!({ "report": report })),
            Err(error) => {
                tracing::error!(%error, "a replay failed");
                self.send(&json!({ "failed": error.to_string() }));
            }
        }
    }
}

/// Runs `work` to its end and streams its lines; the number of lines is bounded by the work.
fn streamed<F: Future<Output = ()> + Send + 'static>(work: impl FnOnce(Lines) -> F) -> Response {
    let (sender, lines) = mpsc::unbounded();
    let task = tokio::spawn(work(Lines(sender)));
    // The stream ends with the task, and a task that panicked is told.
    let end = futures::stream::once(task).filter_map(|ended| async move {
        ended.err().map(|error| {
            tracing::error!(%error, "a replay panicked");
            Bytes::from_static(b"{\"failed\":\"this is a fault of the service\"}\n")
        })
    });
    let body = lines.chain(end).map(Ok::<_, std::convert::Infallible>);
    let headers = [(CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(body)).into_response()
}

pub(crate) fn failed(error: ViewError) -> Problem {
    tracing::error!(%error, "a read failed");
    match error {
        ViewError::Log(_) => Problem::unavailable("the log cannot be read now"),
        _ => Problem::internal(),
    }
}
