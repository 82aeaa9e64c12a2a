//! Facts over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use townclerk_app::access::need::Refusal;
use townclerk_app::access::{Caller, Guarded, Need, Role};
use townclerk_app::http::Problem;
use townclerk_app::http::body::collect;
use townclerk_app::http::described::{Described, shown};
use townclerk_app::http::kind::Kind;
use townclerk_contract::envelope::AuthType;
use townclerk_contract::fact::{BATCH, BATCH_BYTES_MAX, ONE};
use townclerk_contract::subject::partner_id;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::LogName;

use super::answer::{AllShown, Shown};
use super::deciding::Tool;
use super::gateway::{Form, Gateway};
use super::held::WaitingShown;

/// The log is that of a council: a tool's facts concern its own council alone.
const FACTS: &str = "/v1/councils/{log}/facts";

const HELD: &str = "/v1/councils/{log}/facts/held";

const PARTNER: Need = Need::command(&[Role::Partner]);

/// Adds the routes of facts.
#[must_use]
pub fn routes(guarded: Guarded, gateway: Arc<Gateway>) -> Guarded {
    guarded
        .post_with(FACTS, PARTNER, Arc::clone(&gateway), take)
        .described(Described::Facts {
            one: shown::<Shown>,
            several: shown::<AllShown>,
        })
        .get_with(HELD, PARTNER, gateway, held)
        .described(Described::json::<WaitingShown>(Vec::new()))
}

async fn take(
    State(gateway): State<Arc<Gateway>>,
    Path(council): Path<String>,
    request: Request,
) -> Response {
    let answers = async {
        let (parts, body) = request.into_parts();
        let tool = tool(&council, parts.extensions.get())?;
        let form = form(&parts.headers)?;
        let _admitted = gateway.admit(&tool.council, tool.caller.as_str())?;
        let body = collect(&parts.headers, body, BATCH_BYTES_MAX).await?;
        gateway.answer(&body, form, &tool).await
    };
    match answers.await {
        Ok(answers) => answers.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn held(
    State(gateway): State<Arc<Gateway>>,
    Path(council): Path<String>,
    request: Request,
) -> Result<Json<WaitingShown>, Problem> {
    let tool = tool(&council, request.extensions().get())?;
    Ok(Json(gateway.shown(&tool.council, &tool.system)))
}

/// The tool that a caller is, for a council that it reaches.
fn tool(council: &str, caller: Option<&Caller>) -> Result<Tool, Problem> {
    let council = LogName::new(council).map_err(Problem::no_such_log)?;
    if council.is_shared() {
        let why = "shared is no council: facts go to the council whose tool tells them";
        return Err(Problem::no_such_log(why));
    }
    // The guard refuses anyone who has no token.
    let caller = caller.ok_or(Refusal::NoToken)?;
    let system = caller.system.clone().ok_or_else(|| {
        let why = "this token is of no tool: ask an operator for one that was made with `townclerk \
                   partner add`";
        Problem::new(Kind::FORBIDDEN, why)
    })?;
    // The same tool is the same caller whichever way it comes, so a fact that is sent both ways is
    // one.
    let caller = CallerId::new(partner_id(&council, &system))
        .map_err(|why| Problem::no_such_log(why.to_string()))?;
    Ok(Tool {
        council,
        system,
        caller,
        auth_type: AuthType::ApiKey,
    })
}

/// What the header says that the body is.
fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let Some(declared) = headers.get(CONTENT_TYPE) else {
        return Ok(Form::Either);
    };
    let declared = String::from_utf8_lossy(declared.as_bytes());
    let media = declared.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| media.eq_ignore_ascii_case(name);
    match () {
        () if is(ONE) => Ok(Form::One),
        () if is(BATCH) => Ok(Form::Several),
        () if is("application/json") => Ok(Form::Either),
        () => {
            let found: String = declared.chars().take(100).collect();
            let why = format!("send Content-Type: {ONE} or {BATCH}, not {found}");
            Err(Problem::new(Kind::NOT_JSON, why))
        }
    }
}
