//! The read API of views, and the operator's replays.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::StreamExt;
use futures::channel::mpsc;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use townclerk_app::access::{Anonymous, Caller, Guarded, Need, Role, ScopeNeed};
use townclerk_app::http::Problem;
use townclerk_app::http::described::{Answers, Described, tagged};
use townclerk_contract::position::Position;
use townclerk_domain::names::{LogName, Scope};
use townclerk_view_store::store::StoreError;
use townclerk_views::figure::Figure;
use townclerk_views::public::RuleShown;
use townclerk_views::rows::RowsError;

use crate::answer::{NoFigures, written};
use crate::described::{MIN_POSITION, parameter};
use crate::page;
use crate::public;
use crate::query::{self, FiguresQuery, Params, figures_query, parsed};
use crate::reads::{Reader, Reads, ViewRows};
use crate::records;
use crate::view::{LogStatus, Status, View, ViewError};

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

/// Outages, changes, freezes, gates, programmes, posts, agreements and findings: anyone who reads the
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
pub struct Views(Arc<Open>);

struct Open {
    views: BTreeMap<Scope, Arc<View>>,
    reads: Reads,
}

impl Views {
    pub fn new(views: impl IntoIterator<Item = Arc<View>>) -> Self {
        let views = views.into_iter().map(|view| (view.scope().clone(), view));
        Self(Arc::new(Open {
            views: views.collect(),
            reads: Reads::default(),
        }))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<View>> {
        self.0.views.values()
    }

    pub(crate) fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// Does `work` on the rows of a view when its turn comes.
    ///
    /// # Errors
    /// `too-many-reads`, or what `work` found wrong.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reader: Reader,
        view: &Arc<View>,
        work: impl FnOnce(&ViewRows<'_>) -> Result<T, ViewError> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = self.reads().run(reader, view, work).await?;
        done.map_err(failed)
    }

    /// Why any of them cannot be relied on; empty when all can.
    pub fn unready(&self) -> Vec<String> {
        self.iter().flat_map(|view| view.unready()).collect()
    }

    /// Which views there are is no secret: `/v1/views` tells everybody.
    fn no_view(&self, name: &str) -> Problem {
        let there = self.0.views.keys().map(Scope::to_string);
        Problem::not_found_among(format!("view {name}"), there)
    }

    /// The view that answers for a scope: every view answers for `shared`.
    pub(crate) fn answering(&self, name: &str) -> Result<(Scope, Arc<View>), Problem> {
        let missing = || self.no_view(name);
        let scope = Scope::new(name).map_err(|_| missing())?;
        let own = self.0.views.get(&scope);
        let any = || {
            let shared = matches!(&scope, Scope::Log(log) if log.is_shared());
            self.0.views.values().next_back().filter(|_| shared)
        };
        let view = own.or_else(any).ok_or_else(missing)?;
        // Its rows are none yet, or are about to be replaced: nobody takes them for the record.
        if let Some(why) = view.unreadable() {
            return Err(Problem::not_ready(vec![format!("view {name}: {why}")]));
        }
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
        .get("/v1/public-figures", Need::nothing(), public::rule)
        .described(Described::json::<RuleShown>(Vec::new()))
        .get_with("/v1/views/{view}", STATUS, state(), status)
        .described(Described::json::<StatusShown>(Vec::new()))
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

/// A view in numbers, as far as anyone who asks may read its logs.
#[derive(Serialize, JsonSchema)]
struct StatusShown {
    view: Scope,
    fold_version: u32,
    generation: u64,
    /// Of all rows; null where some of the logs are not shown.
    digest: Option<String>,
    logs: BTreeMap<LogName, LogStatus>,
}

impl StatusShown {
    fn of(status: Status, scope: Scope, caller: &Caller) -> Self {
        let all = status.logs.len();
        let mut logs = status.logs;
        logs.retain(|log, _| scope.reads(log) && caller.reads_log(log.as_str()));
        Self {
            view: scope,
            fold_version: status.fold_version,
            generation: status.generation,
            digest: (logs.len() == all).then_some(status.digest),
            logs,
        }
    }
}

async fn status(
    State(views): State<Views>,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let status = |rows: &ViewRows<'_>| rows.view().status();
    let status = views.read(Reader::Entitled, &view, status).await?;
    Ok(Json(StatusShown::of(status, scope, &caller)).into_response())
}

/// The shape of the answer, as [`written`] writes it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Figures {
    scope: Scope,
    figures: Vec<Figure>,
}

/// Who asks, where that was said.
pub(crate) type MaybeCaller = Option<Extension<Caller>>;

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
    caller: MaybeCaller,
    query: Asked,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let reader = Reader::of(caller.as_ref(), &scope);
    let FiguresQuery {
        query,
        min_positions,
    } = figures_query(scope, &params(query)?)?;
    public::query_fits(reader, &query)?;
    for wanted in &min_positions {
        wait_for(&view, wanted).await?;
    }
    let work = move |rows: &ViewRows<'_>| written(rows, &query, reader);
    match views.reads().run(reader, &view, work).await? {
        Ok(written) => written.answer(views.reads(), reader, &headers),
        Err(NoFigures::TooMany { found }) => {
            Err(Problem::too_many_figures(found, reader.figures_max()))
        }
        Err(NoFigures::Failed(error)) => Err(failed(error)),
    }
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
        return Err(views.no_view(name));
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
        // The caller may have gone; the work is finished all the same.
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
    if matches!(error, ViewError::Rows(RowsError::Stopped)) {
        return Problem::timeout();
    }
    tracing::error!(%error, "a read failed");
    match (&error, error.of_store()) {
        // The rows were closed meanwhile, or the disk gives nothing: the view is opened again.
        (_, Some(StoreError::Closed { .. } | StoreError::Io { .. })) => Problem::not_ready(vec![
            "the rows of the view cannot be read just now".to_owned(),
        ]),
        (ViewError::Log(_), _) => Problem::unavailable("the log cannot be read now"),
        _ => Problem::internal(),
    }
}

#[cfg(test)]
mod tests;
