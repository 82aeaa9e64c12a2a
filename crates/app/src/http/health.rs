//! Whether the process lives, and whether it can do its work; both without a token.

use std::sync::Arc;

use axum::extract::State;

use super::described::{Answers, Described};
use super::kind::Kind;
use super::problem::Problem;
use crate::access::{Guarded, Need};

/// Says whether everything is ready, or what is not.
pub type Readiness = Arc<dyn Fn() -> Result<(), Vec<String>> + Send + Sync>;

/// `GET /livez` and `GET /readyz`.
#[must_use]
pub fn routes(guarded: Guarded, readiness: Readiness) -> Guarded {
    guarded
        .get("/livez", Need::nothing(), live)
        .described(Described::read(Answers::Text(&[])))
        .get_with("/readyz", Need::nothing(), readiness, ready)
        .described(Described::read(Answers::Text(&[Kind::NOT_READY])))
}

async fn live() -> &'static str {
    "alive\n"
}

async fn ready(State(readiness): State<Readiness>) -> Result<&'static str, Problem> {
    readiness().map(|()| "ready\n").map_err(Problem::not_ready)
}
