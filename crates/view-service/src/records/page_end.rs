//! Where a page of a list ends, as an opaque text: the parameter `after` of the next page.

use jiff::Timestamp;
use townclerk_app::http::Problem;
use townclerk_views::lists::PageEnd;
use uuid::Uuid;

pub(super) fn written(end: &PageEnd) -> String {
    format!("{}_{}", end.began.as_microsecond(), end.id.simple())
}

pub(super) fn read(text: &str) -> Result<PageEnd, Problem> {
    let read = || {
        let (began, id) = text.split_once('_')?;
        let began = began.parse().ok()?;
        Some(PageEnd {
            began: Timestamp::from_microsecond(began).ok()?,
            id: Uuid::try_parse(id).ok()?,
        })
    };
    read().ok_or_else(|| Problem::bad_query("after", "not a page's end; take it from `next`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_end_reads_back_as_written() {
        for began in ["2020-08-21T23:00:00.5Z", "1969-01-01T00:00:00Z"] {
            let end = PageEnd {
                began: began.parse().unwrap(),
                id: Uuid::from_u128(7),
            };
            let text = written(&end);
            assert!(read(&text).is_ok_and(|read| read == end), "{text}");
        }
        assert!(read("x").is_err());
    }
}
