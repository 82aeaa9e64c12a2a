//! A problem as a page: what was found, what to do, and the way to other pages. It says what the same
//! problem says as data, and nothing more.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::{Method, StatusCode};
use townclerk_app::access::session::NEXT;
use townclerk_app::http::Problem;
use townclerk_app::http::problem_page::{Asker, ProblemPages, Visit};
use townclerk_domain::names::Scope;
use townclerk_views::registry::Registry;

use super::frame;
use super::html::Frame;
use crate::routes::Views;

/// Longest address to which signing in leads back, in characters.
const BACK_CHARS_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    heading: &'static str,
    advice: &'static str,
    /// What the problem says; absent where it speaks to programs alone.
    detail: Option<&'a str>,
    /// Whether signing in is what to do.
    sign_in: bool,
    /// The same page without what was asked for in its address.
    plain: Option<&'a str>,
    status: u16,
    slug: &'static str,
}

/// The pages of problems, beside the pages of `views`.
pub fn problem_pages(views: &Views) -> ProblemPages {
    let views = views.clone();
    Arc::new(move |problem, visit| {
        let page = written(&views, problem, visit);
        page.inspect_err(|error| tracing::error!(%error, "the page of a problem cannot be written"))
            .ok()
    })
}

fn written(views: &Views, problem: &Problem, visit: &Visit) -> Result<String, askama::Error> {
    let status = problem.status();
    let signs_in = status == StatusCode::UNAUTHORIZED;
    let reads = visit.method == Method::GET || visit.method == Method::HEAD;
    let path = visit.uri.path();
    let caller = match &visit.asker {
        Asker::Known(caller) => Some(Extension(caller.clone())),
        Asker::Nobody | Asker::NotLookedAt => None,
    };
    let current = path
        .split('/')
        .nth(1)
        .and_then(|name| Scope::new(name).ok());
    let registry = registry(views, status);
    let mut frame = frame(views, &registry, current.as_ref(), caller.as_ref());
    frame.here = back(problem, visit, reads);
    // Signing in stands in the page, or is not known to help.
    frame.form_above = !signs_in && visit.asker == Asker::Nobody;
    let page = ProblemPage {
        frame,
        heading: match status {
            StatusCode::UNAUTHORIZED if reads => "Sign in to see this page",
            StatusCode::UNAUTHORIZED => "This token is not known",
            StatusCode::FORBIDDEN => "Not open to you",
            _ => problem.kind().title,
        },
        advice: advice(status),
        detail: (!signs_in).then(|| problem.detail()),
        sign_in: signs_in,
        plain: (status == StatusCode::BAD_REQUEST && reads && visit.uri.query().is_some())
            .then_some(path)
            .filter(|path| is_own(path)),
        status: status.as_u16(),
        slug: problem.kind().slug,
    };
    page.render()
}

/// Names of councils; their codes do where the views are busy or at fault.
fn registry(views: &Views, status: StatusCode) -> Registry {
    let calm = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let Some(view) = views.iter().next().filter(|_| calm) else {
        return Registry::default();
    };
    // Few rows: a problem waits for no turn, and for nobody who writes.
    let read = || {
        let served = view.read_now()?;
        Some(Registry::read(&served.store, None))
    };
    match tokio::task::block_in_place(read) {
        Some(Ok(registry)) => registry,
        Some(Err(error)) => {
            tracing::error!(%error, "the names of councils cannot be read");
            Registry::default()
        }
        None => Registry::default(),
    }
}

/// Where signing in leads: to what was asked for, or to where a form was to lead.
fn back(problem: &Problem, visit: &Visit, reads: bool) -> String {
    let asked = visit.uri.path_and_query().map(|asked| asked.as_str());
    let wanted = match reads {
        true => asked,
        false => problem.text(NEXT),
    };
    let wanted = wanted.filter(|path| is_own(path) && path.len() <= BACK_CHARS_MAX);
    wanted.unwrap_or("/").to_owned()
}

/// To browsers `//host` and `/\host` name another site.
fn is_own(path: &str) -> bool {
    path.starts_with('/') && !path[1..].starts_with(['/', '\\'])
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => {
            "Check the address, or what you wrote into the form, and try again."
        }
        StatusCode::UNAUTHORIZED => {
            "Enter your token. When it is known, you come back to the page that you asked for."
        }
        StatusCode::FORBIDDEN => {
            "Your token does not open this page. Choose another page above, or ask the operator who \
             gave you the token if you need this one."
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "Check the address, or choose a page above."
        }
        StatusCode::TOO_MANY_REQUESTS => {
            "Too much is asked for at once. Wait a few seconds, then load this page again."
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "Wait a few seconds, then load this page again. If it stays like this, tell the operator."
        }
        status if status.is_server_error() => {
            "Load this page again. If that does not help, tell the operator what you did and when."
        }
        _ => "Check what was sent, and try again.",
    }
}
