//! Commands on what a council agreed on the availability of services.

use std::sync::Arc;

use townclerk_app::access::Guarded;
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::availability::{AvailabilityFact, AvailabilityRules, availability_of};

use crate::SYSTEM;
use crate::agreement::Agreement;

pub(crate) fn routes(guarded: Guarded, handlers: Arc<Handlers<AvailabilityRules>>) -> Guarded {
    let record = Agreement {
        commands: Commands::new(handlers, SYSTEM),
        path: "/v1/logs/{log}/agreements/availability",
        of: availability_of,
    };
    let guarded = record.agreeing(guarded, "agree", AvailabilityFact::AvailabilityAgreed);
    let guarded = record.on_existing(guarded, "end", AvailabilityFact::AvailabilityEnded);
    record.amending(guarded)
}
