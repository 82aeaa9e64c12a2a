//! What is measured of posts.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured;

use super::{Definition, Made, Part, count};
use crate::measure::{Accumulation, Measure};

const POSTS: Definition = Definition {
    unit: "posts",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1, 3.14 \
             and 3.15",
    computed_in: &["crates/views/src/kinds/post.rs"],
    ..count(AggregateKind::Post, &[Family::Restructure])
};

pub(crate) const ESTABLISHMENT: Definition = Definition {
    measured: measured::ESTABLISHMENT,
    title: "Establishment",
    cohort: "posts there are at the end of the period, filled or not",
    formula: "created − deleted, up to the end of the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1, 3.14 \
             and 3.15; Gloucestershire, Children and Families scrutiny, 16 September 2021, ICT \
             Service Support",
    accumulation: Accumulation::Stock,
    ..POSTS
};

pub(crate) const VACANCIES: Definition = Definition {
    measured: measured::VACANCIES,
    title: "Vacancies",
    cohort: "posts of the establishment without a permanent holder at the end of the period",
    formula: "establishment − posts with a permanent holder; an interim leaves a post vacant",
    accumulation: Accumulation::Stock,
    ..POSTS
};

pub(crate) const VACANCY_RATE: Definition = Definition {
    measured: measured::VACANCY_RATE,
    title: "Vacancy rate",
    unit: "percent",
    cohort: "posts without a permanent holder at the end of the period, of the establishment then",
    formula: "vacancies / establishment",
    computed_in: &["crates/views/src/figures/counted.rs"],
    accumulation: Accumulation::Stock,
    made: Made::Share {
        of: &[Part::whole(Measure::Vacancies)],
        among: &[Part::whole(Measure::Establishment)],
    },
    adds_up: false,
    ..POSTS
};

pub(crate) const INTERIMS: Definition = Definition {
    measured: measured::INTERIMS,
    title: "Posts held by an interim",
    cohort: "posts of the establishment that an interim holds at the end of the period",
    formula: "interims appointed − interims ended, up to the end of the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.10",
    accumulation: Accumulation::Stock,
    ..POSTS
};

pub(crate) const FILLED: Definition = Definition {
    measured: measured::POSTS_FILLED,
    title: "Posts filled",
    unit: "fillings",
    cohort: "posts filled in the period, each time, interims included",
    ..POSTS
};

pub(crate) const CREATED: Definition = Definition {
    measured: measured::POSTS_CREATED,
    title: "Posts created",
    cohort: "created in the period",
    ..POSTS
};

pub(crate) const DELETED: Definition = Definition {
    measured: measured::POSTS_DELETED,
    title: "Posts deleted",
    cohort: "deleted in the period",
    ..POSTS
};
