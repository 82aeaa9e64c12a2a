//! Room for reads, and their end.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::kind::Kind;
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;
use townclerk_views::rows::Rows as _;

use super::{Reader, Reads, ViewRows, WAITING_MAX};
use crate::routes::{Views, routes};
use crate::view::View;

async fn empty(dir: &TempDir) -> Arc<View> {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(LogName::shared()));
    let view = View::open(Scope::Joint, dir.path(), vec![log]).await;
    let view = view.unwrap();
    view.make().await;
    view
}

/// Reads on until it is told to stop.
fn endless(rows: &ViewRows<'_>) {
    while rows.with_rows(|rows| rows.go_on()).is_ok() {
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_when_its_time_is_over_although_it_never_waits_for_anything() {
    let dir = TempDir::new().unwrap();
    let (view, reads) = (empty(&dir).await, Reads::default());
    let (ended, end) = mpsc::channel();
    let work = move |rows: &ViewRows<'_>| {
        endless(rows);
        ended.send(()).unwrap();
    };
    let read = reads.run(Reader::Anonymous, &view, work);
    let in_time = tokio::time::timeout(Duration::from_millis(20), read).await;
    assert!(in_time.is_err());
    // Its thread is free again, and its turn is another's.
    end.recv_timeout(Duration::from_secs(30)).unwrap();
    let next = reads.run(Reader::Anonymous, &view, |_| 7).await;
    assert_eq!(next.unwrap(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_reads_run_some_wait_and_the_rest_is_refused_at_once() {
    let dir = TempDir::new().unwrap();
    let (view, reads) = (empty(&dir).await, Arc::new(Reads::default()));
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let spawn = || {
        let (reads, view, begun) = (Arc::clone(&reads), Arc::clone(&view), begun.clone());
        tokio::spawn(async move {
            let work = move |rows: &ViewRows<'_>| {
                begun.send(()).unwrap();
                endless(rows);
            };
            reads.run(Reader::Anonymous, &view, work).await
        })
    };
    let running: Vec<_> = (0..Reader::Anonymous.running_max())
        .map(|_| spawn())
        .collect();
    for _ in &running {
        begins.recv().await.unwrap();
    }
    let mut turns: Vec<_> = (0..WAITING_MAX)
        .map(|_| Box::pin(reads.turn(Reader::Anonymous)))
        .collect();
    for turn in &mut turns {
        assert!(futures::poll!(turn).is_pending());
    }
    let refused = reads.run(Reader::Anonymous, &view, |_| ()).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::TOO_MANY_READS);
    // Those who signed in have room of their own.
    reads.run(Reader::Entitled, &view, |_| ()).await.unwrap();
    drop(turns);
    for read in running {
        read.abort();
    }
    // The next in line gets a turn.
    reads.run(Reader::Anonymous, &view, |_| ()).await.unwrap();
    assert!(begins.try_recv().is_err());
}

#[tokio::test]
async fn answers_that_nobody_takes_leave_no_room_for_more() {
    let reads = Reads::default();
    let all = usize::try_from(Reader::Anonymous.unsent_kilobytes_max()).unwrap() * 1024;
    let most = reads.unsent(Reader::Anonymous, all - 1).unwrap();
    let refused = reads.unsent(Reader::Anonymous, 1).unwrap_err();
    assert_eq!(refused.kind(), Kind::TOO_MANY_READS);
    assert!(reads.unsent(Reader::Entitled, 1).is_ok());
    drop(most);
    assert!(reads.unsent(Reader::Anonymous, all).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_as_many_figures_as_its_reader_may_have() {
    let dir = TempDir::new().unwrap();
    let views = Views::new([empty(&dir).await]);
    let (router, _) = routes(Guarded::new(token_book()), &views).into_parts();
    let client = Client::new(router);
    let months = (0..500).map(|n| format!("period={}-{:02}", 1980 + n / 12, n % 12 + 1));
    let months: Vec<String> = months.collect();
    let path = format!("/v1/views/joint/figures?{}", months.join("&"));
    let refused = client.get(&path, Who::Nobody).await;
    assert_eq!(refused.problem(), "too-many-figures");
    assert_eq!(refused.json()["most"], Reader::Anonymous.figures_max());
    let given = client.get(&path, Who::Everywhere(Role::Officer)).await;
    assert_eq!(given.status, 200);
    let figures = given.json()["figures"].as_array().unwrap().len();
    assert_eq!(refused.json()["figures"], figures);
    assert!(figures > Reader::Anonymous.figures_max(), "{figures}");
}
