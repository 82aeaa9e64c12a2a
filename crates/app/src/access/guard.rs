//! The one place where access is checked: every route is registered here, with what it needs.
//!
//! The needs come back as a table, so that a test can try every route with every kind of caller.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, RawPathParams, Request, State};
use axum::handler::Handler;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::caller::Caller;
use super::need::{Asked, Need, Presented, positions_of, splits_by_council};
use super::sessions::Sessions;
use super::tokens::TokenBook;
use crate::audit::{AuditLog, REFUSED, Said};
use crate::http::commands::CommandRoute;
use crate::http::described::Described;
use crate::http::problem::Problem;
use crate::http::problem_page::{Asker, wants_page};
use crate::http::query::given_once;
use crate::http::serve::Peer;

/// The cookie in which a browser keeps its session.
pub const SESSION_COOKIE: &str = "townclerk_session";

/// What one registered route needs, takes and answers.
#[derive(Clone, Debug)]
pub struct RouteNeed {
    pub method: Method,
    /// As registered, with its parameters in braces.
    pub path: String,
    pub need: Need,
    pub described: Described,
}

/// Collects routes, each with what it needs.
///
/// A handler finds the [`Caller`] as a request extension; a route that goes without a token finds
/// none where nobody said who asks.
pub struct Guarded {
    callers: Callers,
    audit: Arc<AuditLog>,
    routes: Vec<(RouteNeed, MethodRouter)>,
}

impl Guarded {
    /// Refusals and operators' actions are only logged; [`Self::audited`] also writes them.
    pub fn new(tokens: Arc<TokenBook>) -> Self {
        Self::audited(tokens, Arc::new(AuditLog::none()))
    }

    pub fn audited(tokens: Arc<TokenBook>, audit: Arc<AuditLog>) -> Self {
        Self {
            callers: Callers {
                tokens,
                sessions: Arc::default(),
            },
            audit,
            routes: Vec::new(),
        }
    }

    /// Goes on with the sessions of a composition before; before any route is added.
    #[must_use]
    pub fn with_sessions(mut self, sessions: Arc<Sessions>) -> Self {
        self.callers.sessions = sessions;
        self
    }

    pub fn sessions(&self) -> Arc<Sessions> {
        Arc::clone(&self.callers.sessions)
    }

    pub fn tokens(&self) -> Arc<TokenBook> {
        Arc::clone(&self.callers.tokens)
    }

    pub fn audit(&self) -> Arc<AuditLog> {
        Arc::clone(&self.audit)
    }

