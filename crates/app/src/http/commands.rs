//! Routes that are commands: who asks, what of, what it says; then the handler, then the answer.
//!
//! A service adds one line per command; which fact it records is all that differs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::handler::Handler;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use townclerk_contract::envelope::AuthType;
use townclerk_domain::amendment::{Correction, Recordable, Voiding};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::{
    AggregateId, CommandId, EventId, canonical_uuid, created_aggregate,
};
use townclerk_domain::names::{Code, LogName};
use uuid::Uuid;

use super::body::Beyond;
use super::described::{Schema, taken};
use super::problem::Problem;
use super::{body, headers};
use crate::access::Caller;
use crate::access::need::Refusal;
use crate::command::{Command, Handled, Handlers};

/// The rules of a kind of aggregate, fit to be served by several threads.
pub trait Served: Recording<Fact: Send + Sync, Refusal: Send> + 'static {}

impl<R: Recording<Fact: Send + Sync, Refusal: Send> + 'static> Served for R {}

/// A command as it is asked, before its body is read.
pub struct Asking {
    pub log: LogName,
    pub caller: Caller,
    pub key: CommandId,
    path: String,
    params: RawPathParams,
}

impl Asking {
    /// The text of a path parameter.
    pub fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    /// The path that was asked.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Which aggregate a command is about.
pub struct Target {
    pub aggregate: AggregateId,
    /// Whether the command makes it where it is not recorded yet.
    pub creates: bool,
    /// Where the made aggregate takes its further commands.
    pub location: Option<String>,
}

impl Target {
    pub fn existing(aggregate: AggregateId) -> Self {
        Self {
            aggregate,
            creates: false,
            location: None,
        }
    }
}

type Answering = dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync;

/// A handler of requests, made by [`Commands`], that knows what it takes.
#[derive(Clone)]
pub struct CommandRoute {
    answering: Arc<Answering>,
    payload: Schema,
}

impl CommandRoute {
    /// The schema of the payload; the body has `happened` beside it.
    pub fn payload(&self) -> Schema {
        self.payload
    }
}

impl Handler<(), ()> for CommandRoute {
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        (self.answering)(request)
    }
}

/// Makes the routes of one kind of aggregate.
pub struct Commands<R: Recording> {
    handlers: Arc<Handlers<R>>,
    /// The service's own name, for the source of its events.
    system: Code,
}

impl<R: Recording> Clone for Commands<R> {
    fn clone(&self) -> Self {
        Self {
            handlers: Arc::clone(&self.handlers),
            system: self.system.clone(),
        }
    }
}

