//! A problem as a page: anyone who asks for HTML gets no JSON, from any route or limit.
//!
//! What the page looks like is known where pages are made; here is only when there is one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;
use crate::access::Caller;

/// Writes the page of a problem; `None` where it cannot be written, and the problem is told as JSON.
pub type ProblemPages = Arc<dyn Fn(&Problem, &Visit) -> Option<String> + Send + Sync>;

/// What was asked when the problem came up, and by whom.
#[derive(Clone, Debug)]
pub struct Visit {
    pub method: Method,
    pub uri: Uri,
    pub asker: Asker,
}

/// Who asked, as far as that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    Known(Caller),
    Nobody,
    /// The request ended before anybody looked.
    NotLookedAt,
}

/// Where nobody makes pages.
pub fn no_pages() -> ProblemPages {
    Arc::new(|_, _| None)
}

/// Whether a request asks for a page rather than for data: it names HTML, and nothing of JSON before
/// it. `*/*` alone, as programs send it, does not.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT).into_iter();
    let named = named.filter_map(|value| value.to_str().ok());
    let (mut html, mut json) = (0, 0);
    for range in named.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(1_000, thousandths);
        match media.as_str() {
            "text/html" | "application/xhtml+xml" => html = weight.max(html),
            "application/json" | "application/problem+json" => json = weight.max(json),
            _ => {}
        }
    }
    html > 0 && html >= json
}

/// A weight such as `0.8` in thousandths; one that cannot be read counts as none.
fn thousandths(weight: &str) -> u32 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{whole}{decimals:0<3}");
    match decimals.len() <= 3 {
        true => digits.parse().unwrap_or(0).min(1_000),
        false => 0,
    }
}

/// Turns the problem of an answer into its page, where one is asked for. All headers stay.
pub(super) async fn as_page(
    State(pages): State<ProblemPages>,
    request: Request,
    next: Next,
) -> Response {
    if !wants_page(request.headers()) {
        return next.run(request).await;
    }
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let asker = response.extensions_mut().remove::<Asker>();
    let visit = Visit {
        method,
        uri,
        asker: asker.unwrap_or(Asker::NotLookedAt),
    };
    let Some(page) = pages(&problem, &visit) else {
        return response;
    };
    *response.body_mut() = Body::from(page);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_ask_for_pages_and_programs_do_not() {
        for (accept, page) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("text/html", true),
            ("Text/HTML; q=0.5, */*", true),
            ("application/json;q=0.5, text/html;q=0.5", true),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0", false),
            ("text/html;q=0.000, */*", false),
            ("text/html;q=often", false),
            ("*/*", false),
            ("application/json", false),
            ("text/event-stream", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(wants_page(&headers), page, "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }
}
