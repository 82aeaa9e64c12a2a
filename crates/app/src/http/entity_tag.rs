//! Entity tags: anyone who has an answer already need not be sent it again.

use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// Bytes of the hash that make a tag: too many to meet twice by chance.
const TAG_BYTES: usize = 16;

/// Kept by the caller, for nobody else, and asked for again each time.
const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Who asks decides what is answered.
const BY_CALLER: HeaderValue = HeaderValue::from_static("Authorization, Cookie");

/// What lasts of an answer, part by part. The tag is its hash: the answer without what changes
/// although nothing happened, which is why the tag is a weak one.
#[derive(Default)]
pub struct Lasting(Sha256);

impl Lasting {
    /// # Errors
    /// What has no JSON form, which is a fault of ours.
    pub fn add(&mut self, part: &impl Serialize) -> Result<(), serde_json::Error> {
        self.0.update(serde_json::to_vec(part)?);
        // Two parts are not one that reads like both.
        self.0.update(b"\n");
        Ok(())
    }

    /// Answers with what `body` makes and the tag, or says that the one that is there still holds:
    /// nothing is made then.
    ///
    /// # Errors
    /// A tag that no header takes, which is a fault of ours, and why there is no body.
    pub fn answer<B: IntoResponse>(
        self,
        asked: &HeaderMap,
        body: impl FnOnce() -> Result<B, Problem>,
    ) -> Result<Response, Problem> {
        let hash = self.0.finalize();
        let tag = format!("\"{}\"", hex::encode(&hash[..TAG_BYTES]));
        let shown = HeaderValue::try_from(format!("W/{tag}")).map_err(|_| Problem::internal())?;
        let headers = [
            (ETAG, shown),
            (CACHE_CONTROL, REVALIDATED),
            (VARY, BY_CALLER),
        ];
        Ok(match is_there(asked, &tag) {
            true => (StatusCode::NOT_MODIFIED, headers).into_response(),
            false => (headers, body()?).into_response(),
        })
    }
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

    fn answer(asked: &HeaderMap, lasting: &[&str]) -> Response {
        let mut of = Lasting::default();
        for part in lasting {
            of.add(part).unwrap();
        }
        of.answer(asked, || Ok("body")).unwrap()
    }

    fn tag_of(lasting: &[&str]) -> String {
        let answer = answer(&HeaderMap::new(), lasting);
        answer.headers()[ETAG].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_tag_follows_from_what_lasts_alone() {
        assert_eq!(tag_of(&["a"]), tag_of(&["a"]));
        assert_ne!(tag_of(&["a"]), tag_of(&["b"]));
        assert_ne!(tag_of(&["a", "b"]), tag_of(&["b", "a"]));
        assert!(tag_of(&["a"]).starts_with("W/\""));
    }

    #[test]
    fn what_a_reader_has_already_is_answered_where_there_is_no_room_for_an_answer() {
        let answer = |asked: &HeaderMap| {
            let mut of = Lasting::default();
            of.add(&"a").unwrap();
            of.answer(asked, || Err::<&str, _>(Problem::too_many_reads()))
        };
        let there = answer(&asked(&[&tag_of(&["a"])])).unwrap();
        assert_eq!(there.status(), StatusCode::NOT_MODIFIED);
        assert!(answer(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_reader_that_has_the_answer_is_not_sent_it_again() {
        let tag = tag_of(&["a"]);
        let strong = tag.trim_start_matches("W/");
        let listed = format!("\"x,y\", {tag}");
        for there in [
            &[&*tag][..],
            &[strong],
            &[&listed],
            &["\"x\"", &tag],
            &["*"],
        ] {
            let answer = answer(&asked(there), &["a"]);
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{there:?}");
            assert_eq!(answer.headers()[ETAG], tag);
        }
        let bare = strong.trim_matches('"');
        for other in [&[][..], &["\"x\""], &[bare], &[&*tag_of(&["b"])]] {
            let answer = answer(&asked(other), &["a"]);
            assert_eq!(answer.status(), StatusCode::OK, "{other:?}");
        }
    }
}