impl<R: Served> Commands<R> {
    #[expect(
        clippy::expect_used,
        reason = "a service's name is a constant of its crate, seen by each of its tests"
    )]
    pub fn new(handlers: Arc<Handlers<R>>, system: &'static str) -> Self {
        Self {
            handlers,
            system: Code::new(system).expect("a service's name is a code"),
        }
    }

    /// A command that makes an aggregate, at the path of their collection.
    pub fn creating<P>(&self, fact: fn(P) -> R::Fact) -> CommandRoute
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
    {
        let target = |asking: &Asking| {
            let made = created_aggregate(&asking.log, R::KIND, &asking.caller.subject, &asking.key);
            Ok(Target {
                aggregate: made,
                creates: true,
                location: Some(format!("{}/{}", asking.path(), made.id)),
            })
        };
        let what = move |_: &Asking, payload| Ok(Recordable::Fact(fact(payload)));
        self.route_beyond(target, what, R::faults)
    }

    /// A command on the aggregate that the path names as `{id}`.
    pub fn on_existing<P>(&self, fact: fn(P) -> R::Fact) -> CommandRoute
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
    {
        let what = move |_: &Asking, payload| Ok(Recordable::Fact(fact(payload)));
        self.route_beyond(by_id::<R>, what, R::faults)
    }

    /// Corrects a field of a recorded event of the aggregate `{id}`.
    pub fn correcting(&self) -> CommandRoute {
        self.correcting_at(by_id::<R>)
    }

    /// Voids the aggregate `{id}`.
    pub fn voiding(&self) -> CommandRoute {
        self.voiding_at(by_id::<R>)
    }

    pub fn correcting_at<T>(&self, target: T) -> CommandRoute
    where
        T: Fn(&Asking) -> Result<Target, Problem> + Send + Sync + 'static,
    {
        self.route(target, |_, said: Correction| {
            Ok(Recordable::Corrected(said))
        })
    }

    pub fn voiding_at<T>(&self, target: T) -> CommandRoute
    where
        T: Fn(&Asking) -> Result<Target, Problem> + Send + Sync + 'static,
    {
        self.route(target, |_, said: Voiding| Ok(Recordable::Voided(said)))
    }

    /// A command on the aggregate that `target` finds, with the content that `what` makes of it.
    pub fn route<P, T, W>(&self, target: T, what: W) -> CommandRoute
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        T: Fn(&Asking) -> Result<Target, Problem> + Send + Sync + 'static,
        W: Fn(&Asking, P) -> Result<Recordable<R::Fact>, Problem> + Send + Sync + 'static,
    {
        self.route_beyond(target, what, |_| Vec::new())
    }

    /// As [`Self::route`], for payloads that may be wrong beyond what their schema says.
    fn route_beyond<P, T, W>(&self, target: T, what: W, beyond: Beyond) -> CommandRoute
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
        T: Fn(&Asking) -> Result<Target, Problem> + Send + Sync + 'static,
        W: Fn(&Asking, P) -> Result<Recordable<R::Fact>, Problem> + Send + Sync + 'static,
    {
        let taken_as = (taken::<P>(), beyond);
        let parts = Arc::new((self.clone(), target, what, taken_as));
        let answering = Arc::new(move |request| -> BoxFuture<'static, Response> {
            let parts = Arc::clone(&parts);
            Box::pin(async move {
                let (commands, target, what, taken_as) = &*parts;
                commands
                    .carry_out(request, target, what, taken_as)
                    .await
                    .into_response()
            })
        });
        CommandRoute {
            answering,
            payload: taken::<P>,
        }
    }

    async fn carry_out<P: DeserializeOwned>(
        &self,
        request: Request,
        target: impl Fn(&Asking) -> Result<Target, Problem>,
        what: impl Fn(&Asking, P) -> Result<Recordable<R::Fact>, Problem>,
        (schema, beyond): &(Value, Beyond),
    ) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let params = params.map_err(|_| Problem::unknown_path(&path))?;
        let headers::CommandHeaders {
            key,
            correlation,
            traceparent,
        } = headers::read(&parts.headers)?;
        let caller = parts.extensions.remove::<Caller>();
        let log = params.iter().find(|(name, _)| *name == "log");
        let asking = Asking {
            log: LogName::new(log.map_or("", |(_, log)| log)).map_err(Problem::no_such_log)?,
            // The guard refuses anyone who has no token: commands are never anonymous.
            caller: caller.ok_or(Refusal::NoToken)?,
            key,
            path,
            params,
        };
        let Target {
            aggregate,
            creates,
            location,
        } = target(&asking)?;
        let said = body::read(&parts.headers, body, schema, *beyond).await?;
        let what = what(&asking, said.payload)?;
        let command = Command {
            aggregate,
            creates,
            id: asking.key,
            caller: asking.caller.subject,
            auth_type: AuthType::ApiKey,
            correlation,
            traceparent,
            system: self.system.clone(),
            happened: said.happened,
            what,
        };
        let handled = self.handlers.handle(&asking.log, &command).await?;
        Ok(answer(handled, location))
    }
}

fn by_id<R: Recording>(asking: &Asking) -> Result<Target, Problem> {
    let text = asking.param("id");
    let id = canonical_uuid(text).ok_or_else(|| {
        let found: String = text.chars().take(100).collect();
        let kind = R::KIND;
        Problem::not_found(format!("{kind} {found:?} (an id is a UUID in lower case)"))
    })?;
    Ok(Target::existing(AggregateId { kind: R::KIND, id }))
}

/// What a recorded command is answered with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Recorded")]
pub(super) struct Answer {
    /// Kind and id.
    aggregate: String,
    id: Uuid,
    event: EventId,
    log: LogName,
    /// Where the event stands in its log: a read can wait for it.
    sequence: u64,
    /// Whether an earlier attempt had recorded it.
    already: bool,
    /// What to look at again though it is recorded: codes that no record of the log had before, and
    /// councils that have no log here.
    warnings: Vec<String>,
}

/// 201 for an event that is new, 200 for one that an earlier attempt had recorded.
fn answer(handled: Handled, location: Option<String>) -> Response {
    let status = match handled.already {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let answer = Answer {
        aggregate: handled.aggregate.to_string(),
        id: handled.aggregate.id,
        event: handled.event,
        log: handled.position.log,
        sequence: handled.position.sequence,
        already: handled.already,
        warnings: handled.warnings,
    };
    let mut response = (status, Json(answer)).into_response();
    let location = location.and_then(|path| HeaderValue::try_from(path).ok());
    response
        .headers_mut()
        .extend(location.map(|path| (LOCATION, path)));
    response
}
