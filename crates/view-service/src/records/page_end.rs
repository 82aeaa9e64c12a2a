//! Where a page of a list ends, as an opaque text: the parameter `after` of the next page.
//!
//! It also says up to which positions the first page was read. The pages after it are read up to
//! there too: what is recorded in the meantime is in none of them, and moves nothing from one to
//! another.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use townclerk_app::http::Problem;
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::figures::{Positions, Reading};
use townclerk_views::lists::PageEnd;
use townclerk_views::rows::Rows;
use uuid::Uuid;

use super::ReadError;

/// The end of a page, and up to where all pages of its list are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct After {
    pub end: PageEnd,
    /// Empty for a list that is not read so.
    pub positions: Positions,
}

/// Between the parts of a page's end; no part has one.
const BETWEEN: char = '_';

/// Between a log and its position; no name of a log has one.
const AT: char = '.';

/// A page's end as text. It is sealed: a reader who turns the pages of a joint list may not read where
/// the log of each council is.
///
/// # Errors
/// The system gives no random numbers.
pub(super) fn written(end: &PageEnd, positions: &Positions) -> Result<String, ReadError> {
    let mut text = format!("{}{BETWEEN}{}", end.began.as_microsecond(), end.id.simple());
    for (log, position) in positions {
        text.push_str(&format!("{BETWEEN}{log}{AT}{position}"));
    }
    let sealed = SEAL.as_ref().ok().and_then(|seal| seal.close(text));
    sealed.ok_or_else(|| Problem::unavailable("the system gives no random numbers").into())
}

/// # Errors
/// What is no page's end of this service since it started.
pub(super) fn read(text: &str) -> Result<After, Problem> {
    let opened = SEAL.as_ref().ok().and_then(|seal| seal.open(text));
    opened.as_deref().and_then(parsed).ok_or_else(|| {
        Problem::bad_query(
            "after",
            "not a page's end that this service gave since it started: take it from `next`, or begin \
             with the first page",
        )
    })
}

fn parsed(text: &str) -> Option<After> {
    let mut parts = text.split(BETWEEN);
    let began = parts.next()?.parse().ok()?;
    let id = Uuid::try_parse(parts.next()?).ok()?;
    let positions = parts.map(|part| {
        let (log, position) = part.split_once(AT)?;
        Some((LogName::new(log).ok()?, position.parse().ok()?))
    });
    Some(After {
        end: PageEnd {
            began: Timestamp::from_microsecond(began).ok()?,
            id,
        },
        positions: positions.collect::<Option<Positions>>()?,
    })
}

/// Encrypts what only this process is to read again, with a key that it never tells.
struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

static SEAL: LazyLock<Result<Seal, Unspecified>> = LazyLock::new(Seal::new);

impl Seal {
    fn new() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let mut key = [0; 32];
        random.fill(&mut key)?;
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key)?);
        Ok(Self { key, random })
    }

    fn close(&self, text: String) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = text.into_bytes();
        let unique = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(unique, Aad::empty(), &mut sealed);
        let parts = [&nonce, sealed.as_slice(), tag.ok()?.as_ref()].concat();
        Some(URL_SAFE_NO_PAD.encode(parts))
    }

    fn open(&self, text: &str) -> Option<String> {
        let mut sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

/// Up to where a list of a scope is read: where its first page was, or where the view is now. Whatever
/// a page's end names, it is of logs that the scope reads.
pub(super) fn positions<R: Rows>(
    after: Option<&After>,
    reading: &Reading<'_, R>,
    scope: &Scope,
) -> Positions {
    let of_first = after
        .map(|after| &after.positions)
        .filter(|positions| !positions.is_empty());
    let all = of_first.unwrap_or(reading.positions).iter();
    all.filter(|(log, _)| scope.reads(log))
        .map(|(log, position)| (log.clone(), *position))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_end_reads_back_as_written_and_tells_no_position() {
        let log = |name: &str| LogName::new(name).unwrap();
        let two = [(log("brent"), 7), (log("shared"), 0)].into();
        for (began, positions) in [
            ("2020-08-21T23:00:00.5Z", Positions::new()),
            ("1969-01-01T00:00:00Z", two),
        ] {
            let after = After {
                end: PageEnd {
                    began: began.parse().unwrap(),
                    id: Uuid::from_u128(7),
                },
                positions,
            };
            let text = written(&after.end, &after.positions).ok().unwrap();
            assert!(read(&text).is_ok_and(|read| read == after), "{text}");
            assert!(!text.contains("brent"), "{text}");
            let altered: String = text.chars().rev().collect();
            assert!(read(&altered).is_err(), "{altered}");
        }
        for text in ["", "x", "1_00000000000000000000000000000007_brent.7"] {
            assert!(read(text).is_err(), "{text}");
        }
        let id = Uuid::from_u128(7).simple();
        for text in [
            "x",
            "1_x",
            &format!("1_{id}_"),
            &format!("1_{id}_brent"),
            &format!("1_{id}_brent.x"),
        ] {
            assert!(parsed(text).is_none(), "{text}");
        }
    }
}
