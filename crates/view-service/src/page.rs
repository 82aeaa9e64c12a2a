//! Pages: one for each view, the way in at `/`, and a form to sign in with. No scripts.
//!
//! Data is prepared apart from HTTP and from templates: `gather` asks the view, `tables` and
//! `basis` turn figures into what a page shows, `html` writes it.

mod basis;
mod gather;
mod html;
mod periods;
mod published;
mod table;
mod tables;
mod words;

#[cfg(test)]
mod tests;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use townclerk_app::access::need::{Asked, Presented};
use townclerk_app::access::{Caller, Guarded, Need};
use townclerk_app::http::Problem;
use townclerk_domain::names::Scope;
use townclerk_views::contributions::Basis;
use townclerk_views::registry::Registry;

use crate::query::{Params, instant};
use crate::routes::{FIGURES, Views, failed};
use html::{Frame, PageLink};

/// Where the form to sign in stands.
const SIGN_IN: &str = "/sign-in";

type MaybeCaller = Option<Extension<Caller>>;

/// Adds the pages: a view's own has the need of its figures.
#[must_use]
pub(crate) fn routes(guarded: Guarded, views: &Views) -> Guarded {
    let state = || views.clone();
    guarded
        .get_with("/", Need::nothing(), state(), home)
        .get_with(SIGN_IN, Need::nothing(), state(), sign_in)
        .get_with("/{view}", FIGURES, state(), page)
}

async fn page(
    State(views): State<Views>,
    Path(name): Path<String>,
    Query(params): Query<Params>,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let asked = asked(&params)?;
    let gathered = tokio::task::block_in_place(|| gather::gather(&view, scope.clone(), asked));
    let gathered = gathered.map_err(failed)?;
    let here = format!("/{scope}{}", html::basis_query('?', asked));
    let frame = frame(
        &views,
        &gathered.registry,
        Some(&scope),
        caller.as_ref(),
        here,
    );
    written(html::view_page(frame, &gathered))
}

async fn home(
    State(views): State<Views>,
    Query(params): Query<Params>,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    none_taken(&params, &[])?;
    let registry = names(&views)?;
    let frame = frame(&views, &registry, None, caller.as_ref(), "/".to_owned());
    written(html::home_page(frame))
}

async fn sign_in(
    State(views): State<Views>,
    Query(params): Query<Params>,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    none_taken(&params, &["next"])?;
    let next = params.last().map_or("/", |(_, next)| next.as_str());
    let registry = names(&views)?;
    let frame = frame(&views, &registry, None, caller.as_ref(), next.to_owned());
    written(html::sign_in_page(frame))
}

/// The moments that a page is asked for; an empty field of the form asks for none.
fn asked(params: &Params) -> Result<Basis, Problem> {
    none_taken(params, &["as_at", "known_at"])?;
    let mut basis = Basis::default();
    for (name, value) in params {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let moment = Some(instant(name, value)?);
        match name.as_str() {
            "as_at" => basis.as_at = moment,
            _ => basis.known_at = moment,
        }
    }
    Ok(basis)
}

fn none_taken(params: &Params, but: &[&str]) -> Result<(), Problem> {
    let unknown = params
        .iter()
        .find(|(name, _)| !but.contains(&name.as_str()));
    let Some((name, _)) = unknown else {
        return Ok(());
    };
    let why = match but {
        [] => "this page takes no parameters".to_owned(),
        known => format!(
            "not a parameter of this page; there is {}",
            known.join(", ")
        ),
    };
    Err(Problem::bad_query(name, why))
}

/// Any view knows the names of all councils: membership is in the shared log.
fn names(views: &Views) -> Result<Registry, Problem> {
    let Some(view) = views.iter().next() else {
        return Ok(Registry::default());
    };
    let read = || view.with_rows(|rows| Registry::read(rows, None));
    tokio::task::block_in_place(read).map_err(failed)
}

/// What stands around every page: where else to go, and who is signed in.
fn frame(
    views: &Views,
    registry: &Registry,
    current: Option<&Scope>,
    caller: Option<&Extension<Caller>>,
    here: String,
) -> Frame {
    let caller = caller.map(|Extension(caller)| caller);
    let presented = caller.map_or(Presented::Nothing, Presented::Known);
    let mut scopes: Vec<&Scope> = views.iter().map(|view| view.scope()).collect();
    // What everybody may read comes first.
    scopes.sort_by_key(|scope| (**scope != Scope::Joint, *scope));
    let link = |scope: &Scope| {
        let asked = Asked {
            view: Some(scope.as_str()),
            ..Asked::default()
        };
        let readable = FIGURES.admit(presented, &asked).is_ok();
        PageLink {
            name: words::scope_name(scope, registry),
            href: match readable {
                true => format!("/{scope}"),
                false => format!("{SIGN_IN}?next=/{scope}"),
            },
            readable,
            current: current == Some(scope),
        }
    };
    Frame {
        pages: scopes.into_iter().map(link).collect(),
        signed_in: caller.map(words::caller),
        form_above: true,
        here,
    }
}

fn written(page: Result<String, askama::Error>) -> Result<Response, Problem> {
    let page = page.map_err(|error| {
        tracing::error!(%error, "a page cannot be written");
        Problem::internal()
    })?;
    Ok(Html(page).into_response())
}
