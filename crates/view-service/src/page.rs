//! Pages: for each view one on each topic, the way in at `/`, and a form to sign in with. No
//! scripts.
//!
//! Data is prepared apart from HTTP and from templates: `asking` asks the view, a file for each
//! topic turns figures and records into what its page shows, `html` writes it.

mod agreements;
mod asking;
mod availability;
mod backlog;
mod basis;
mod calendar;
mod change_rates;
mod changes;
mod chart;
mod content;
mod csv;
mod failures;
mod findings;
mod gather;
mod html;
mod like_for_like;
mod members;
mod open_tickets;
mod outages;
mod periods;
mod posts;
mod problem;
mod programmes;
mod published;
mod reconcile;
mod recovery;
mod service_levels;
mod table;
mod tables;
mod topic;
mod trail;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use townclerk_app::access::need::{Asked, Presented};
use townclerk_app::access::{Caller, Guarded, Need};
use townclerk_app::http::Problem;
use townclerk_app::http::described::{Answers, Described};
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::basis::Basis;
use townclerk_views::figures::Audience;
use townclerk_views::public::RULE;
use townclerk_views::registry::Registry;

use crate::described::parameter;
use crate::public;
use crate::query::{Params, instant};
use crate::reads::{Reader, ViewRows};
use crate::routes::{FIGURES, MaybeCaller, RECORDS, TICKETS, Views};
use crate::view::{View, ViewError};
use asking::Asking;
use content::{Content, Part, Words};
use html::{Frame, Opens, PageLink, Place};
pub use problem::problem_pages;
use topic::{Topic, address};

/// Where the form to sign in stands.
const SIGN_IN: &str = "/sign-in";

/// What the pages of a view take.
const MOMENTS: [&str; 2] = ["as_at", "known_at"];

/// What the form to sign in takes.
const NEXT: [&str; 1] = ["next"];

/// Parameters, or why they cannot be read.
type Queried = Result<Query<Params>, QueryRejection>;

/// Adds the pages: a view's own have the need of its figures, those of records that of records.
#[must_use]
pub(crate) fn routes(guarded: Guarded, views: &Views) -> Guarded {
    let state = || views.clone();
    let guarded = guarded
        .get_with("/", Need::nothing(), state(), home)
        .described(described(&[]))
        .get_with(SIGN_IN, Need::nothing(), state(), sign_in)
        .described(described(&NEXT));
    let guarded = trail::routes(guarded, views);
    Topic::ALL.into_iter().fold(guarded, |guarded, topic| {
        let handler = move |views: State<Views>, name: Path<String>, query: Queried, caller| {
            page(topic, views, name, query, caller)
        };
        let table = move |views: State<Views>, path: Path<_>, query: Queried, caller| {
            table(topic, views, path, query, caller)
        };
        let path = topic.path("{view}");
        guarded
            .get_with(&path, topic.need(), state(), handler)
            .described(described(&MOMENTS))
            .get_with(&csv::path(&path), topic.need(), state(), table)
            .described(csv::described())
    })
}

fn described(takes: &[&'static str]) -> Described {
    Described::Read {
        query: takes.iter().copied().map(parameter).collect(),
        answers: Answers::Page,
    }
}

async fn page(
    topic: Topic,
    State(views): State<Views>,
    Path(name): Path<String>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let asked = asked(&params(query)?)?;
    public::moments_fit(Reader::of(caller.as_ref(), &scope), asked)?;
    let of = (&view, &scope, asked);
    let (registry, content) = read(topic, &views, of, caller.as_ref(), Extent::Page).await?;
    let place = Place {
        scope: &scope,
        registry: &registry,
        asked,
    };
    let mut frame = frame(&views, &registry, Some(&scope), caller.as_ref());
    frame.topics = topics(Some(topic), &place, caller.as_ref());
    frame.here = address(topic, &scope, asked);
    written(html::view_page(frame, &place, &content))
}

/// One table of a page as CSV: it shows what the page shows to the same reader.
async fn table(
    topic: Topic,
    State(views): State<Views>,
    Path((name, table)): Path<(String, String)>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let (scope, view) = views.answering(&name)?;
    let asked = asked(&params(query)?)?;
    public::moments_fit(Reader::of(caller.as_ref(), &scope), asked)?;
    let of = (&view, &scope, asked);
    let (_, content) = read(topic, &views, of, caller.as_ref(), Extent::Whole).await?;
    csv::answer(&content, &scope, &table)
}

/// How long the lists of a page are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Page,
    /// As long as they are: a table is taken away.
    Whole,
}

