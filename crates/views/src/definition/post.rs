//! What is measured of posts.

use townclerk_domain::identity::{AggregateKind, Family};

use super::{Definition, count};
use crate::dimension::Dimension;
use crate::measure::Accumulation;

const POSTS: Definition = Definition {
    unit: "posts",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1, 3.14 \
             and 3.15",
    computed_in: "crates/views/src/contributions/post.rs",
    ..count(AggregateKind::Post, &[Family::Restructure])
};

pub(crate) const ESTABLISHMENT: Definition = Definition {
    name: "establishment",
    title: "Establishment",
    cohort: "posts there are at the end of the period, filled or not",
    formula: "created − deleted, up to the end of the period",
    accumulation: Accumulation::Stock,
    ..POSTS
};

pub(crate) const VACANCIES: Definition = Definition {
    name: "vacancies",
    title: "Vacancies",
    cohort: "posts of the establishment without a permanent holder at the end of the period",
    formula: "establishment − posts with a permanent holder; an interim leaves a post vacant",
    accumulation: Accumulation::Stock,
    ..POSTS
};

pub(crate) const FILLED: Definition = Definition {
    name: "posts_filled",
    title: "Posts filled",
    unit: "fillings",
    cohort: "posts filled in the period, each time, interims included",
    dimensions: &[Dimension::Appointment],
    ..POSTS
};

pub(crate) const CREATED: Definition = Definition {
    name: "posts_created",
    title: "Posts created",
    cohort: "created in the period",
    ..POSTS
};

pub(crate) const DELETED: Definition = Definition {
    name: "posts_deleted",
    title: "Posts deleted",
    cohort: "deleted in the period",
    ..POSTS
};
