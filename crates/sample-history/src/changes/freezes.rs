//! The freezes and the gate: what they hold, and the facts of each.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::change::Requested;
use townclerk_domain::freeze::{
    Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeLifted, FreezeRules, FreezeScope,
};
use townclerk_domain::gate::{GateFact, GateRequirementMet, GateRules, GateSet, Requirement};
use townclerk_domain::names::{Code, LogName};

use crate::chronicle::{Chronicle, Recorder};
use crate::malformed;
use crate::outages::SYSTEM;
use crate::spelling::{Spelt, code, codes, moment, text};

pub const NEW_PROJECT: &str = "new-project";
pub const PHASE_2: &str = "southwark-phase-2";
pub const TELEPHONY: &str = "southwark-telephony";
pub const SOUTHWARK: &str = "southwark";

/// From when to when no new project was let in, and over the end of the year 2019 no change of the
/// services by which money comes and goes.
const UNSTABLE: (&str, &str) = ("2018-06-11T08:00:00Z", "2019-01-21T09:00:00Z");
const YEAR_END: (&str, &str) = ("2019-12-20T17:00:00Z", "2020-01-02T08:00:00Z");
const MONEY: [&str; 3] = ["finance", "hr", "revenues-and-benefits"];

/// What must be done before the project goes on, in what words, and when it was done.
const REQUIRED: [(&str, &str, &str); 2] = [
    (
        "lessons-reviewed",
        "All lessons of the earlier rollout are reviewed",
        "2019-02-14T11:00:00Z",
    ),
    (
        "remediations-done",
        "All remedial actions of that review are done",
        "2019-05-09T15:30:00Z",
    ),
];

/// When changes are held.
pub struct Freezes {
    unstable: (Timestamp, Timestamp),
    year_end: (Timestamp, Timestamp),
    money: BTreeSet<Code>,
}

impl Freezes {
    pub fn new() -> Spelt<Self> {
        let times = |(from, to)| Ok::<_, serde_json::Error>((moment(from)?, moment(to)?));
        Ok(Self {
            unstable: times(UNSTABLE)?,
            year_end: times(YEAR_END)?,
            money: codes(&MONEY)?,
        })
    }

    /// Whether a change must not be made at some time from `from` to `to`.
    pub fn hold(
        &self,
        log: &LogName,
        requested: &Requested,
        (from, to): (Timestamp, Timestamp),
    ) -> bool {
        let within = |(begins, ends)| from < ends && begins <= to;
        let southwark = |code: &Code| code.as_str() == SOUTHWARK;
        let touches =
            log.council().is_some_and(southwark) || requested.councils.iter().any(southwark);
        let exempt = |project: &Code| project.as_str() == PHASE_2;
        let new = requested.category.as_str() == NEW_PROJECT;
        let new = new && !requested.project.as_ref().is_some_and(exempt);
        (new && within(self.unstable))
            || (touches && !self.money.is_disjoint(&requested.services) && within(self.year_end))
    }
}

/// Both freezes.
pub fn freezes(recorder: &Recorder) -> Spelt<Vec<Chronicle<'_, FreezeRules>>> {
    Ok(vec![unstable(recorder)?, year_end(recorder)?])
}

/// "Until the service is stable", with an exemption at once.
fn unstable(recorder: &Recorder) -> Spelt<Chronicle<'_, FreezeRules>> {
    let shared = LogName::shared();
    let mut told = Chronicle::new(recorder, SYSTEM, &shared, "freeze-until-stable")?;
    let from = moment(UNSTABLE.0)?;
    let declared = FreezeDeclared {
        title: text("No new projects until the service is stable")?,
        scope: FreezeScope {
            categories: codes(&[NEW_PROJECT])?,
            ..FreezeScope::default()
        },
        from,
        to: None,
        until: Some(text("Until the service is stable")?),
    };
    told.then(from, FreezeFact::FreezeDeclared(declared));
    let exempted = FreezeExempted {
        exempt: Exempt::Project(code(PHASE_2)?),
        reason: text("Its resources are ring-fenced")?,
    };
    told.then(
        from + SignedDuration::from_mins(10),
        FreezeFact::FreezeExempted(exempted),
    );
    let lifted = FreezeFact::FreezeLifted(FreezeLifted {});
    told.then(moment(UNSTABLE.1)?, lifted);
    Ok(told)
}

fn year_end(recorder: &Recorder) -> Spelt<Chronicle<'_, FreezeRules>> {
    let southwark = LogName::new(SOUTHWARK).map_err(malformed)?;
    let mut told = Chronicle::new(recorder, SYSTEM, &southwark, "freeze-year-end")?;
    let declared = FreezeDeclared {
        title: text("Year end 2019")?,
        scope: FreezeScope {
            services: codes(&MONEY)?,
            ..FreezeScope::default()
        },
        from: moment(YEAR_END.0)?,
        to: Some(moment(YEAR_END.1)?),
        until: None,
    };
    let at = moment("2019-11-18T10:00:00Z")?;
    told.then(at, FreezeFact::FreezeDeclared(declared));
    Ok(told)
}

/// It has conditions and no date.
pub fn gate(recorder: &Recorder) -> Spelt<Chronicle<'_, GateRules>> {
    let southwark = LogName::new(SOUTHWARK).map_err(malformed)?;
    let mut told = Chronicle::new(recorder, SYSTEM, &southwark, "gate-telephony")?;
    let requires: Spelt<Vec<Requirement>> = REQUIRED
        .iter()
        .map(|(name, what, _)| {
            Ok(Requirement {
                code: code(name)?,
                text: text(*what)?,
            })
        })
        .collect();
    let set = GateSet {
        title: text(
            "Southwark telephony may not enter implementation before its lessons are learned",
        )?,
        project: code(TELEPHONY)?,
        requires: requires?,
    };
    told.then(moment(UNSTABLE.0)?, GateFact::GateSet(set));
    for (name, _, at) in REQUIRED {
        let requirement = code(name)?;
        let met = GateFact::GateRequirementMet(GateRequirementMet { requirement });
        told.then(moment(at)?, met);
    }
    Ok(told)
}