/// What a page shows, and what is known of councils and agreements at its moment.
async fn read(
    topic: Topic,
    views: &Views,
    (view, scope, asked): (&Arc<View>, &Scope, Basis),
    caller: Option<&Extension<Caller>>,
    extent: Extent,
) -> Result<(Registry, Content), Problem> {
    let found = match topic {
        Topic::Findings => Some(findings::found(views, (view, scope, asked), caller).await?),
        Topic::ServiceLevels
        | Topic::Backlog
        | Topic::Availability
        | Topic::Outages
        | Topic::Changes
        | Topic::Posts
        | Topic::Tickets => None,
    };
    let reader = Reader::of(caller, scope);
    let (scope, caller) = (scope.clone(), caller.cloned());
    let read = move |rows: &ViewRows<'_>| {
        let registry = rows.with_rows(|rows| Registry::read(rows, asked.known_at))?;
        let asking = Asking {
            whole: extent == Extent::Whole,
            ..asking(*rows, &scope, asked, &registry, caller.as_ref())
        };
        let content = match found {
            Some(found) => findings::content(&asking, &found)?,
            None => content(topic, &asking)?,
        };
        Ok((registry, content))
    };
    views.read(reader, view, read).await
}

fn asking<'a>(
    view: ViewRows<'a>,
    scope: &'a Scope,
    asked: Basis,
    registry: &'a Registry,
    caller: Option<&Extension<Caller>>,
) -> Asking<'a> {
    Asking {
        view,
        scope,
        asked,
        registry,
        audience: Reader::of(caller, scope).audience(),
        records: reads(RECORDS, scope, caller),
        tickets: reads(TICKETS, scope, caller),
        signed_in: caller.is_some(),
        whole: false,
    }
}

fn content(topic: Topic, asking: &Asking<'_>) -> Result<Content, ViewError> {
    let mut content = match topic {
        Topic::ServiceLevels => service_levels::content(asking),
        Topic::Backlog => backlog::content(asking),
        Topic::Availability => availability::content(asking),
        Topic::Outages => outages::content(asking),
        Topic::Changes => changes::content(asking),
        Topic::Posts => posts::content(asking),
        Topic::Tickets | Topic::Findings => tickets(asking),
    }?;
    let like_for_like = like_for_like::part(asking, &content.counted)?;
    content.parts.extend(like_for_like);
    if asking.audience == Audience::Public {
        content.parts.push(Part::Words(Words {
            id: "public",
            title: "What everybody is shown".to_owned(),
            sentences: RULE.in_words(),
        }));
    }
    Ok(content)
}

fn tickets(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let gathered = gather::gather(asking)?;
    let all = gathered.all();
    let mut content = Content::of(asking, Topic::Tickets, all[0], &all[1..], &gathered.claims);
    content.headlines = tables::headlines(&gathered);
    content.parts = tables::tables(&gathered)
        .into_iter()
        .map(Part::Table)
        .collect();
    if *asking.scope == Scope::Joint {
        content.parts.push(Part::Table(members::table(asking)));
    }
    content.counted = gather::MEASURES.to_vec();
    Ok(content)
}

fn params(query: Queried) -> Result<Params, Problem> {
    let Query(params) = query.map_err(|why| Problem::bad_query("query", why))?;
    Ok(params)
}

async fn home(
    State(views): State<Views>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    none_taken(&params(query)?, &[])?;
    let registry = names(&views, caller.as_ref()).await?;
    let frame = frame(&views, &registry, None, caller.as_ref());
    written(html::home_page(frame))
}

