//! What a fact is answered with. Over HTTP and over NATS it is the same JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use townclerk_app::command::Handled;
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_contract::fact::{FaultKind, Faults};
use townclerk_domain::identity::{AggregateId, EventId, TOKEN_BYTES_MAX};

/// Longest problem within another answer, in bytes of JSON: a rejection may repeat what was sent.
const PROBLEM_BYTES_MAX: usize = 4_096;

/// How much of a fact's faults is told, in characters: they repeat what was found.
const DETAIL_CHARS_MAX: usize = 1_500;

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// It is recorded now. Final.
    Recorded,
    /// An earlier attempt had recorded it. Final.
    AlreadyRecorded,
    /// It comes too early and waits in memory for what comes before it: send it again until it is
    /// recorded or refused.
    Held,
    /// It will not be recorded: the problem says why. Final.
    Refused,
    /// It could not be decided: send it again unchanged.
    TryAgain,
}

/// A fact's answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// The fact's own id, where that could be read.
    pub id: Option<String>,
    pub aggregate: Option<AggregateId>,
    pub what: Answered,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answered {
    Recorded(Handled),
    Held { until: Timestamp, why: Problem },
    Refused(Problem),
    TryAgain(Problem),
}

impl Answer {
    /// Of a fact that cannot be read.
    pub fn unreadable(faults: &Faults) -> Self {
        Self {
            id: faults.id.as_deref().map(|id| cut(id, TOKEN_BYTES_MAX)),
            aggregate: None,
            what: Answered::Refused(problem_of(faults)),
        }
    }

    pub fn outcome(&self) -> Outcome {
        match &self.what {
            Answered::Recorded(handled) if handled.already => Outcome::AlreadyRecorded,
            Answered::Recorded(_) => Outcome::Recorded,
            Answered::Held { .. } => Outcome::Held,
            Answered::Refused(_) => Outcome::Refused,
            Answered::TryAgain(_) => Outcome::TryAgain,
        }
    }

    /// Whether the fact counts as one of its tool's quota: it is recorded or waits, now and not by an
    /// earlier attempt, or may be recorded.
    pub fn counts(&self) -> bool {
        match &self.what {
            Answered::Recorded(handled) => !handled.already,
            Answered::Held { .. } => true,
            Answered::Refused(_) => false,
            Answered::TryAgain(why) => why.kind() == Kind::OUTCOME_UNKNOWN,
        }
    }

    fn shown(&self) -> Shown {
        let (recorded, held_until, problem) = match &self.what {
            Answered::Recorded(handled) => (Some(handled), None, None),
            Answered::Held { until, why } => (None, Some(*until), Some(why)),
            Answered::Refused(why) | Answered::TryAgain(why) => (None, None, Some(why)),
        };
        Shown {
            id: self.id.clone(),
            outcome: self.outcome(),
            aggregate: self.aggregate.map(|aggregate| aggregate.to_string()),
            event: recorded.map(|handled| handled.event),
            position: recorded.map(|handled| handled.position.to_string()),
            warnings: recorded.map_or_else(Vec::new, |handled| handled.warnings.clone()),
            held_until,
            problem: problem.map(bounded),
        }
    }

    /// The problem that the answer to a single fact is, if it is one.
    fn as_problem(&self) -> Option<Problem> {
        let (Answered::Refused(why) | Answered::TryAgain(why)) = &self.what else {
            return None;
        };
        let outcome = serde_json::to_value(self.outcome()).unwrap_or_default();
        Some(
            why.clone()
                .with("id", self.id.clone())
                .with("outcome", outcome),
        )
    }
}

/// One fact's answer, as it is written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FactAnswer")]
pub(super) struct Shown {
    /// The fact's own id; null where it could not be read.
    id: Option<String>,
    outcome: Outcome,
    /// The record that it is about: kind and id.
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregate: Option<String>,
    /// The recorded event.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventId>,
    /// Where the event stands, `log:sequence`: a read can wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// What to look at again though it is recorded: codes that no record of the log had before, and
    /// councils that have no log here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Until when it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<Timestamp>,
    /// Why it is not recorded, as RFC 9457 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
}

/// The answers to several facts, in their order.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FactAnswers")]
pub(super) struct AllShown {
    answers: Vec<Shown>,
    counts: Counts,
}

/// How many answers have each outcome.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "FactCounts")]
#[serde(rename_all = "kebab-case")]
struct Counts {
    recorded: usize,
    already_recorded: usize,
    held: usize,
    refused: usize,
    try_again: usize,
}

