//! Facts, and wishes to read from a position, as requests over NATS.
//!
//! Whatever is asked is answered: a request that cannot be understood with a problem.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinError, JoinSet, unconstrained};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_contract::envelope::AuthType;
use townclerk_contract::fact::BATCH_BYTES_MAX;
use townclerk_contract::subject::durable_of;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::{LogError, PartnerAsk, PartnerDesk, PartnerRequest, StartOutcome};

use super::deciding::Tool;
use super::gateway::{Form, Gateway};

/// Requests of one log that are answered at a time. One tool can take only a part of them.
const REQUESTS_MAX: usize = 64;

/// How often it is looked for facts that have waited long enough.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long, at most, requests that were delivered are still taken when it is time to stop. Those
/// that are being answered by then are answered all the same.
const LAST_REQUESTS_WITHIN: Duration = Duration::from_secs(5);

/// So many of them at most: a connection does not keep more.
const LAST_REQUESTS_MAX: usize = 512;

/// How long to wait before a log is listened to again that could not be.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Answers partners' requests at these desks, and ends the waiting of held facts in time, until
/// `stop` is cancelled; then finishes what it is at.
///
/// # Errors
/// None: what fails is tried again.
pub async fn serve(
    gateway: Arc<Gateway>,
    desks: Vec<Arc<dyn PartnerDesk>>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let mut parts = JoinSet::new();
    parts.spawn(look_after_waiting(Arc::clone(&gateway), stop.clone()));
    for desk in desks {
        parts.spawn(listen(Arc::clone(&gateway), desk, stop.clone()));
    }
    while let Some(ended) = parts.join_next().await {
        report_panic(ended);
    }
    Ok(())
}

fn report_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a part of the gateway broke off");
    }
}

async fn look_after_waiting(gateway: Arc<Gateway>, stop: CancellationToken) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let look = async {
        loop {
            looks.tick().await;
            gateway.end_waiting().await;
        }
    };
    // Whatever is broken off here is decided again when its tool sends it again.
    let stopped: Option<Infallible> = stop.run_until_cancelled(look).await;
    debug_assert!(stopped.is_none());
}

async fn listen(gateway: Arc<Gateway>, desk: Arc<dyn PartnerDesk>, stop: CancellationToken) {
    let mut answering = JoinSet::new();
    while !stop.is_cancelled() {
        match desk.requests().await {
            Ok(mut requests) => {
                let hear = hear(&gateway, &desk, &mut requests, &mut answering);
                match stop.run_until_cancelled(hear).await {
                    Some(()) => {
                        tracing::warn!(log = %desk.log(), "partners' requests ended; listening again");
                    }
                    None => hear_the_last(&gateway, &desk, requests, &mut answering).await,
                }
            }
            Err(error) => {
                tracing::warn!(log = %desk.log(), %error, "partners cannot be heard; trying again");
            }
        }
        if stop
            .run_until_cancelled(sleep(LISTEN_AGAIN))
            .await
            .is_none()
        {
            break;
        }
    }
    while let Some(ended) = answering.join_next().await {
        report_panic(ended);
    }
}

/// Answers what was delivered before it was time to stop: the next gateway does not get it.
async fn hear_the_last(
    gateway: &Arc<Gateway>,
    desk: &Arc<dyn PartnerDesk>,
    mut requests: impl StreamExt<Item = PartnerRequest> + Unpin,
    answering: &mut JoinSet<()>,
) {
    let delivered = stream::poll_fn(|context| match requests.poll_next_unpin(context) {
        Poll::Pending => Poll::Ready(None),
        delivered => delivered,
    });
    let last = hear(gateway, desk, delivered.take(LAST_REQUESTS_MAX), answering);
    // What is not ready has not come, rather than had its turn.
    if timeout(LAST_REQUESTS_WITHIN, unconstrained(last))
        .await
        .is_err()
    {
        tracing::warn!(log = %desk.log(), "not all that partners asked could be answered in time");
    }
}

