//! What was published of the restructure of 2018, and the one story that yields it.

use townclerk_views::dimension::Dimension;
use townclerk_views::measure::Measure;

use super::{Story, claims};

/// Joint Committee, 4 July 2018, paragraphs 3.1, 3.4, 3.14 and 3.15: 41 vacancies before, 29
/// internal appointments in May, a new structure on 4 June, 22 vacancies after. 41 less 29 is not
/// 22: the establishment changed between them, and neither is published.
pub(super) fn the_vacancies_before_and_after_are_those_of_the_paper(story: &Story) {
    let (vacancies, posts) = (Measure::Vacancies, Measure::Establishment);
    let internal = [(Dimension::Appointment, "internal")];
    let before = story.figure(vacancies, &[], "2018-04");
    assert_eq!(claims(&before), [("41".to_owned(), Some(false))]);
    let filled = story.figure(Measure::PostsFilled, &internal, "2018-05");
    assert_eq!(claims(&filled), [("29".to_owned(), Some(false))]);
    for period in ["2018-06-04", "2018-06"] {
        let after = story.figure(vacancies, &[], period);
        assert_eq!(claims(&after), [("22".to_owned(), Some(false))], "{period}");
    }
    // In between 10 posts were created, and the 29 old posts of those who moved were deleted.
    assert_eq!(story.shown(Measure::PostsCreated, &[], "2018-05"), "10");
    assert_eq!(story.shown(vacancies, &[], "2018-05"), "22");
    assert_eq!(story.shown(Measure::PostsDeleted, &[], "2018-06-04"), "29");
    let number = |period| story.figure(posts, &[], period).numerator.unwrap();
    assert_eq!(number("2018-06") - number("2018-04"), 10 - 29);
    let all = story.figure(Measure::PostsFilled, &[], "2018-05");
    assert_eq!(
        all.numerator,
        Some(29),
        "all of May's appointments were internal"
    );
    assert!(before.synthetic, "the story between the numbers is made up");
}
