//! The freeze on new projects, the one project that is exempt, and the gate on telephony.

use townclerk_views::basis::Basis;
use townclerk_views::change_control::{implementation, is_exempt, is_frozen};
use townclerk_views::findings::{FindingKind, findings};
use townclerk_views::measure::Measure;

use super::Story;

/// Joint Committee, 4 July 2018, paragraphs 3.10 and 3.13: new projects wait until the service is
/// stable; Southwark's phase 2 goes on with resources of its own.
pub(super) fn in_the_freeze_only_the_exempt_project_goes_on(story: &Story) {
    let measure = Measure::ChangesInFreezeWithoutExemption;
    for period in [
        "2018-06",
        "2018-07",
        "2018-12",
        "18/19 Q3",
        "2018-01/2020-07",
    ] {
        let figure = story.figure(measure, &[], period);
        assert_eq!(figure.numerator, Some(0), "{period}");
    }
    let exempt = story
        .view
        .with_reading(|reading| {
            let ledger = reading.ledger(&story.scope, Basis::default())?;
            let seen = "2020-08-21T23:00:00Z".parse().unwrap();
            let freezes = ledger.freezes.iter();
            let of_projects = |categories: &std::collections::BTreeSet<_>| {
                categories
                    .iter()
                    .any(|code: &townclerk_domain::names::Code| code.as_str() == "new-project")
            };
            let mut freezes =
                freezes.filter(|freeze| of_projects(&freeze.stands.declared.scope.categories));
            let freeze = freezes.next().expect("the freeze on new projects");
            assert!(
                freeze.stands.declared.until.is_some(),
                "a condition, no date"
            );
            let inside = ledger
                .changes
                .iter()
                .filter(|change| is_frozen(change, freeze, seen));
            let inside: Vec<_> = inside.collect();
            assert!(inside.iter().all(|change| is_exempt(change, freeze)));
            Ok(inside.len())
        })
        .unwrap();
    assert!(exempt >= 6, "only {exempt} changes went on in the freeze");
}

/// Paragraphs 3.10 and 3.17: Southwark's telephony may not be implemented before all lessons are
/// reviewed and remedied. It has a condition and no date; nothing went ahead before.
pub(super) fn telephony_waits_behind_its_gate_and_nothing_else_is_found_wrong(story: &Story) {
    let (waiting, found) = story
        .view
        .with_reading(|reading| {
            let ledger = reading.ledger(&story.scope, Basis::default())?;
            let gate = ledger
                .gates
                .iter()
                .find(|gate| gate.stands.set.project.as_str() == "southwark-telephony");
            let gate = gate.expect("the gate on telephony");
            let end_of_2018 = "2019-01-01T00:00:00Z".parse().unwrap();
            let before = ledger.changes.iter().filter(|change| {
                let of_project = change.stands.requested.project.as_ref();
                of_project == Some(&gate.stands.set.project)
                    && implementation(&change.stands)
                        .is_some_and(|(began, _)| gate.stands.holds_at(began))
            });
            assert_eq!(before.count(), 0);
            let mut found = findings(reading, &story.scope, Basis::default())?;
            // Causes come back, actions and interims last longer than was meant: that says something of
            // the service, and nothing is wrong with the record.
            found.retain(|finding| {
                use FindingKind::{ActionOverdue, CauseRecurred, InterimExpired};
                !matches!(finding.kind, ActionOverdue | CauseRecurred | InterimExpired)
            });
            Ok((gate.stands.holds_at(end_of_2018), found))
        })
        .unwrap();
    assert!(
        waiting,
        "at the end of 2018 its requirements were not complete"
    );
    assert_eq!(found, []);
}

/// The April outage of storage came from a change (Lewisham, Mayor and Cabinet, 16 September 2020,
/// paragraph 6.13.1), so its P1 is a change-related major incident.
pub(super) fn days_are_counted_from_the_latest_major_incident_that_a_change_caused(story: &Story) {
    let measure = Measure::DaysSinceChangeRelatedMajorIncident;
    let days = |period| story.figure(measure, &[], period).numerator;
    let april = days("2019-04").expect("one in April");
    assert!((0..=30).contains(&april), "{april}");
    // Nothing of the kind is known before.
    assert_eq!(days("2019-03"), None);
}
