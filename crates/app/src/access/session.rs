//! Signing in with a browser: a form takes the token and keeps it in a cookie that scripts cannot
//! read, other sites cannot send, and that is taken for reading only.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::guard::{Audit, Guarded, TOKEN_COOKIE};
use super::need::{Need, Refusal};
use super::tokens::TokenBook;
use crate::audit::AuditLog;
use crate::http::described::{Described, taken};
use crate::http::problem::Problem;

/// Where the form sends the token.
pub const SESSION_PATH: &str = "/session";

/// Where signing in leads to: a field of the form, and a member of the problem that refuses a token.
pub const NEXT: &str = "next";

pub const SESSION_END_PATH: &str = "/session/end";

/// `POST /session` with the form fields `token` and `next`, and `POST /session/end`.
#[must_use]
pub fn routes(guarded: Guarded) -> Guarded {
    let known = (guarded.tokens(), guarded.audit());
    guarded
        .post_with(SESSION_PATH, Need::nothing(), known, begin)
        .described(Described::Form {
            fields: Some(taken::<SignIn>),
        })
        .post_with(SESSION_END_PATH, Need::nothing(), (), end)
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

async fn begin(
    State((tokens, log)): State<(Arc<TokenBook>, Arc<AuditLog>)>,
    form: Result<Form<SignIn>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(SignIn { token, next }) =
        form.map_err(|rejection| Problem::bad_form(rejection.body_text()))?;
    // Checked first: an answer about `next` is nobody's business who has no token.
    let token = token.trim();
    let caller = tokens.caller(token);
    let audit = Audit::of_signing_in(caller, SESSION_PATH);
    if caller.is_none() {
        let problem = Problem::from(Refusal::UnknownToken);
        audit.record(&log, problem.status(), "refused").await;
        // Trying again leads to the same place.
        return Err(match own_path(&next) {
            Ok(_) => problem.with(NEXT, next),
            Err(_) => problem,
        });
    }
    let next = own_path(&next)?;
    audit.record(&log, StatusCode::SEE_OTHER, "signed in").await;
    let cookie = HeaderValue::try_from(format!(
        "{TOKEN_COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
    ));
    // A token of ours is hexadecimal; one that fits no cookie was put into the book by hand.
    let cookie = cookie.map_err(|_| Problem::bad_form("this token fits no cookie"))?;
    Ok(see_other(next, cookie))
}

async fn end() -> Response {
    const FORGET: &str = "townclerk_token=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
    see_other(
        HeaderValue::from_static("/"),
        HeaderValue::from_static(FORGET),
    )
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
}
