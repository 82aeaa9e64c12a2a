//! Posts by team and role, vacancies and interims, told as stories.

use townclerk_domain::identity::AggregateKind;
use townclerk_domain::post::{
    Appointment, InterimEnded, InterimExtended, PostCreated, PostFact, PostFilled, PostRules,
};

use super::change_control::found;
use super::families::{EVERYTHING, aggregate, of, shown};
use super::history::{History, ask, code, folded};
use crate::dimension::Dimension;
use crate::figures::{Breakdown, Query};
use crate::findings::FindingKind;
use crate::measure::Measure;

pub fn tells_in(history: &mut History, name: &str, number: u128, at: &str, fact: PostFact) {
    let id = aggregate(AggregateKind::Post, number);
    history.tell::<PostRules>(name, id, at, fact);
}

fn tells(history: &mut History, number: u128, at: &str, fact: PostFact) {
    tells_in(history, "brent", number, at, fact);
}

pub fn created(team: &str, role: &str) -> PostFact {
    PostFact::PostCreated(PostCreated {
        role: code(role),
        team: code(team),
        under: None,
    })
}

pub fn filled(appointment: Appointment, until: Option<&str>) -> PostFact {
    PostFact::PostFilled(PostFilled {
        appointment,
        until: until.map(|day| day.parse().unwrap()),
        under: None,
    })
}

const DESK: [(Dimension, &str); 1] = [(Dimension::Team, "service-desk")];

/// Gloucestershire, Children and Families scrutiny, 16 September 2021, ICT Service Support: after
/// the move to a new supplier the service desk team grew from 3 to 10.
#[test]
fn the_service_desk_team_grew_from_three_to_ten() {
    let mut history = History::covering(&EVERYTHING);
    for number in 1..=3 {
        let analyst = created("service-desk", "analyst");
        tells(&mut history, number, "2019-03-01T09:00:00Z", analyst);
        let internal = filled(Appointment::Internal, None);
        tells(&mut history, number, "2019-03-02T09:00:00Z", internal);
    }
    tells(
        &mut history,
        20,
        "2019-03-01T09:00:00Z",
        created("networks", "engineer"),
    );
    for number in 4..=10 {
        let role = if number == 4 {
            "team-leader"
        } else {
            "analyst"
        };
        let joins = created("service-desk", role);
        tells(&mut history, number, "2019-05-04T09:00:00Z", joins);
    }
    let there = |measure, period, values: &[(Dimension, &str)]| {
        shown(&history, &of("brent", measure, period, values))
    };
    assert_eq!(there(Measure::Establishment, "2019-03", &DESK), "3");
    assert_eq!(there(Measure::Establishment, "2019-05", &DESK), "10");
    assert_eq!(there(Measure::PostsCreated, "2019-05", &DESK), "7");
    assert_eq!(there(Measure::Vacancies, "2019-05", &DESK), "7");
    assert_eq!(there(Measure::VacancyRate, "2019-05", &DESK), "70.00");
    assert_eq!(there(Measure::VacancyRate, "2019-03", &DESK), "0.00");
    assert_eq!(there(Measure::VacancyRate, "2019-03", &[]), "25.00");
    // A team of which there is no post has no rate.
    let nobody = [(Dimension::Team, "nobody")];
    assert_eq!(there(Measure::VacancyRate, "2019-05", &nobody), "");
    let analysts = [(Dimension::Role, "analyst")];
    assert_eq!(there(Measure::Establishment, "2019-05", &analysts), "9");
    let both = [DESK[0], (Dimension::Role, "team-leader")];
    assert_eq!(there(Measure::Establishment, "2019-05", &both), "1");
    let by_team = Query {
        breakdowns: vec![Breakdown {
            split: vec![Dimension::Team],
            ..Breakdown::default()
        }],
        ..of("brent", Measure::Establishment, "2019-05", &[])
    };
    let figures = ask(&history, &folded(&history.all(), &[]), &by_team);
    let teams = figures
        .iter()
        .map(|figure| (figure.breakdown["team"].as_str(), figure.numerator));
    let teams: Vec<_> = teams.collect();
    assert_eq!(teams, [("networks", Some(1)), ("service-desk", Some(10))]);
}

/// Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.10: interim posts are
/// extended for two months and reviewed at that point.
#[test]
fn an_interim_counts_until_it_ends_and_is_told_when_its_last_day_is_over() {
    let mut history = History::covering(&EVERYTHING);
    tells(
        &mut history,
        1,
        "2019-02-01T09:00:00Z",
        created("service-desk", "analyst"),
    );
    let interim = filled(Appointment::Interim, Some("2019-03-31"));
    tells(&mut history, 1, "2019-02-04T09:00:00Z", interim);
    let interims =
        |history: &History, period| shown(history, &of("brent", Measure::Interims, period, &DESK));
    let kinds = |history: &History| -> Vec<FindingKind> {
        found(history, "joint")
            .iter()
            .map(|found| found.kind)
            .collect()
    };
    assert_eq!(interims(&history, "2019-02-03"), "0");
    assert_eq!(interims(&history, "2019-02"), "1");
    let extended = PostFact::InterimExtended(InterimExtended {
        until: "2019-05-31".parse().unwrap(),
    });
    tells(&mut history, 1, "2019-03-28T09:00:00Z", extended);
    history.record_unrelated("2019-05-31T22:59:59Z".parse().unwrap());
    assert_eq!(kinds(&history), []);
    // Midnight in London.
    history.record_unrelated("2019-05-31T23:00:00Z".parse().unwrap());
    let expired = &found(&history, "brent")[0];
    assert_eq!(expired.kind, FindingKind::InterimExpired);
    assert_eq!(expired.at.to_string(), "2019-03-28T09:00:00Z");
    assert_eq!(
        expired.detail,
        "The last day of the interim who holds the post of analyst in service-desk was 2019-05-31; \
         neither an end nor an extension is recorded."
    );
    // As far as it is recorded somebody holds it still.
    assert_eq!(interims(&history, "2019-06"), "1");
    let ended = PostFact::InterimEnded(InterimEnded {});
    tells(&mut history, 1, "2019-06-10T09:00:00Z", ended);
    assert_eq!(kinds(&history), []);
    assert_eq!(interims(&history, "2019-05"), "1");
    assert_eq!(interims(&history, "2019-06"), "0");
    let vacant = of("brent", Measure::Vacancies, "2019-06", &DESK);
    assert_eq!(shown(&history, &vacant), "1");
}
