//! The demonstration history, read as a story: what the committee papers published, and what the
//! record says.

use std::sync::Arc;

use townclerk_domain::names::Scope;
use townclerk_event_log::EventLog;
use townclerk_event_log::import::import;
use townclerk_event_log::memory::MemoryLog;
use townclerk_sample_history::{SEED, demonstration};
use townclerk_tests::town::{eventually, folder};
use townclerk_view_service::View;
use townclerk_views::FOLD_VERSION;
use townclerk_views::contributions::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Breakdown, Periods, Query};
use townclerk_views::measure::Measure;

/// The digest of the joint view's rows over the demonstration history. If this changes, rows mean
/// something else than before: raise `FOLD_VERSION`, and write the new digest beside it.
const PINNED: (u32, &str) = (
    1,
    "4c84eace189736e36cd06175237fd1acacd0e4c2472d68f1d5fa5f5848ed6ea2",
);

struct Story {
    view: Arc<View>,
    parts: townclerk_app::lifecycle::Parts,
    _folder: tempfile::TempDir,
}

/// A view that has read the whole demonstration history, in real sled.
async fn story(scope: &str) -> Story {
    let history = demonstration(SEED).unwrap();
    let mut logs: Vec<Arc<dyn EventLog>> = Vec::new();
    for (name, messages) in history.logs {
        let log = MemoryLog::new(name);
        import(&log, &messages, |_| {}).await.unwrap();
        logs.push(Arc::new(log));
    }
    let scope: Scope = scope.parse().unwrap();
    if let Scope::Log(own) = &scope {
        logs.retain(|log| log.name() == own || log.name().is_shared());
    }
    let folder = folder();
    let view = View::open(scope, folder.path(), logs).await.unwrap();
    let mut parts = townclerk_app::lifecycle::Parts::new();
    for log in view.logs() {
        let following = townclerk_app::projector::follow(
            Arc::clone(log),
            Arc::clone(&view),
            parts.stop_token(),
        );
        parts.run("a view", following);
    }
    eventually("the view has read its logs", || async {
        view.unready().is_empty().then_some(())
    })
    .await;
    Story {
        view,
        parts,
        _folder: folder,
    }
}

impl Story {
    fn figure(&self, of: &[(Dimension, &str)], period: &str) -> Figure {
        let fixed = of
            .iter()
            .map(|(dimension, value)| (*dimension, (*value).to_owned()));
        let query = Query {
            scope: self.view.scope().clone(),
            measures: vec![Measure::TicketsLogged],
            periods: Periods::These(vec![period.parse().unwrap()]),
            breakdowns: vec![Breakdown {
                fixed: fixed.collect(),
                ..Breakdown::default()
            }],
            basis: Basis::default(),
        };
        let figures = tokio::task::block_in_place(|| self.view.figures(&query)).unwrap();
        assert_eq!(figures.len(), 1);
        figures.into_iter().next().unwrap()
    }
}

/// Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.7: Priority 1 incidents of the
/// whole estate by month and council-year quarter.
#[tokio::test(flavor = "multi_thread")]
async fn p1_incidents_are_those_of_the_paper_but_for_the_quarter_it_added_up_wrongly() {
    let story = story("joint").await;
    let p1 = [(Dimension::Kind, "incident"), (Dimension::Priority, "p1")];
    let months = [
        ("2019-01", 3),
        ("2019-02", 1),
        ("2019-03", 0),
        ("2019-04", 7),
        ("2019-05", 0),
        ("2019-06", 4),
        ("2019-07", 8),
        ("2019-08", 3),
        ("2019-09", 2),
        ("2019-10", 1),
        ("2019-11", 2),
        ("2019-12", 2),
        ("2020-01", 9),
        ("2020-02", 1),
        ("2020-03", 2),
        ("2020-04", 4),
        ("2020-05", 0),
        ("2020-06", 3),
        ("2020-07", 1),
    ];
    for (month, published) in months {
        let figure = story.figure(&p1, month);
        assert_eq!(figure.numerator, Some(published), "{month}");
        assert!(!figure.partial && figure.synthetic, "{month}");
        let claims: Vec<_> = figure.claims.iter().map(|claim| claim.differs).collect();
        assert_eq!(claims, [Some(false)], "{month}");
    }
    let quarters = [
        ("18/19 Q4", 4, 4),
        ("19/20 Q1", 11, 11),
        ("19/20 Q2", 13, 13),
        ("19/20 Q3", 5, 5),
        ("19/20 Q4", 12, 13),
        ("20/21 Q1", 7, 7),
    ];
    for (quarter, computed, published) in quarters {
        let figure = story.figure(&p1, quarter);
        assert_eq!(figure.numerator, Some(computed), "{quarter}");
        let claim = &figure.claims[0];
        assert_eq!(
            claim.value.0.to_string(),
            published.to_string(),
            "{quarter}"
        );
        assert_eq!(claim.differs, Some(computed != published), "{quarter}");
    }
    // The quarter that was not over has no published figure and is marked.
    let last = story.figure(&p1, "20/21 Q2");
    assert_eq!((last.numerator, last.partial), (Some(1), true));
    assert!(last.claims.is_empty());
    // The rows are those that this fold version always made of this history.
    let status = story.view.status().unwrap();
    assert_eq!((FOLD_VERSION, status.digest.as_str()), PINNED);
    story.parts.drain().await.unwrap();
}

/// The same paper, paragraph 5.6: incidents and requests of children's social care case
/// management, by council-year quarter, the last one to 21 August 2020.
#[tokio::test(flavor = "multi_thread")]
async fn csccm_events_are_those_of_the_paper_and_the_last_quarter_is_partial() {
    let story = story("lewisham").await;
    let csccm = [(Dimension::Service, "csccm")];
    let quarters = [
        ("18/19 Q4", 332, false),
        ("19/20 Q1", 225, false),
        ("19/20 Q2", 243, false),
        ("19/20 Q3", 216, false),
        ("19/20 Q4", 239, false),
        ("20/21 Q1", 189, false),
        ("20/21 Q2", 98, true),
    ];
    for (quarter, published, partial) in quarters {
        let figure = story.figure(&csccm, quarter);
        assert_eq!(
            (figure.numerator, figure.partial),
            (Some(published), partial),
            "{quarter}"
        );
        assert_eq!(figure.claims[0].differs, Some(false), "{quarter}");
        assert_eq!(figure.as_at.unwrap().to_string(), "2020-08-21T23:00:00Z");
    }
    // Before 2019 nothing promises that the record is whole: no figure, and never zero.
    assert!(story.figure(&csccm, "18/19 Q3").value.is_none());
    story.parts.drain().await.unwrap();
}
