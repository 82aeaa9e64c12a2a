//! Signing in with a browser: a form takes the token and begins a session. Its cookie holds a random
//! number that scripts cannot read, other sites cannot send, and that is taken for reading only.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Request, State};
use axum::http::header::{HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Form, extract::FromRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use super::failures::Failures;
use super::guard::{Audit, Guarded, SESSION_COOKIE, cookie};
use super::need::{Need, Refusal};
use super::sessions::{LIFETIME, Sessions};
use super::tokens::TokenBook;
use crate::audit::{AuditLog, REFUSED};
use crate::http::described::{Described, taken};
use crate::http::problem::Problem;
use crate::http::serve::Peer;

/// Where the form sends the token.
pub const SESSION_PATH: &str = "/session";

/// Where signing in leads to: a field of the form, and a member of the problem that refuses a token.
pub const NEXT: &str = "next";

pub const SESSION_END_PATH: &str = "/session/end";

/// How browsers say from which site a request was sent.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// What signing in and out works with.
#[derive(Clone)]
struct SignIns {
    tokens: Arc<TokenBook>,
    sessions: Arc<Sessions>,
    failures: Arc<Failures>,
    log: Arc<AuditLog>,
}

/// `POST /session` with the form fields `token` and `next`, and `POST /session/end`.
#[must_use]
pub fn routes(guarded: Guarded) -> Guarded {
    let sign_ins = SignIns {
        tokens: guarded.tokens(),
        sessions: guarded.sessions(),
        failures: Arc::default(),
        log: guarded.audit(),
    };
    guarded
        .post_with(SESSION_PATH, Need::nothing(), sign_ins.clone(), begin)
        .described(Described::Form {
            fields: Some(taken::<SignIn>),
        })
        .post_with(SESSION_END_PATH, Need::nothing(), sign_ins, end)
        .described(Described::Form { fields: None })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
    /// The path of this site to go on to.
    #[serde(default = "home")]
    next: String,
}

fn home() -> String {
    "/".to_owned()
}

async fn begin(State(at): State<SignIns>, request: Request) -> Result<Response, Problem> {
    let peer = request.extensions().get::<Peer>().copied();
    at.refuse_other_site(request.headers(), peer, SESSION_PATH)
        .await?;
    let form: Result<Form<SignIn>, FormRejection> = Form::from_request(request, &()).await;
    let Form(SignIn { token, next }) =
        form.map_err(|rejection| Problem::bad_form(rejection.body_text()))?;
    // Checked first: an answer about `next` is nobody's business who has no token.
    let Some((token, caller)) = at.tokens.known(token.trim()) else {
        let slowed = at.failures.slow_down(peer.map(|peer| peer.0)).await;
        let problem = match slowed {
            Ok(()) => Problem::from(Refusal::UnknownToken),
            Err(too_many) => too_many.into(),
        };
        let audit = Audit::of_form(None, SESSION_PATH, peer);
        audit.record(&at.log, problem.status(), REFUSED).await;
        // Trying again leads to the same place.
        return Err(match own_path(&next) {
            Ok(_) => problem.with(NEXT, next),
            Err(_) => problem,
        });
    };
    let next = own_path(&next)?;
    let session = at.sessions.begin(token).map_err(|error| {
        tracing::error!(%error, "no random bytes for a session");
        Problem::internal()
    })?;
    let cookie = set_cookie(&session, LIFETIME.as_secs())?;
    let audit = Audit::of_form(Some(caller), SESSION_PATH, peer);
    audit
        .record(&at.log, StatusCode::SEE_OTHER, "signed in")
        .await;
    Ok(see_other(next, cookie))
}

async fn end(State(at): State<SignIns>, request: Request) -> Result<Response, Problem> {
    let peer = request.extensions().get::<Peer>().copied();
    at.refuse_other_site(request.headers(), peer, SESSION_END_PATH)
        .await?;
    let ended = cookie(request.headers()).and_then(|id| at.sessions.end(id));
    if let Some(caller) = ended.and_then(|token| at.tokens.caller_of(&token)) {
        let audit = Audit::of_form(Some(caller), SESSION_END_PATH, peer);
        let status = StatusCode::SEE_OTHER;
        audit.record(&at.log, status, "signed out").await;
    }
    let forget = set_cookie("", 0)?;
    Ok(see_other(HeaderValue::from_static("/"), forget))
}

impl SignIns {
    /// Refuses a form that another site made a browser send.
    async fn refuse_other_site(
        &self,
        headers: &HeaderMap,
        peer: Option<Peer>,
        path: &'static str,
    ) -> Result<(), Problem> {
        let Some(found) = other_site(headers) else {
            return Ok(());
        };
        let problem = Problem::other_site(found);
        let audit = Audit::of_form(None, path, peer);
        audit.record(&self.log, problem.status(), REFUSED).await;
        Err(problem)
    }
}

/// What says that another site sent a request. Browsers say one of both about every form; a program
/// that says neither is sent by no site.
fn other_site(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("(not ASCII)"))
    };
    if let Some(site) = text(SEC_FETCH_SITE) {
        return (!matches!(site, "same-origin" | "none")).then_some(site);
    }
    let origin = text(ORIGIN.as_str())?;
    let host = text(HOST.as_str()).unwrap_or_default();
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    (of_origin != Some(host)).then_some(origin)
}

fn set_cookie(session: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let cookie =
        format!("{SESSION_COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}");
    HeaderValue::try_from(cookie).map_err(|error| {
        tracing::error!(%error, "a session fits no cookie");
        Problem::internal()
    })
}

fn see_other(next: HeaderValue, cookie: HeaderValue) -> Response {
    let headers = [(LOCATION, next), (SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A path of this site: `//host` and, to browsers, `/\host` name another one.
fn own_path(next: &str) -> Result<HeaderValue, Problem> {
    let own = next.starts_with('/') && !next[1..].starts_with(['/', '\\']);
    let plain = next.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    HeaderValue::try_from(next)
        .ok()
        .filter(|_| own && plain)
        .ok_or_else(|| Problem::bad_form("next must be a path of this site, such as /joint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_on_this_site() {
        for own in ["/", "/joint", "/brent?period=2019-07", "/a//b"] {
            assert!(own_path(own).is_ok(), "{own}");
        }
        for other in [
            "",
            "joint",
            "//evil",
            "/\\evil",
            "https://evil",
            "/a\r\nb",
            "/\t/evil",
        ] {
            assert!(own_path(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_form_of_another_site_is_known_by_what_browsers_say() {
        let is_other = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            });
            other_site(&pairs.collect()).is_some()
        };
        let host = ("host", "townclerk.example:8600");
        for own in [
            &[host][..],
            &[
                host,
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://proxy.example"),
            ],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("origin", "https://townclerk.example:8600")],
        ] {
            assert!(!is_other(own), "{own:?}");
        }
        for other in [
            &[host, ("sec-fetch-site", "cross-site")][..],
            &[
                host,
                ("sec-fetch-site", "same-site"),
                ("origin", "http://townclerk.example:8600"),
            ],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "https://townclerk.example")],
            &[host, ("origin", "null")],
            &[("origin", "https://townclerk.example")],
        ] {
            assert!(is_other(other), "{other:?}");
        }
    }
}
