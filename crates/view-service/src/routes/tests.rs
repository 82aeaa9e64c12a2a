//! What a view says of the logs that it reads.

use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::testing::{Client, NOT_REACHED, REACHED, Who, token_book};
use townclerk_domain::names::{JOINT, LogName, SHARED, Scope};
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

use super::{Views, routes};
use crate::view::View;

/// Asks the joint view of two councils, the only one that is served.
async fn joint(dir: &TempDir) -> Client {
    let logs = [REACHED, NOT_REACHED, SHARED].map(|name| LogName::new(name).unwrap());
    let logs = logs.map(|name| Arc::new(MemoryLog::new(name)) as Arc<dyn EventLog>);
    let view = View::open(Scope::Joint, dir.path(), logs.into()).await;
    let view = view.unwrap();
    view.make().await;
    let (router, _) = routes(Guarded::new(token_book()), &Views::new([view])).into_parts();
    Client::new(router)
}

fn logs(status: &Value) -> Vec<&str> {
    let logs = status["logs"].as_object().unwrap();
    logs.keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_the_positions_of_logs_that_its_reader_may_read() {
    let dir = TempDir::new().unwrap();
    let client = joint(&dir).await;
    let all = {
        let mut all = [REACHED, NOT_REACHED, SHARED];
        all.sort_unstable();
        all
    };
    for (who, view, shown) in [
        (Who::Everywhere(Role::Operator), JOINT, &all[..]),
        // Every view answers for `shared`, of which nobody is told more than of `shared`.
        (Who::Everywhere(Role::Operator), SHARED, &[SHARED]),
        (Who::Local(Role::ServiceDesk), SHARED, &[SHARED]),
        (Who::Local(Role::Partner), SHARED, &[SHARED]),
        (Who::Everywhere(Role::Committee), JOINT, &[]),
    ] {
        let answer = client.get(&format!("/v1/views/{view}"), who).await;
        assert_eq!(answer.status, 200, "{who:?} {view}: {answer:?}");
        let status = answer.json();
        assert_eq!(logs(&status), shown, "{who:?} {view}");
        assert_eq!(status["view"], view);
        // The digest of all rows changes with what others record.
        assert_eq!(status["digest"].is_null(), shown.len() < all.len());
    }
}

/// A service desk's token reads its own council's view. Of the joint one it is shown what everybody is
/// shown, as the committee is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_other_views_opens_no_more_of_the_joint_one_than_none() {
    let dir = TempDir::new().unwrap();
    let client = joint(&dir).await;
    let beyond = [
        "/v1/views/joint/figures?measure=tickets_logged&period=2020-03-01",
        "/v1/views/joint/figures?measure=tickets_logged&period=2020-03&breakdown=category",
        "/v1/views/joint/figures?measure=tickets_logged&period=2020-03&as_at=2020-03-02T09:00:00Z",
        "/v1/views/joint/members?known_at=2020-03-02T09:00:00Z",
        "/joint?known_at=2020-03-02T09:00:00Z",
    ];
    for path in beyond {
        for (who, status) in [
            (Who::Nobody, 401),
            (Who::Local(Role::ServiceDesk), 403),
            (Who::Everywhere(Role::Partner), 403),
            (Who::Everywhere(Role::Committee), 200),
        ] {
            let answer = client.get(path, who).await;
            assert_eq!(answer.status, status, "{who:?} {path}: {answer:?}");
        }
    }
    for path in [
        "/v1/views/joint/figures?measure=tickets_logged&period=2020-03",
        "/v1/views/joint/members?known_at=2020-04-01T00:00:00%2B01:00",
    ] {
        for who in [Who::Nobody, Who::Local(Role::ServiceDesk)] {
            let answer = client.get(path, who).await;
            assert_eq!(answer.status, 200, "{who:?} {path}: {answer:?}");
        }
    }
}
