//! Posts of the establishment: created, filled, vacated, deleted.

mod fact;
mod rules;

#[cfg(test)]
mod tests;

pub use fact::{
    Appointment, InterimEnded, InterimExtended, PostCreated, PostDeleted, PostFact, PostFilled,
    PostRingfenced, PostVacated, Under,
};
pub use rules::{Holder, Post, PostRules, Refusal};
