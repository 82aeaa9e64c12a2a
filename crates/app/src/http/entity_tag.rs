//! Entity tags: whoever has an answer already need not be sent it again.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// Bytes of the hash that make a tag: too many to meet twice by chance.
const TAG_BYTES: usize = 16;

/// Kept by whoever asked, for nobody else, and asked for anew each time.
const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Who asks decides what is answered.
const BY_CALLER: HeaderValue = HeaderValue::from_static("Authorization, Cookie");

/// Answers with `body` and a tag, or says that the one that is there still holds.
///
/// The tag is the hash of `lasting`: the body without what changes although nothing happened, which
/// is why the tag is a weak one.
///
/// # Errors
/// What has no JSON form, which is a fault of ours.
pub fn answer(
    asked: &HeaderMap,
    body: &impl Serialize,
    lasting: &impl Serialize,
) -> Result<Response, Problem> {
    let lasting = serde_json::to_vec(lasting).map_err(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        Problem::internal()
    })?;
    let hash = Sha256::digest(&lasting);
    let tag = format!("\"{}\"", hex::encode(&hash[..TAG_BYTES]));
    let shown = HeaderValue::try_from(format!("W/{tag}")).map_err(|_| Problem::internal())?;
    let headers = [
        (ETAG, shown),
        (CACHE_CONTROL, REVALIDATED),
        (VARY, BY_CALLER),
    ];
    Ok(match is_there(asked, &tag) {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, Json(body)).into_response(),
    })
}

/// Whether any of the tags that were sent is `tag`, compared as RFC 9110 says for reading: weakly.
///
/// Split at commas, though a foreign tag may hold one: none of its parts looks like one of ours.
fn is_there(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(IF_NONE_MATCH).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tags: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for tag in tags {
            headers.append(IF_NONE_MATCH, tag.parse().unwrap());
        }
        headers
    }

    fn tag_of(lasting: &str) -> String {
        let answer = answer(&HeaderMap::new(), &"body", &lasting).unwrap();
        answer.headers()[ETAG].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_tag_follows_from_what_lasts_alone() {
        assert_eq!(tag_of("a"), tag_of("a"));
        assert_ne!(tag_of("a"), tag_of("b"));
        assert!(tag_of("a").starts_with("W/\""));
    }

    #[test]
    fn whoever_has_the_answer_is_not_sent_it_again() {
        let tag = tag_of("a");
        let strong = tag.trim_start_matches("W/");
        let listed = format!("\"x,y\", {tag}");
        for there in [
            &[&*tag][..],
            &[strong],
            &[&listed],
            &["\"x\"", &tag],
            &["*"],
        ] {
            let answer = answer(&asked(there), &"body", &"a").unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{there:?}");
            assert_eq!(answer.headers()[ETAG], tag);
        }
        let bare = strong.trim_matches('"');
        for other in [&[][..], &["\"x\""], &[bare], &[&*tag_of("b")]] {
            let answer = answer(&asked(other), &"body", &"a").unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{other:?}");
        }
    }
}
