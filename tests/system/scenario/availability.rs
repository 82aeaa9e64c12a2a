//! What was published of availability, and the two ways to read it.

use townclerk_views::dimension::Dimension;
use townclerk_views::measure::Measure;

use super::{Story, claims};

const CHILDREN: [(Dimension, &str); 1] = [(Dimension::Service, "childrens-social-care")];

const EDUCATION: [(Dimension, &str); 1] = [(Dimension::Service, "education")];

/// From July 2019 to July 2020.
const MONTHS: [&str; 13] = [
    "2019-07", "2019-08", "2019-09", "2019-10", "2019-11", "2019-12", "2020-01", "2020-02",
    "2020-03", "2020-04", "2020-05", "2020-06", "2020-07",
];

/// Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.1 to 6.3: from July 2019 on two
/// systems were below 99 % in two months each.
pub(super) fn the_months_below_target_are_those_of_the_paper_and_every_other_month_is_above(
    story: &Story,
) {
    let published = [
        (CHILDREN, [("2019-07", "97.4"), ("2019-10", "98.8")]),
        (EDUCATION, [("2019-08", "95.8"), ("2019-10", "97.0")]),
    ];
    for (service, below) in published {
        for month in MONTHS {
            let figure = story.figure(Measure::Availability, &service, month);
            let (up, agreed) = (figure.numerator.unwrap(), figure.denominator.unwrap());
            assert!(!figure.partial && figure.synthetic, "{month}");
            match below.iter().find(|(missed, _)| *missed == month) {
                Some((_, value)) => {
                    let said = [((*value).to_owned(), Some(false))];
                    assert_eq!(claims(&figure), said, "{month}");
                    assert!(up * 100 < agreed * 99, "{month}");
                }
                None => assert!(up * 100 >= agreed * 99, "{month}"),
            }
        }
    }
    // Around the clock in London, October has an hour more and March one less.
    let minutes = |month| {
        story
            .figure(Measure::Availability, &CHILDREN, month)
            .denominator
    };
    assert_eq!(minutes("2019-10"), Some(44_700));
    assert_eq!(minutes("2020-03"), Some(44_580));
    // Before July 2019 nothing was agreed: no figure, and never 100 %.
    assert_eq!(story.shown(Measure::Availability, &CHILDREN, "2019-06"), "");
}

/// The minutes from which all of it follows: overlapping outages once, whatever their log.
pub(super) fn downtime_is_counted_once_whatever_the_outage(story: &Story) {
    let children = [
        1161, 164, 129, 536, 235, 203, 408, 209, 221, 349, 0, 226, 114,
    ];
    let education = [94, 1875, 0, 1341, 51, 0, 88, 0, 40, 60, 0, 30, 48];
    for (service, minutes) in [(CHILDREN, children), (EDUCATION, education)] {
        for (month, minutes) in MONTHS.into_iter().zip(minutes) {
            let figure = story.figure(Measure::DowntimeMinutes, &service, month);
            assert_eq!(figure.numerator, Some(minutes), "{month}");
        }
        let whole = story.figure(Measure::DowntimeMinutes, &service, "2019-07/2020-07");
        assert_eq!(whole.numerator, Some(minutes.iter().sum()));
    }
}

/// Paragraph 6.2: the rolling averages at the end of July 2020, of the months from August 2019 on.
/// The mean of the months is what was published; the average by time is another number.
pub(super) fn the_rolling_averages_are_means_of_unrounded_months(story: &Story) {
    let rolling = Measure::AvailabilityRolling12;
    for (service, mean) in [(CHILDREN, "99.47"), (EDUCATION, "99.34")] {
        let figure = story.figure(rolling, &service, "2020-07");
        assert_eq!(figure.value.unwrap().0.to_string(), mean);
        assert_eq!(claims(&figure), [(mean.to_owned(), Some(false))]);
    }
    let by_time = Measure::AvailabilityRolling12TimeWeighted;
    assert_eq!(story.shown(by_time, &EDUCATION, "2020-07"), "99.33");
    // The first twelve months end with June 2020.
    assert_eq!(story.shown(rolling, &CHILDREN, "2020-05"), "");
    assert_ne!(story.shown(rolling, &CHILDREN, "2020-06"), "");
}

/// Paragraphs 6.2 to 6.4: two months below target, none of them in a row. One of the two lies
/// before the window of the average that they are listed beside.
pub(super) fn july_2019_lies_outside_the_window_that_the_paper_lists_it_in(story: &Story) {
    let below = Measure::MonthsBelowTarget;
    let in_window = story.figure(below, &CHILDREN, "2019-08/2020-07");
    assert_eq!(in_window.numerator, Some(1));
    assert_eq!(claims(&in_window), [("2".to_owned(), Some(true))]);
    let with_july = story.figure(below, &CHILDREN, "2019-07/2020-07");
    assert_eq!(with_july.numerator, Some(2));
    assert_eq!(claims(&with_july), [("2".to_owned(), Some(false))]);
    let education = story.figure(below, &EDUCATION, "2019-08/2020-07");
    assert_eq!(claims(&education), [("2".to_owned(), Some(false))]);
    for service in [CHILDREN, EDUCATION] {
        let run = story.figure(Measure::LongestRunBelowTarget, &service, "2019-07/2020-07");
        assert_eq!(run.numerator, Some(1));
        assert_eq!(claims(&run), [("1".to_owned(), Some(false))]);
    }
}

/// For all councils together the minutes of all of them are summed.
pub(super) fn joint_availability_is_the_sum_of_the_councils(story: &Story) {
    let councils = ["brent", "lewisham", "southwark"].map(|council| story.of(council));
    for month in ["2019-07", "2019-10", "2020-03"] {
        let of = |story: &Story| {
            let figure = story.figure(Measure::Availability, &EDUCATION, month);
            (figure.numerator.unwrap(), figure.denominator.unwrap())
        };
        let parts = councils.each_ref().map(of);
        let add = |sum: (i64, i64), part: &(i64, i64)| (sum.0 + part.0, sum.1 + part.1);
        assert_eq!(of(story), parts.iter().fold((0, 0), add), "{month}");
    }
}
