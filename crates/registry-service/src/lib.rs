//! HTTP commands for coverages, claims and agreements.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::availability::AvailabilityRules;
use townclerk_domain::claim::{ClaimFact, ClaimRules};
use townclerk_domain::coverage::{CoverageFact, CoverageRules};

mod agreement;
mod availability;
mod service_level;

#[cfg(test)]
mod tests;

pub use service_level::ServiceLevelHandlers;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "registry-service";

const OFFICE: Need = Need::command(&[Role::Officer]);

/// Adds the commands of coverages, claims and agreements.
#[must_use]
pub fn routes(
    guarded: Guarded,
    coverages: Arc<Handlers<CoverageRules>>,
    claims: Arc<Handlers<ClaimRules>>,
    availability: Arc<Handlers<AvailabilityRules>>,
    service_level: ServiceLevelHandlers,
) -> Guarded {
    let guarded = availability::routes(guarded, availability);
    let guarded = service_level::routes(guarded, service_level);
    let coverage = Commands::new(coverages, SYSTEM);
    let claim = Commands::new(claims, SYSTEM);
    let declare = coverage.creating(CoverageFact::CoverageDeclared);
    let end = coverage.on_existing(CoverageFact::CoverageEnded);
    let publish = claim.creating(ClaimFact::ClaimPublished);
    guarded
        .post("/v1/logs/{log}/coverages", OFFICE, declare)
        .post("/v1/logs/{log}/coverages/{id}/end", OFFICE, end)
        .post(
            "/v1/logs/{log}/coverages/{id}/correct",
            OFFICE,
            coverage.correcting(),
        )
        .post(
            "/v1/logs/{log}/coverages/{id}/void",
            OFFICE,
            coverage.voiding(),
        )
        .post("/v1/logs/{log}/claims", OFFICE, publish)
        .post(
            "/v1/logs/{log}/claims/{id}/correct",
            OFFICE,
            claim.correcting(),
        )
        .post("/v1/logs/{log}/claims/{id}/void", OFFICE, claim.voiding())
}