async fn sign_in(
    State(views): State<Views>,
    query: Queried,
    caller: MaybeCaller,
) -> Result<Response, Problem> {
    let params = params(query)?;
    none_taken(&params, &NEXT)?;
    let registry = names(&views, caller.as_ref()).await?;
    let mut frame = frame(&views, &registry, None, caller.as_ref());
    if let Some((_, next)) = params.last() {
        frame.here.clone_from(next);
    }
    written(html::sign_in_page(frame))
}

/// The moments that a page is asked for; an empty field of the form asks for none.
fn asked(params: &Params) -> Result<Basis, Problem> {
    none_taken(params, &MOMENTS)?;
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
async fn names(views: &Views, caller: Option<&Extension<Caller>>) -> Result<Registry, Problem> {
    let Some(view) = views.iter().next() else {
        return Ok(Registry::default());
    };
    views
        .read(Reader::of(caller, view.scope()), view, named)
        .await
}

fn named(rows: &ViewRows<'_>) -> Result<Registry, ViewError> {
    rows.with_rows(|rows| Registry::read(rows, None))
}

/// Whether a caller has what something of a view needs.
fn reads(need: Need, scope: &Scope, caller: Option<&Extension<Caller>>) -> bool {
    let presented = caller.map_or(Presented::Nothing, |Extension(caller)| {
        Presented::Known(caller)
    });
    let asked = Asked {
        view: Some(scope.as_str()),
        ..Asked::default()
    };
    need.admit(presented, &asked).is_ok()
}

/// A link for those who may follow it; for strangers to the form to sign in, which leads there.
fn link(name: String, href: String, opens: Opens, current: bool) -> PageLink {
    PageLink {
        name,
        href: match opens {
            Opens::Now | Opens::NotToYou => href,
            Opens::AfterSigningIn => format!("{SIGN_IN}?next={}", href.replace('&', "%26")),
        },
        opens,
        current,
    }
}

/// Signing in again does not open what a role may not see.
fn opens(need: Need, scope: &Scope, caller: Option<&Extension<Caller>>) -> Opens {
    match (reads(need, scope, caller), caller) {
        (true, _) => Opens::Now,
        (false, None) => Opens::AfterSigningIn,
        (false, Some(_)) => Opens::NotToYou,
    }
}

/// What stands around every page: where else to go, and who is signed in.
fn frame(
    views: &Views,
    registry: &Registry,
    current: Option<&Scope>,
    caller: Option<&Extension<Caller>>,
) -> Frame {
    let mut scopes: BTreeSet<Scope> = views.iter().map(|view| view.scope().clone()).collect();
    if !scopes.is_empty() {
        // Every view answers for it.
        scopes.insert(Scope::Log(LogName::shared()));
    }
    let mut scopes: Vec<&Scope> = scopes.iter().collect();
    // What everybody may read comes first, what several councils share last.
    scopes.sort_by_key(|scope| match scope {
        Scope::Joint => (0, *scope),
        Scope::Log(log) if log.is_shared() => (2, *scope),
        Scope::Log(_) => (1, *scope),
    });
    let to_view = |scope: &Scope| {
        let name = words::scope_name(scope, registry);
        let opens = opens(FIGURES, scope, caller);
        link(name, format!("/{scope}"), opens, current == Some(scope))
    };
    Frame {
        pages: scopes.into_iter().map(to_view).collect(),
        topics: Vec::new(),
        signed_in: caller.map(|Extension(caller)| words::caller(caller)),
        form_above: true,
        here: "/".to_owned(),
    }
}

/// The pages of one view, for the same moments.
fn topics(
    current: Option<Topic>,
    place: &Place<'_>,
    caller: Option<&Extension<Caller>>,
) -> Vec<PageLink> {
    let to_topic = |topic: Topic| {
        let href = address(topic, place.scope, place.asked);
        let opens = opens(topic.need(), place.scope, caller);
        link(
            topic.title().to_owned(),
            href,
            opens,
            current == Some(topic),
        )
    };
    Topic::ALL.into_iter().map(to_topic).collect()
}

fn written(page: Result<String, askama::Error>) -> Result<Response, Problem> {
    let page = page.map_err(|error| {
        tracing::error!(%error, "a page cannot be written");
        Problem::internal()
    })?;
    Ok(Html(page).into_response())
}
