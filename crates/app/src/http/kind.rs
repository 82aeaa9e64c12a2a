//! The kinds of problems. Each is explained in `docs/PROBLEMS.md`.

use axum::http::StatusCode;

/// A kind of problem: `type` is `urn:townclerk:problem:<slug>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub slug: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal $status:ident $title:literal;)+) => {
        impl Kind {
            $(pub const $name: Self = Self {
                slug: $slug,
                status: StatusCode::$status,
                title: $title,
            };)+

            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What the member `type` says.
            pub fn urn(self) -> String {
                format!("urn:townclerk:problem:{}", self.slug)
            }
        }
    };
}

kinds! {
    MISSING_IDEMPOTENCY_KEY = "missing-idempotency-key" BAD_REQUEST
        "A command needs a key";
    BAD_IDEMPOTENCY_KEY = "bad-idempotency-key" BAD_REQUEST
        "Invalid idempotency key";
    BAD_HEADER = "bad-header" BAD_REQUEST
        "A header has no valid value";
    MALFORMED_JSON = "malformed-json" BAD_REQUEST
        "The body is not a JSON object";
    BAD_FORM = "bad-form" BAD_REQUEST
        "The form cannot be read";
    BAD_QUERY = "bad-query" BAD_REQUEST
        "The query cannot be answered";
    UNAUTHENTICATED = "unauthenticated" UNAUTHORIZED
        "You need to sign in";
    FORBIDDEN = "forbidden" FORBIDDEN
        "You do not have permission for this";
    OTHER_SITE = "other-site" FORBIDDEN
        "The form was sent from another site";
    UNKNOWN_PATH = "unknown-path" NOT_FOUND
        "There is nothing at this path";
    NOT_FOUND = "not-found" NOT_FOUND
        "There is no such record";
    NO_SUCH_LOG = "no-such-log" NOT_FOUND
        "There is no such log";
    WRONG_METHOD = "wrong-method" METHOD_NOT_ALLOWED
        "This path does not take this method";
    KEY_REUSED = "key-reused" CONFLICT
        "The key was used for another command";
    BODY_TOO_LARGE = "body-too-large" PAYLOAD_TOO_LARGE
        "The body is too large";
    NOT_JSON = "not-json" UNSUPPORTED_MEDIA_TYPE
        "The body is not declared as JSON";
    UNKNOWN_FIELD = "unknown-field" UNPROCESSABLE_ENTITY
        "The body has a field that is not known";
    INVALID_FIELD = "invalid-field" UNPROCESSABLE_ENTITY
        "A field is missing or has no valid value";
    REJECTED = "rejected" UNPROCESSABLE_ENTITY
        "The rules do not allow this";
    TOO_MANY_STREAMS = "too-many-streams" TOO_MANY_REQUESTS
        "Too many streams are open";
    OVER_QUOTA = "over-quota" TOO_MANY_REQUESTS
        "The quota of this tool is used up";
    TOO_MANY_FIGURES = "too-many-figures" BAD_REQUEST
        "One answer would have too many figures";
    TOO_MANY_READS = "too-many-reads" TOO_MANY_REQUESTS
        "Too much is read at this moment";
    TOO_MANY_SIGN_INS = "too-many-sign-ins" TOO_MANY_REQUESTS
        "Too many sign-ins fail";
    INTERNAL = "internal" INTERNAL_SERVER_ERROR
        "Something went wrong here";
    UNREADABLE_RECORD = "unreadable-record" SERVICE_UNAVAILABLE
        "A part of the record cannot be read";
    CONTENDED = "contended" SERVICE_UNAVAILABLE
        "Too many write to the same record";
    OUTCOME_UNKNOWN = "outcome-unknown" SERVICE_UNAVAILABLE
        "It is unknown whether this was recorded";
    LOG_SHORTENED = "log-shortened" SERVICE_UNAVAILABLE
        "The log lost its end and takes no events";
    DISK_FULL = "disk-full" SERVICE_UNAVAILABLE
        "The disk of the record has no room left";
    LOG_DAMAGED = "log-damaged" SERVICE_UNAVAILABLE
        "A part of the log is missing";
    UNAVAILABLE = "unavailable" SERVICE_UNAVAILABLE
        "This cannot be answered now";
    TOO_EARLY = "too-early" SERVICE_UNAVAILABLE
        "Too many facts wait for what comes before them";
    POSITION_NOT_REACHED = "position-not-reached" SERVICE_UNAVAILABLE
        "The view has not read that far yet";
    NOT_READY = "not-ready" SERVICE_UNAVAILABLE
        "This service is not ready";
    TIMEOUT = "timeout" SERVICE_UNAVAILABLE
        "This took too long";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PAGE: &str = include_str!("../../../../docs/PROBLEMS.md");

    #[test]
    fn every_kind_is_documented_once_and_nothing_else_is() {
        let documented: Vec<&str> = PAGE
            .lines()
            .filter_map(|line| line.strip_prefix("## `"))
            .filter_map(|line| line.strip_suffix('`'))
            .collect();
        let known: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.slug).collect();
        assert_eq!(known.len(), Kind::ALL.len(), "a slug is there twice");
        assert_eq!(documented.len(), known.len());
        assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), known);
    }

    #[test]
    fn the_page_names_each_status() {
        for kind in Kind::ALL {
            let heading = format!("## `{}`\n\n{} ", kind.slug, kind.status.as_u16());
            assert!(PAGE.contains(&heading), "{}", kind.slug);
        }
    }
}