/// Answers what comes, several requests at a time, until no more can come.
async fn hear(
    gateway: &Arc<Gateway>,
    desk: &Arc<dyn PartnerDesk>,
    mut requests: impl StreamExt<Item = PartnerRequest> + Unpin,
    answering: &mut JoinSet<()>,
) {
    loop {
        // Room first: a request that was taken is answered, also when it is time to stop.
        while answering.len() >= REQUESTS_MAX {
            answering
                .join_next()
                .await
                .into_iter()
                .for_each(report_panic);
        }
        let Some(request) = requests.next().await else {
            return;
        };
        while let Some(ended) = answering.try_join_next() {
            report_panic(ended);
        }
        let (gateway, desk) = (Arc::clone(gateway), Arc::clone(desk));
        answering.spawn(async move { answer(&gateway, &*desk, request).await });
    }
}

async fn answer(gateway: &Gateway, desk: &dyn PartnerDesk, request: PartnerRequest) {
    let partner = request.partner.clone();
    let answered = match request.ask {
        PartnerAsk::Facts => take(gateway, desk.log(), &partner, &request.payload).await,
        PartnerAsk::Start => start(gateway, desk, &partner, &request.payload).await,
    };
    let answer = answered.unwrap_or_else(|problem| problem.to_json().to_string());
    if let Err(error) = request.answer(Bytes::from(answer)).await {
        tracing::warn!(log = %desk.log(), partner, %error, "a partner could not be answered");
    }
}

async fn take(
    gateway: &Gateway,
    log: &LogName,
    partner: &str,
    payload: &[u8],
) -> Result<String, Problem> {
    let tool = tool(log, partner)?;
    let _admitted = gateway.admit(log, partner)?;
    let answers = gateway.answer(payload, Form::Either, &tool).await?;
    // One message takes an answer as well as a request.
    Ok(answers.to_text(BATCH_BYTES_MAX))
}

/// The tool whose id the server has put into the subject: `<council>-<system>`.
fn tool(council: &LogName, partner: &str) -> Result<Tool, Problem> {
    let read = || {
        let system = partner.strip_prefix(council.as_str())?.strip_prefix('-')?;
        Some((Code::new(system).ok()?, CallerId::new(partner).ok()?))
    };
    let (system, caller) = read().filter(|_| !council.is_shared()).ok_or_else(|| {
        let found: String = partner.chars().take(100).collect();
        let why = format!("{found:?} is no tool of {council}: send facts to your own council");
        Problem::new(Kind::FORBIDDEN, why)
    })?;
    Ok(Tool {
        council: council.clone(),
        system,
        caller,
        auth_type: AuthType::ServiceAccount,
    })
}

/// What a partner asks that wants to read from a position.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// The last position that it has; 0 for none.
    after: u64,
}

#[derive(Serialize)]
struct Started {
    durable: String,
    /// The next position that it delivers.
    next: u64,
}

async fn start(
    gateway: &Gateway,
    desk: &dyn PartnerDesk,
    partner: &str,
    payload: &[u8],
) -> Result<String, Problem> {
    let _admitted = gateway.admit(desk.log(), partner)?;
    let Start { after } = serde_json::from_slice(payload).map_err(|error| {
        let why = format!(
            "{error}; send {{\"after\": 0}} for the whole log, or the last position that you have"
        );
        Problem::malformed_json(why)
    })?;
    let outcome = desk.start_from(partner, after).await;
    let next = match outcome.map_err(|error| unavailable(&error))? {
        StartOutcome::From { next } => next,
        StartOutcome::BeyondHead { head } => {
            let why = format!(
                "{} ends at {head}; send that or less, not {after}",
                desk.log()
            );
            return Err(Problem::invalid_field("after", why));
        }
    };
    let started = Started {
        durable: durable_of(desk.log(), partner),
        next,
    };
    serde_json::to_string(&started).map_err(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        Problem::internal()
    })
}

fn unavailable(error: &LogError) -> Problem {
    tracing::error!(%error, "a partner's durable cannot be made again");
    Problem::unavailable("the log cannot be used now; ask again")
}
