//! Agreements on the availability of services: agreed service time and target, from a day on.

mod fact;
mod rules;

#[cfg(test)]
mod tests;

pub use fact::{AvailabilityAgreed, AvailabilityEnded, AvailabilityFact};
pub use rules::{
    AGREEMENTS_MAX, Agreement, Agreements, AvailabilityRules, NOTICE_HOURS_MAX, Refusal,
    availability_of,
};
