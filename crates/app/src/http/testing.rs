//! Asking a router without a network, as every kind of caller: for tests of services.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, JOINT, SHARED};

use super::problem_page::{ProblemPages, no_pages};
use super::serve::dressed;
use crate::access::{Caller, Councils, Role, RouteNeed, TokenBook};

/// What a browser says that it takes.
pub const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The council that limited tokens reach.
pub const REACHED: &str = "brent";

/// A council that they do not reach.
pub const NOT_REACHED: &str = "lewisham";

/// Everybody who may knock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// With a token that nobody issued.
    Stranger,
    /// With a token of this role, for all councils.
    Everywhere(Role),
    /// With a token of this role, for [`REACHED`] alone.
    Local(Role),
}

impl Who {
    pub fn everybody() -> Vec<Self> {
        let with_roles = Role::ALL.into_iter();
        let with_roles = with_roles.flat_map(|role| [Self::Everywhere(role), Self::Local(role)]);
        [Self::Nobody, Self::Stranger]
            .into_iter()
            .chain(with_roles)
            .collect()
    }

    pub fn token(self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Stranger => Some("tc_stranger".to_owned()),
            Self::Everywhere(role) => Some(format!("tc_everywhere_{role}")),
            Self::Local(role) => Some(format!("tc_local_{role}")),
        }
    }
}

/// The system that partners' tokens stand for.
pub const TOOL: &str = "test-tool";

/// A book with a token of everybody but the stranger.
#[expect(clippy::expect_used, reason = "the names are constants of this file")]
pub fn token_book() -> Arc<TokenBook> {
    let local = Councils::Only(BTreeSet::from([Code::new(REACHED).expect("a code")]));
    let entry = |who: Who| {
        let (role, councils) = match who {
            Who::Nobody | Who::Stranger => return None,
            Who::Everywhere(role) => (role, Councils::All),
            Who::Local(role) => (role, local.clone()),
        };
        let token = who.token()?;
        let caller = Caller {
            subject: CallerId::new(token.trim_start_matches("tc_")).expect("a caller's id"),
            roles: BTreeSet::from([role]),
            councils,
            system: (role == Role::Partner).then(|| Code::new(TOOL).expect("a code")),
        };
        Some((caller, token))
    };
    let entries: Vec<_> = Who::everybody().into_iter().filter_map(entry).collect();
    let entries = entries
        .iter()
        .map(|(caller, token)| (caller.clone(), token.as_str()));
    Arc::new(TokenBook::of(entries))
}

/// Asks a router that is dressed as it is served.
#[derive(Clone)]
pub struct Client {
    router: Router,
}

/// What a router answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The slug of the problem that this is; empty where it is none.
    pub fn problem(&self) -> String {
        let problem = self.json();
        let slug = problem["type"]
            .as_str()
            .and_then(|urn| urn.rsplit(':').next());
        slug.unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}

impl Client {
    pub fn new(router: Router) -> Self {
        Self {
            router: dressed(router, no_pages()),
        }
    }

    /// As served to browsers, with pages for problems.
    pub fn with_pages(router: Router, pages: ProblemPages) -> Self {
        Self {
            router: dressed(router, pages),
        }
    }

    /// As [`Self::get`], by a browser.
    pub async fn visit(&self, path: &str, who: Who) -> Answer {
        let mut request = request(&Method::GET, path, who, Body::empty());
        set(&mut request, ACCEPT.as_str(), BROWSER);
        self.send(request).await
    }

    /// Sends a request and returns when the answer begins: a stream may have no end.
    pub async fn begin(&self, request: Request<Body>) -> Response {
        let Ok(response) = self.router.clone().oneshot(request).await;
        response
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        whole(self.begin(request).await).await
    }

    pub async fn get(&self, path: &str, who: Who) -> Answer {
        self.send(request(&Method::GET, path, who, Body::empty()))
            .await
    }

    /// Sends a command with the idempotency key `key`.
    pub async fn command(&self, path: &str, who: Who, key: &str, body: &Value) -> Answer {
        let mut request = request(&Method::POST, path, who, Body::from(body.to_string()));
        set(&mut request, "idempotency-key", key);
        self.send(request).await
    }
}

#[expect(
    clippy::expect_used,
    reason = "a test whose answer breaks off has failed"
)]
async fn whole(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a whole body");
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// A request with the token of `who` and, if it has a body, the content type of commands.
#[expect(clippy::expect_used, reason = "a test with a bad path is wrong itself")]
pub fn request(method: &Method, path: &str, who: Who, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).body(body);
    let mut request = request.expect("a path");
    if method == Method::POST {
        set(&mut request, CONTENT_TYPE.as_str(), "application/json");
    }
    if let Some(token) = who.token() {
        set(
            &mut request,
            AUTHORIZATION.as_str(),
            &format!("Bearer {token}"),
        );
    }
    request
}

/// Sets a header of a request.
#[expect(
    clippy::expect_used,
    reason = "a test with a bad header is wrong itself"
)]
pub fn set(request: &mut Request<Body>, name: &'static str, value: &str) {
    let value = value.parse().expect("a header's value");
    request.headers_mut().insert(name, value);
}

/// How a knock is answered, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Admitted,
    /// 401: nobody knows who asks.
    WhoAsks,
    /// 403: this caller may not.
    Forbidden,
}

/// One knock at one route.
#[derive(Debug)]
pub struct Knock<'a> {
    pub route: &'a RouteNeed,
    /// The log or view for which it asks; empty for a route without one.
    pub name: &'static str,
    pub who: Who,
}

/// Knocks at every route as everybody, for every log and view, and compares with `expected`.
/// Returns how many knocks that were.
///
/// # Panics
/// If one is answered otherwise.
pub async fn try_every_route(
    client: &Client,
    routes: &[RouteNeed],
    expected: impl Fn(&Knock<'_>) -> Entry,
) -> usize {
    let mut knocks = 0;
    for route in routes {
        let names = match route.path.contains("{log}") || route.path.contains("{view}") {
            true => &[REACHED, NOT_REACHED, SHARED, JOINT][..],
            false => &[""],
        };
        for &name in names {
            for who in Who::everybody() {
                let knock = Knock { route, name, who };
                let answer = knock.at(client).await;
                let entry = match answer.status {
                    StatusCode::UNAUTHORIZED => Entry::WhoAsks,
                    StatusCode::FORBIDDEN => Entry::Forbidden,
                    _ => Entry::Admitted,
                };
                assert_eq!(entry, expected(&knock), "{knock:?}: {answer:?}");
                knocks += 1;
            }
        }
    }
    knocks
}

impl Knock<'_> {
    async fn at(&self, client: &Client) -> Answer {
        let path = self
            .route
            .path
            .replace("{log}", self.name)
            .replace("{view}", self.name);
        let path = path.replace("{id}", "00000000-0000-0000-0000-000000000001");
        let path = path.replace("{table}", "no-table");
        let path = path.replace("{council}", "croydon");
        // An empty body asks for nothing that could be recorded.
        let mut request = request(&self.route.method, &path, self.who, Body::from("{}"));
        set(&mut request, "idempotency-key", "knock");
        let response = client.begin(request).await;
        let endless = response.headers().get(CONTENT_TYPE);
        match endless.is_some_and(|media| media == "text/event-stream") {
            // Whether it is let in is all that a knock asks.
            true => Answer {
                status: response.status(),
                headers: response.headers().clone(),
                text: String::new(),
            },
            false => whole(response).await,
        }
    }
}