impl AllShown {
    fn of(answers: &[Answer]) -> Self {
        let mut counts = Counts::default();
        for answer in answers {
            let count = match answer.outcome() {
                Outcome::Recorded => &mut counts.recorded,
                Outcome::AlreadyRecorded => &mut counts.already_recorded,
                Outcome::Held => &mut counts.held,
                Outcome::Refused => &mut counts.refused,
                Outcome::TryAgain => &mut counts.try_again,
            };
            *count += 1;
        }
        Self {
            answers: answers.iter().map(Answer::shown).collect(),
            counts,
        }
    }
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answers {
    One(Answer),
    Several(Vec<Answer>),
}

impl Answers {
    /// The JSON of the HTTP answer, for where there is no HTTP.
    pub fn to_json(&self) -> Value {
        let shown = match self {
            Self::One(answer) => match answer.as_problem() {
                Some(problem) => Ok(problem.to_json()),
                None => serde_json::to_value(answer.shown()),
            },
            Self::Several(answers) => serde_json::to_value(AllShown::of(answers)),
        };
        shown.unwrap_or_else(|error| {
            tracing::error!(%error, "an answer has no JSON form");
            Problem::internal().to_json()
        })
    }

    /// As [`Self::to_json`], as a text of at most `bytes_max` bytes: where it would be longer, of
    /// problems only their kind is told.
    pub fn to_text(&self, bytes_max: usize) -> String {
        let whole = self.to_json().to_string();
        if whole.len() <= bytes_max {
            return whole;
        }
        let kind_only = |problem: &Problem| {
            let detail = "this answer would be too long with details: send fewer facts at a time";
            let short = Problem::new(problem.kind(), detail);
            match problem.retry_after() {
                Some(seconds) => short.coming_again_in(seconds),
                None => short,
            }
        };
        let shortened = |answer: &Answer| {
            let what = match &answer.what {
                Answered::Recorded(handled) => Answered::Recorded(handled.clone()),
                Answered::Held { until, why } => Answered::Held {
                    until: *until,
                    why: kind_only(why),
                },
                Answered::Refused(why) => Answered::Refused(kind_only(why)),
                Answered::TryAgain(why) => Answered::TryAgain(kind_only(why)),
            };
            Answer {
                what,
                ..answer.clone()
            }
        };
        let shortened = match self {
            Self::One(answer) => Self::One(shortened(answer)),
            Self::Several(answers) => Self::Several(answers.iter().map(shortened).collect()),
        };
        shortened.to_json().to_string()
    }
}

impl IntoResponse for Answers {
    fn into_response(self) -> Response {
        let answer = match self {
            Self::One(answer) => answer,
            Self::Several(answers) => return Json(AllShown::of(&answers)).into_response(),
        };
        if let Some(problem) = answer.as_problem() {
            return problem.into_response();
        }
        let status = match answer.outcome() {
            Outcome::Recorded => StatusCode::CREATED,
            Outcome::Held => StatusCode::ACCEPTED,
            _ => StatusCode::OK,
        };
        (status, Json(answer.shown())).into_response()
    }
}

/// What is wrong with a fact, or with a request as a whole: all of it, under the kind of the first
/// fault that is more than a field that is not known.
pub(super) fn problem_of(faults: &Faults) -> Problem {
    let kinds = faults.all.iter().map(|fault| fault.kind);
    let kind = kinds
        .map(kind_of)
        .find(|kind| *kind != Kind::UNKNOWN_FIELD)
        .unwrap_or(Kind::UNKNOWN_FIELD);
    let detail = cut(&faults.to_string(), DETAIL_CHARS_MAX);
    Problem::of_fields(
        kind,
        detail,
        faults.all.iter().map(|fault| fault.field.as_str()),
    )
}

fn kind_of(fault: FaultKind) -> Kind {
    match fault {
        FaultKind::Malformed => Kind::MALFORMED_JSON,
        FaultKind::TooLarge => Kind::BODY_TOO_LARGE,
        FaultKind::UnknownField => Kind::UNKNOWN_FIELD,
        FaultKind::MissingField | FaultKind::NotOneOf | FaultKind::InvalidField => {
            Kind::INVALID_FIELD
        }
    }
}

/// A problem as JSON, without what is too long to be repeated.
pub(super) fn bounded(problem: &Problem) -> Value {
    let whole = problem.to_json();
    if whole.to_string().len() <= PROBLEM_BYTES_MAX {
        return whole;
    }
    let detail = cut(problem.detail(), DETAIL_CHARS_MAX);
    Problem::new(problem.kind(), detail).to_json()
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}