    #[must_use]
    pub fn get<H, T>(self, path: &str, need: Need, handler: H) -> Self
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        self.add(Method::GET, path, need, get(handler))
    }

    /// A command, which describes itself.
    #[must_use]
    pub fn post(self, path: &str, need: Need, command: CommandRoute) -> Self {
        let body = command.payload();
        self.add(Method::POST, path, need, post(command))
            .described(Described::Command { body })
    }

    /// As [`Self::get`], for a handler that takes `State<S>`.
    #[must_use]
    pub fn get_with<H, T, S>(self, path: &str, need: Need, state: S, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
        S: Clone + Send + Sync + 'static,
    {
        self.add(Method::GET, path, need, get(handler).with_state(state))
    }

    /// What is posted and is no command; the handler takes `State<S>`.
    #[must_use]
    pub fn post_with<H, T, S>(self, path: &str, need: Need, state: S, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
        S: Clone + Send + Sync + 'static,
    {
        self.add(Method::POST, path, need, post(handler).with_state(state))
    }

    fn add(mut self, method: Method, path: &str, need: Need, route: MethodRouter) -> Self {
        let registered = RouteNeed {
            method,
            path: path.to_owned(),
            need,
            described: Described::Unsaid,
        };
        self.routes.push((registered, route));
        self
    }

    /// Says what the route that was added last takes and answers.
    #[must_use]
    pub fn described(mut self, described: Described) -> Self {
        if let Some((route, _)) = self.routes.last_mut() {
            route.described = described;
        }
        self
    }

    /// The router, and the table of its routes.
    pub fn into_parts(self) -> (Router, Vec<RouteNeed>) {
        let mut router = Router::new();
        let mut needs = Vec::with_capacity(self.routes.len());
        for (route, handler) in self.routes {
            let door = Door {
                callers: self.callers.clone(),
                audit: Arc::clone(&self.audit),
                need: route.need,
                described: Arc::new(route.described.clone()),
            };
            let handler = handler.route_layer(from_fn_with_state(door, check));
            router = router.route(&route.path, handler);
            needs.push(route);
        }
        let callers = self.callers;
        let router = router
            .fallback(async |uri: Uri| Problem::unknown_path(uri.path()))
            .method_not_allowed_fallback(async |method: Method, uri: Uri| {
                Problem::wrong_method(&method, uri.path())
            })
            .layer(from_fn_with_state(callers, told_who_asked));
        (router, needs)
    }
}

/// By what a caller is known.
#[derive(Clone)]
struct Callers {
    tokens: Arc<TokenBook>,
    sessions: Arc<Sessions>,
}

#[derive(Clone)]
struct Door {
    callers: Callers,
    audit: Arc<AuditLog>,
    need: Need,
    described: Arc<Described>,
}

async fn check(
    State(door): State<Door>,
    params: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let Ok(params) = params else {
        return Problem::unknown_path(request.uri().path()).into_response();
    };
    let param = |name| params.iter().find(|(key, _)| *key == name);
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let asked = Asked {
        log: param("log").map(|(_, log)| log),
        view: param("view").map(|(_, view)| view),
        // A query that cannot be read is taken to ask for the most; it is refused below.
        splits_by_council: query
            .as_ref()
            .map_or(true, |query| splits_by_council(query)),
        positions_of: query
            .as_ref()
            .map(|query| positions_of(query))
            .unwrap_or_default(),
    };
    let presented = presented(&door.callers, request.method(), request.headers());
    let audit = Audit::of(presented, &request);
    if let Err(refusal) = door.need.admit(presented, &asked) {
        let problem = Problem::from(refusal);
        audit.record(&door.audit, problem.status(), REFUSED).await;
        return problem.into_response();
    }
    let judged = match &query {
        Ok(query) => given_once(query, &door.described),
        Err(why) => Err(Problem::bad_query("query", why)),
    };
    if let Err(problem) = judged {
        return problem.into_response();
    }
    let is_known = matches!(presented, Presented::Known(_));
    if let Presented::Known(caller) = presented {
        request.extensions_mut().insert(caller.clone());
    }
    let mut asked = AskedFor {
        audit: door.need.is_operators().then(|| audit.clone()),
        log: Arc::clone(&door.audit),
    };
    let response = next.run(request).await;
    let status = response.status();
    let outcome = match status {
        // Whom the door let in may be refused behind it, for what is asked.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if is_known => Some(REFUSED),
        _ if asked.audit.is_some() => Some("answered"),
        _ => None,
    };
    asked.audit = None;
    if let Some(outcome) = outcome {
        audit.record(&door.audit, status, outcome).await;
    }
    response
}

/// Says with a problem who met it, where a page will be made of it.
async fn told_who_asked(State(callers): State<Callers>, request: Request, next: Next) -> Response {
    if !wants_page(request.headers()) {
        return next.run(request).await;
    }
    let asker = match presented(&callers, request.method(), request.headers()) {
        Presented::Known(caller) => Asker::Known(caller.clone()),
        Presented::Nothing | Presented::StaleCookie | Presented::Unknown => Asker::Nobody,
    };
    let mut response = next.run(request).await;
    if response.extensions().get::<Problem>().is_some() {
        response.extensions_mut().insert(asker);
    }
    response
}

/// An operator's request while it is carried out: one that ends without an answer, because it took
/// too long, panicked, or nobody waits any more, is told too, for it may have been done.
struct AskedFor {
    audit: Option<Audit>,
    log: Arc<AuditLog>,
}

impl Drop for AskedFor {
    fn drop(&mut self) {
        if let Some(audit) = self.audit.take() {
            drop(self.log.put(audit.said(None, "broken off")));
        }
    }
}

/// Who asks: by the header, or for reading only by the cookie.
///
/// A browser sends a cookie along with forms of other sites too, so none is taken for a command.
fn presented<'a>(callers: &'a Callers, method: &Method, headers: &HeaderMap) -> Presented<'a> {
    let Callers { tokens, sessions } = callers;
    if headers.contains_key(AUTHORIZATION) {
        let known = bearer(headers).and_then(|token| tokens.caller(token));
        return known.map_or(Presented::Unknown, Presented::Known);
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Presented::Nothing;
    }
    let Some(session) = cookie(headers) else {
        return Presented::Nothing;
    };
    // Looked up each time: a session ends with its token.
    let token = sessions.token(session);
    let known = token.and_then(|token| tokens.caller_of(&token));
    known.map_or(Presented::StaleCookie, Presented::Known)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the cookie of the session says.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).into_iter();
    pairs
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
}

/// What the audit log says of one request: never the token.
#[derive(Clone)]
pub(super) struct Audit {
    subject: String,
    method: Method,
    path: String,
    stranger: bool,
    address: Option<IpAddr>,
}

/// How the audit log calls a caller whose token is not known.
const UNKNOWN_TOKEN: &str = "unknown token";

impl Audit {
    fn of(presented: Presented<'_>, request: &Request) -> Self {
        let caller = match presented {
            Presented::Known(caller) => Some(caller),
            _ => None,
        };
        let who = match presented {
            Presented::Nothing => "nobody",
            _ => UNKNOWN_TOKEN,
        };
        let peer = request.extensions().get::<Peer>().copied();
        Self::by(caller.ok_or(who), request.method(), request.uri(), peer)
    }

    /// Of somebody who signs in or out.
    pub(super) fn of_form(caller: Option<&Caller>, path: &'static str, peer: Option<Peer>) -> Self {
        let uri = Uri::from_static(path);
        Self::by(caller.ok_or(UNKNOWN_TOKEN), &Method::POST, &uri, peer)
    }

    fn by(who: Result<&Caller, &str>, method: &Method, uri: &Uri, peer: Option<Peer>) -> Self {
        Self {
            subject: match who {
                Ok(caller) => caller.subject.as_str().to_owned(),
                Err(word) => word.to_owned(),
            },
            method: method.clone(),
            path: uri.path().chars().take(PATH_CHARS_MAX).collect(),
            stranger: who.is_err(),
            address: peer.map(|peer| peer.0),
        }
    }

    pub(super) async fn record(self, log: &AuditLog, status: StatusCode, outcome: &str) {
        log.record(self.said(Some(status), outcome)).await;
    }

    fn said(self, status: Option<StatusCode>, outcome: &str) -> Said {
        Said {
            subject: self.subject,
            method: self.method.to_string(),
            path: self.path,
            status: status.map(|status| status.as_u16()),
            outcome: outcome.to_owned(),
            stranger: self.stranger,
            address: self.address,
        }
    }
}

/// Longest part of a path that the audit log repeats, in characters.
const PATH_CHARS_MAX: usize = 500;
