//! Problems as RFC 9457 says: what was found, and what to do.

use std::fmt::Display;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use problem_details::ProblemDetails;
use serde_json::{Map, Value};
use townclerk_contract::position::Position;
use townclerk_domain::fields::{FieldFault, FieldFaultKind};
use townclerk_domain::names::LogName;
use townclerk_event_log::Shortened;

use super::kind::Kind;

/// When to come back after a problem that passes by itself.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// The member that says when to come again, for where there is no HTTP.
const RETRY_AFTER_MEMBER: &str = "retry_after";

/// Longest piece of somebody's input that a problem repeats, in characters.
const QUOTED_CHARS_MAX: usize = 100;

/// An answer that says why there is no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug, PartialEq)]
struct Content {
    kind: Kind,
    detail: String,
    extensions: Map<String, Value>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let header = match kind.status {
            StatusCode::UNAUTHORIZED => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((RETRY_AFTER, RETRY_AFTER_SECONDS))
            }
            _ => None,
        };
        Self(Box::new(Content {
            kind,
            detail: detail.into(),
            extensions: Map::new(),
            header,
        }))
    }

    /// Adds a member for programs to read.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.extensions.insert(member.to_owned(), value.into());
        self
    }

    /// Says when to come again: as the member `retry_after`, in seconds, and as the header.
    #[must_use]
    pub fn coming_again_in(self, seconds: u64) -> Self {
        let mut problem = self.with(RETRY_AFTER_MEMBER, seconds);
        problem.0.header = Some((RETRY_AFTER, HeaderValue::from(seconds)));
        problem
    }

    /// In how many seconds to come again, where that was said.
    pub fn retry_after(&self) -> Option<u64> {
        self.0.extensions.get(RETRY_AFTER_MEMBER)?.as_u64()
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// A member that was added for programs, if it is a text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.0.extensions.get(member).and_then(Value::as_str)
    }

    /// The same as the body of an HTTP answer, where there is no HTTP.
    pub fn to_json(&self) -> Value {
        let mut members = self.0.extensions.clone();
        members.insert("type".to_owned(), self.0.kind.urn().into());
        members.insert("status".to_owned(), self.0.kind.status.as_u16().into());
        members.insert("title".to_owned(), self.0.kind.title.into());
        members.insert("detail".to_owned(), self.0.detail.as_str().into());
        Value::Object(members)
    }

    pub fn unknown_path(path: &str) -> Self {
        let detail = format!("there is nothing at {}", quoted(path));
        Self::new(Kind::UNKNOWN_PATH, detail)
    }

    pub fn wrong_method(method: &Method, path: &str) -> Self {
        let path = quoted(path);
        let detail = format!("{path} does not take {method}; the header Allow says what it takes");
        Self::new(Kind::WRONG_METHOD, detail)
    }

    /// What was asked for does not exist: `what` names it.
    pub fn not_found(what: impl Display) -> Self {
        Self::new(Kind::NOT_FOUND, format!("there is no {what} here"))
    }

    /// As [`Self::not_found`], where it is said what there is instead.
    pub fn not_found_among(what: impl Display, there: impl IntoIterator<Item = String>) -> Self {
        let there: Vec<String> = there.into_iter().collect();
        let detail = format!("there is no {what} here; there are {}", there.join(", "));
        Self::new(Kind::NOT_FOUND, detail)
    }

    pub fn no_such_log(why: impl Display) -> Self {
        Self::new(Kind::NO_SUCH_LOG, why.to_string())
    }

    /// A parameter of the query that is not known or has no valid value.
    pub fn bad_query(parameter: &str, why: impl Display) -> Self {
        let detail = format!("{}: {why}", quoted(parameter));
        Self::bad_query_in_words(parameter, detail)
    }

    /// As [`Self::bad_query`], for a detail that names more than this parameter.
    pub(super) fn bad_query_in_words(parameter: &str, detail: String) -> Self {
        Self::new(Kind::BAD_QUERY, detail).with("field", quoted(parameter))
    }

    pub fn bad_form(why: impl Into<String>) -> Self {
        Self::new(Kind::BAD_FORM, why)
    }

    /// `found` is what the browser said of the site.
    pub fn other_site(found: &str) -> Self {
        let found = quoted(found);
        let detail = format!(
            "a browser says that {found:?} sent this form; sign in and out on a page of this site"
        );
        Self::new(Kind::OTHER_SITE, detail)
    }

    pub fn missing_key() -> Self {
        let detail = "send the header Idempotency-Key with a value of your own for each command, \
                      and the same one when you repeat it: it is then recorded once";
        Self::new(Kind::MISSING_IDEMPOTENCY_KEY, detail)
    }

    pub fn bad_key(why: impl Display) -> Self {
        Self::new(Kind::BAD_IDEMPOTENCY_KEY, format!("Idempotency-Key: {why}"))
    }

    /// Headers of a command, each with what is wrong with it.
    pub fn bad_headers(faults: &[(&str, String)]) -> Self {
        let told: Vec<String> = faults
            .iter()
            .map(|(name, why)| format!("{name}: {why}"))
            .collect();
        let names: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
        Self::new(Kind::BAD_HEADER, told.join("; ")).with("fields", names)
    }

    pub fn body_too_large(bytes_max: usize) -> Self {
        let detail = format!("a body may have at most {bytes_max} bytes");
        Self::new(Kind::BODY_TOO_LARGE, detail)
    }

    pub fn not_json(content_type: &str) -> Self {
        let found = quoted(content_type);
        let detail = format!("send Content-Type: application/json, not {found}");
        Self::new(Kind::NOT_JSON, detail)
    }

    pub fn malformed_json(why: impl Display) -> Self {
        Self::new(Kind::MALFORMED_JSON, why.to_string())
    }

    /// Everything that is wrong with the fields of a body: `fields` names them all, and `field` the
    /// first one that has no valid value. There must be one.
    pub fn faulty_fields(faults: &[FieldFault]) -> Self {
        let told = |fault: &FieldFault| match fault.path.as_str() {
            "" => fault.why.clone(),
            path => format!("{}: {}", quoted(path), fault.why),
        };
        let detail = faults.iter().map(told).collect::<Vec<_>>().join("; ");
        let paths = faults.iter().map(|fault| fault.path.as_str());
        let only_unknown = faults
            .iter()
            .all(|fault| fault.kind == FieldFaultKind::Unknown);
        let kind = match only_unknown {
            true => Kind::UNKNOWN_FIELD,
            false => Kind::INVALID_FIELD,
        };
        Self::of_fields(kind, detail, paths)
    }

    /// A problem with these fields; those without a name are left out.
    pub fn of_fields<'a>(
        kind: Kind,
        detail: impl Into<String>,
        fields: impl Iterator<Item = &'a str>,
    ) -> Self {
        let named = fields.filter(|field| !field.is_empty());
        let fields: Vec<String> = named.map(quoted).collect();
        let problem = Self::new(kind, detail);
        let problem = match fields.first() {
            Some(first) if kind != Kind::UNKNOWN_FIELD => problem.with("field", first.as_str()),
            _ => problem,
        };
        match fields.is_empty() {
            true => problem,
            false => problem.with("fields", fields),
        }
    }

    /// `path` is empty where the body as a whole lacks something.
    pub fn invalid_field(path: &str, why: impl Display) -> Self {
        if path.is_empty() {
            return Self::new(Kind::INVALID_FIELD, why.to_string());
        }
        let path = quoted(path);
        Self::new(Kind::INVALID_FIELD, format!("{path}: {why}")).with("field", path)
    }

    /// A read that asked for a position which `reached` has not come to in time.
    pub fn position_not_reached(wanted: &Position, reached: &Position) -> Self {
        let detail = format!("this view has read up to {reached}, not {wanted}; ask again soon");
        Self::new(Kind::POSITION_NOT_REACHED, detail).with("position", reached.to_string())
    }

    /// An answer of `found` figures, where anyone who asks is given at most `most`.
    pub fn too_many_figures(found: usize, most: usize) -> Self {
        let detail = format!(
            "this asks for {found} figures, and one answer has at most {most}: name measures and \
             periods, or leave out a breakdown"
        );
        Self::new(Kind::TOO_MANY_FIGURES, detail)
            .with("figures", found)
            .with("most", most)
    }

    pub fn too_many_reads() -> Self {
        let detail = "only a few reads are made at a time, and others wait already: ask again soon";
        Self::new(Kind::TOO_MANY_READS, detail)
    }

    pub fn not_ready(reasons: Vec<String>) -> Self {
        Self::new(Kind::NOT_READY, reasons.join("; ")).with("reasons", reasons)
    }

    /// The log lost what was seen of it: it takes nothing until an operator decides.
    pub fn log_shortened(shortened: &Shortened) -> Self {
        let Shortened { log, seen, found } = shortened;
        Self::new(Kind::LOG_SHORTENED, shortened.to_string())
            .with("log", log.as_str())
            .with("seen", format!("{log}:{seen}"))
            .with("found", format!("{log}:{found}"))
    }

    /// A message of the log that comes next is missing, and later ones are there.
    pub fn log_damaged(log: &LogName, why: &str) -> Self {
        let detail = format!(
            "the log {log} is damaged: {why}; reading it again does not help before an operator \
             has restored it"
        );
        Self::new(Kind::LOG_DAMAGED, detail).with("log", log.as_str())
    }

    pub fn unavailable(why: impl Display) -> Self {
        Self::new(Kind::UNAVAILABLE, why.to_string())
    }

    pub fn timeout() -> Self {
        let detail = "no answer in time; a command may have been recorded: send it again with the \
                      same key";
        Self::new(Kind::TIMEOUT, detail)
    }

    /// A failure of ours. Log its cause where this is made: the answer does not tell it.
    pub fn internal() -> Self {
        let detail = "this is a fault of the service; its log says more";
        Self::new(Kind::INTERNAL, detail)
    }
}

/// Somebody's input, short enough to be repeated.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // For a browser it becomes a page.
        let told = self.clone();
        let Content {
            kind,
            detail,
            mut extensions,
            header,
        } = *self.0;
        // Among the extensions, because `http::Uri` cannot hold a URN.
        extensions.insert("type".to_owned(), kind.urn().into());
        let mut response = ProblemDetails::from_status_code(kind.status)
            .with_title(kind.title)
            .with_detail(detail)
            .with_extensions(extensions)
            .into_response();
        response.headers_mut().extend(header);
        response.extensions_mut().insert(told);
        response
    }
}
