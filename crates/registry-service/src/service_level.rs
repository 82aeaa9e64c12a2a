//! Commands on what was agreed on the service level of tickets: targets, service hours, holidays.

use std::sync::Arc;

use townclerk_app::access::Guarded;
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::holidays::{HolidaysFact, HolidaysRules, holidays_of};
use townclerk_domain::hours::{HoursFact, HoursRules, hours_of};
use townclerk_domain::targets::{TargetsFact, TargetsRules, targets_of};

use crate::SYSTEM;
use crate::agreement::Agreement;

/// The handlers of the three records.
pub struct ServiceLevelHandlers {
    pub targets: Arc<Handlers<TargetsRules>>,
    pub hours: Arc<Handlers<HoursRules>>,
    pub holidays: Arc<Handlers<HolidaysRules>>,
}

pub(crate) fn routes(guarded: Guarded, handlers: ServiceLevelHandlers) -> Guarded {
    let guarded = of_targets(guarded, handlers.targets);
    let guarded = of_hours(guarded, handlers.hours);
    of_holidays(guarded, handlers.holidays)
}

fn of_targets(guarded: Guarded, handlers: Arc<Handlers<TargetsRules>>) -> Guarded {
    let record = Agreement {
        commands: Commands::new(handlers, SYSTEM),
        path: "/v1/logs/{log}/agreements/targets",
        of: targets_of,
    };
    let guarded = record.agreeing(guarded, "agree", TargetsFact::TargetsAgreed);
    let guarded = record.on_existing(guarded, "end", TargetsFact::TargetsEnded);
    let guarded = record.agreeing(guarded, "agree-pauses", TargetsFact::PausesAgreed);
    let guarded = record.agreeing(guarded, "agree-attainment", TargetsFact::AttainmentAgreed);
    let guarded = record.agreeing(guarded, "agree-age-limit", TargetsFact::AgeLimitAgreed);
    record.amending(guarded)
}

fn of_hours(guarded: Guarded, handlers: Arc<Handlers<HoursRules>>) -> Guarded {
    let record = Agreement {
        commands: Commands::new(handlers, SYSTEM),
        path: "/v1/logs/{log}/agreements/hours",
        of: hours_of,
    };
    let guarded = record.agreeing(guarded, "agree", HoursFact::HoursAgreed);
    record.amending(guarded)
}

fn of_holidays(guarded: Guarded, handlers: Arc<Handlers<HolidaysRules>>) -> Guarded {
    let record = Agreement {
        commands: Commands::new(handlers, SYSTEM),
        path: "/v1/logs/{log}/agreements/holidays",
        of: holidays_of,
    };
    let guarded = record.agreeing(guarded, "declare", HolidaysFact::HolidaysDeclared);
    let guarded = record.on_existing(guarded, "withdraw", HolidaysFact::HolidaysWithdrawn);
    record.amending(guarded)
}
