//! Where a page of a list ends, as an opaque text: the parameter `after` of the next page.
//!
//! It also says up to which positions the first page was read. The pages after it are read up to
//! there too: what is recorded in the meantime is in none of them, and moves nothing from one to
//! another.

use jiff::Timestamp;
use townclerk_app::http::Problem;
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::figures::{Positions, Reading};
use townclerk_views::lists::PageEnd;
use townclerk_views::rows::Rows;
use uuid::Uuid;

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

pub(super) fn written(end: &PageEnd, positions: &Positions) -> String {
    let mut text = format!("{}{BETWEEN}{}", end.began.as_microsecond(), end.id.simple());
    for (log, position) in positions {
        text.push_str(&format!("{BETWEEN}{log}{AT}{position}"));
    }
    text
}

pub(super) fn read(text: &str) -> Result<After, Problem> {
    let read = || {
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
    };
    read().ok_or_else(|| Problem::bad_query("after", "not a page's end; take it from `next`"))
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
    fn a_pages_end_reads_back_as_written() {
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
            let text = written(&after.end, &after.positions);
            assert!(read(&text).is_ok_and(|read| read == after), "{text}");
        }
        let id = Uuid::from_u128(7).simple();
        for text in [
            "x",
            "1_x",
            &format!("1_{id}_"),
            &format!("1_{id}_brent"),
            &format!("1_{id}_brent.x"),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
