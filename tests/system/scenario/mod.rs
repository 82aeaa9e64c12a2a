//! The demonstration history, read as a story: what the committee papers published, and what the
//! record says.

mod availability;
mod change_control;
mod outages;
mod restructure;
mod tickets;

use std::sync::Arc;

use townclerk_domain::names::Scope;
use townclerk_event_log::EventLog;
use townclerk_event_log::import::import;
use townclerk_event_log::memory::MemoryLog;
use townclerk_sample_history::{SEED, demonstration};
use townclerk_tests::town::{eventually, folder};
use townclerk_view_service::View;
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Breakdown, Periods, Query};
use townclerk_views::measure::Measure;

/// A view that has read the whole demonstration history, and the scope that it is asked for.
struct Story {
    view: Arc<View>,
    scope: Scope,
}

/// Tells what happened with a view of `scope` that has read everything, in real sled: one view for
/// all stories of a scope, since reading the history takes longer than any of them.
async fn told(scope: &str, tell: impl FnOnce(&Story)) {
    let history = demonstration(SEED).unwrap();
    let mut logs: Vec<Arc<dyn EventLog>> = Vec::new();
    for (name, messages) in history.logs {
        let log = MemoryLog::new(name);
        import(&log, &messages, |_| {}).await.unwrap().unwrap();
        logs.push(Arc::new(log));
    }
    let scope: Scope = scope.parse().unwrap();
    if let Scope::Log(own) = &scope {
        logs.retain(|log| log.name() == own || log.name().is_shared());
    }
    let folder = folder();
    let view = View::open(scope.clone(), folder.path(), logs)
        .await
        .unwrap();
    view.make().await;
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
    let story = Story { view, scope };
    tell(&story);
    let verified = story.view.verify(&|_| {}).await.unwrap();
    assert!(verified.ok, "{:?}", verified.differences);
    assert!(
        verified
            .held
            .values()
            .chain([&Vec::new()])
            .all(Vec::is_empty)
    );
    parts.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_of_all_councils_together() {
    told("joint", |story| {
        tickets::p1_incidents_are_those_of_the_paper_but_for_the_quarter_it_added_up_wrongly(story);
        outages::two_core_network_outages_are_on_record_where_five_are_claimed(story);
        outages::three_interconnect_incidents_lie_somewhere_before_the_paper(story);
        outages::each_named_outage_has_its_scope_cause_remedies_and_exactly_one_p1(story);
        outages::no_month_has_more_outages_of_a_critical_service_than_p1_incidents(story);
        availability::joint_availability_is_the_sum_of_the_councils(story);
        change_control::in_the_freeze_only_the_exempt_project_goes_on(story);
        change_control::telephony_waits_behind_its_gate_and_nothing_else_is_found_wrong(story);
        change_control::days_are_counted_from_the_latest_major_incident_that_a_change_caused(story);
        restructure::the_vacancies_before_and_after_are_those_of_the_paper(&story.of("shared"));
        // Asked for one council, the view that reads all logs says what that council's own says.
        availability::downtime_is_counted_once_whatever_the_outage(&story.of("lewisham"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lewisham_published() {
    told("lewisham", |story| {
        tickets::csccm_events_are_those_of_the_paper_and_the_last_quarter_is_partial(story);
        availability::the_months_below_target_are_those_of_the_paper_and_every_other_month_is_above(
            story,
        );
        availability::downtime_is_counted_once_whatever_the_outage(story);
        availability::the_rolling_averages_are_means_of_unrounded_months(story);
        availability::july_2019_lies_outside_the_window_that_the_paper_lists_it_in(story);
    })
    .await;
}

impl Story {
    /// The same view, asked for another scope.
    fn of(&self, scope: &str) -> Self {
        Self {
            view: Arc::clone(&self.view),
            scope: scope.parse().unwrap(),
        }
    }

    fn figure(&self, measure: Measure, of: &[(Dimension, &str)], period: &str) -> Figure {
        self.figure_on(Basis::default(), measure, of, period)
    }

    fn figure_on(
        &self,
        basis: Basis,
        measure: Measure,
        of: &[(Dimension, &str)],
        period: &str,
    ) -> Figure {
        let fixed = of
            .iter()
            .map(|(dimension, value)| (*dimension, (*value).to_owned()));
        let query = Query {
            scope: self.scope.clone(),
            measures: vec![measure],
            periods: Periods::These(vec![period.parse().unwrap()]),
            breakdowns: vec![Breakdown {
                fixed: fixed.collect(),
                ..Breakdown::default()
            }],
            basis,
            like_for_like: false,
        };
        let figures = tokio::task::block_in_place(|| self.view.figures(&query)).unwrap();
        assert_eq!(figures.len(), 1);
        figures.into_iter().next().unwrap()
    }

    /// The value as it is shown; empty where there is none.
    fn shown(&self, measure: Measure, of: &[(Dimension, &str)], period: &str) -> String {
        let value = self.figure(measure, of, period).value;
        value.map(|value| value.0.to_string()).unwrap_or_default()
    }
}

/// What a claim beside a figure says, and whether it differs from the figure.
fn claims(figure: &Figure) -> Vec<(String, Option<bool>)> {
    let claims = figure.claims.iter();
    claims
        .map(|claim| (claim.value.0.to_string(), claim.differs))
        .collect()
}
