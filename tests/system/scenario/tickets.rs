//! What was published of tickets.

use townclerk_views::FOLD_VERSION;
use townclerk_views::dimension::Dimension;
use townclerk_views::measure::Measure;

use super::Story;

const LOGGED: Measure = Measure::TicketsLogged;

/// The digest of the joint view's rows over the demonstration history. If this changes, rows mean
/// something else than before: raise `FOLD_VERSION`, and write the new digest beside it.
const PINNED: (u32, &str) = (
    5,
    "92846290f514f4a58110edb2824ea3d60bed090e976aa31aa31d751910148739",
);

/// Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.7: Priority 1 incidents of the
/// whole estate by month and financial-year quarter.
pub(super) fn p1_incidents_are_those_of_the_paper_but_for_the_quarter_it_added_up_wrongly(
    story: &Story,
) {
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
        let figure = story.figure(LOGGED, &p1, month);
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
        let figure = story.figure(LOGGED, &p1, quarter);
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
    let last = story.figure(LOGGED, &p1, "20/21 Q2");
    assert_eq!((last.numerator, last.partial), (Some(1), true));
    assert!(last.claims.is_empty());
    // The rows are those that this fold version always made of this history.
    let status = story.view.status().unwrap();
    assert_eq!((FOLD_VERSION, status.digest.as_str()), PINNED);
}

/// The same paper, paragraph 5.6: incidents and requests of children's social care case
/// management, by financial-year quarter, the last one to 21 August 2020.
pub(super) fn csccm_events_are_those_of_the_paper_and_the_last_quarter_is_partial(story: &Story) {
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
        let figure = story.figure(LOGGED, &csccm, quarter);
        assert_eq!(
            (figure.numerator, figure.partial),
            (Some(published), partial),
            "{quarter}"
        );
        assert_eq!(figure.claims[0].differs, Some(false), "{quarter}");
        assert_eq!(figure.as_at.unwrap().to_string(), "2020-08-21T23:00:00Z");
    }
    // Before 2019 nothing promises that the record is whole: no figure, and never zero.
    assert!(story.figure(LOGGED, &csccm, "18/19 Q3").value.is_none());
}
