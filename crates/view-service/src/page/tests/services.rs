//! What happened to services and posts in the small record: an outage, maintenance, changes, a
//! freeze, a gate and a programme with its posts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::availability::{AvailabilityAgreed, AvailabilityFact, availability_of};
use townclerk_domain::change::{self, ChangeFact, ChangeType};
use townclerk_domain::event::Event;
use townclerk_domain::freeze::{FreezeDeclared, FreezeFact, FreezeScope};
use townclerk_domain::gate::{GateFact, GateRequirementMet, GateSet, Requirement};
use townclerk_domain::identity::{AggregateId, AggregateKind, Family};
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::outage::{self, Effect, OutageFact, Party, Severity};
use townclerk_domain::post::{Appointment, PostCreated, PostDeleted, PostFact, PostFilled, Under};
use townclerk_domain::programme::{
    FunctionTransferred, PhaseStarted, PlannedPhase, ProgrammeFact, ProgrammeOpened,
    ProgrammePaused,
};
use townclerk_domain::recovery::{RecoveryTestFact, RecoveryTested};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::text::Text;

use super::record::{Record, SILENT, code, log};

const BRENT: &str = "brent";
const SHARED: &str = "shared";

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn codes(names: &[&str]) -> BTreeSet<Code> {
    names.iter().map(|name| code(name)).collect()
}

/// The record of tickets with everything else beside it.
pub fn record() -> Record {
    let mut record = Record::new(true);
    for name in [BRENT, SILENT, SHARED] {
        for family in [Family::Outage, Family::Change, Family::Restructure] {
            record.covers(name, family);
        }
    }
    for council in [BRENT, SILENT] {
        agreed(&mut record, council);
    }
    for name in [BRENT, SILENT, SHARED] {
        super::levels::agrees(&mut record, name);
    }
    outages(&mut record);
    changes(&mut record);
    freeze_and_gate(&mut record);
    posts(&mut record);
    record
}

fn agreed(record: &mut Record, council: &str) {
    let agreed = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 24,
        except_holidays: false,
        from: "2020-05-01".parse().unwrap(),
    });
    let event = Event::Availability(Recordable::Fact(agreed));
    let aggregate = availability_of(&log(council));
    record.put(council, aggregate, "2020-04-01T09:00:00Z", event);
}

fn outages(record: &mut Record) {
    let outage = |record: &Record| record.new_one(AggregateKind::Outage);
    let put = |record: &mut Record, log: &str, id: AggregateId, at: &str, fact: OutageFact| {
        record.put(log, id, at, Event::Outage(Recordable::Fact(fact)));
    };
    let effect = |council: &str, severity| Effect {
        service: code("email"),
        council: code(council),
        severity,
        from: None,
        to: None,
    };
    let declared = |title: &str, councils: &[&str], severity, when| {
        let effects = councils.iter().map(|council| effect(council, severity));
        OutageFact::Declared(outage::Declared {
            title: text(title),
            summary: None,
            when,
            councils: codes(councils),
            critical: severity == Severity::Down,
            effects: effects.collect(),
        })
    };
    let core = outage(record);
    let down = declared("Core <switch>", &[BRENT], Severity::Down, None);
    put(record, BRENT, core, "2020-06-10T10:00:00Z", down);
    let users = OutageFact::UsersAffected(outage::UsersAffected {
        percent: "50".parse().unwrap(),
    });
    put(record, BRENT, core, "2020-06-10T12:00:00Z", users);
    let resolved = OutageFact::Resolved(outage::Resolved {});
    put(record, BRENT, core, "2020-06-10T20:00:00Z", resolved);
    let cause = OutageFact::CauseFound(outage::CauseFound {
        component: code("core-network"),
        class: code("power"),
        party: Party::Supplier,
        supplier: Some(code("netco")),
        summary: None,
    });
    put(record, BRENT, core, "2020-06-11T09:00:00Z", cause);
    let action = OutageFact::ActionAgreed(outage::ActionAgreed {
        action: code("second-supply"),
        text: text("A second supply of power"),
        owner: code("infrastructure"),
        due: "2020-09-30".parse().unwrap(),
    });
    put(record, BRENT, core, "2020-06-11T10:00:00Z", action);
    let july = Within {
        from: "2020-07-01".parse().unwrap(),
        to: "2020-07-31".parse().unwrap(),
        precision: Precision::Month,
    };
    let both = [BRENT, SILENT];
    let slow = declared("Slow storage", &both, Severity::Degraded, Some(july));
    let storage = outage(record);
    put(record, SHARED, storage, "2020-06-30T23:00:00Z", slow);
    known_error(record);
    let planned = OutageFact::MaintenancePlanned(outage::MaintenancePlanned {
        title: text("Mail store moves"),
        councils: codes(&[BRENT]),
        services: codes(&["email"]),
        from: at("2020-08-25T21:00:00Z"),
        to: at("2020-08-25T22:00:00Z"),
        cancels_earlier: false,
    });
    let maintenance = outage(record);
    put(record, BRENT, maintenance, "2020-08-20T09:00:00Z", planned);
    recovery_tests(record);
    let core = [("component", "core-network")];
    record.claims_that("outages", Scope::Joint, "2020-04/2020-07", &core, 5);
}

/// Search is slow, why is known, and what to do meanwhile.
fn known_error(record: &mut Record) {
    let search = record.new_one(AggregateKind::Outage);
    let begun = OutageFact::Declared(outage::Declared {
        title: text("Search is slow"),
        summary: None,
        when: None,
        councils: codes(&[BRENT]),
        critical: false,
        effects: vec![Effect {
            service: code("email"),
            council: code(BRENT),
            severity: Severity::Degraded,
            from: None,
            to: None,
        }],
    });
    let workaround = OutageFact::WorkedAround(outage::WorkedAround {
        workaround: text("Search by date"),
    });
    let cause = OutageFact::CauseFound(outage::CauseFound {
        component: code("mail-index"),
        class: code("software"),
        party: Party::Own,
        supplier: None,
        summary: None,
    });
    for (hour, fact) in (8..).zip([begun, workaround, cause]) {
        let at = format!("2020-07-13T{hour:02}:00:00Z");
        record.put(BRENT, search, &at, Event::Outage(Recordable::Fact(fact)));
    }
}

fn recovery_tests(record: &mut Record) {
    let of = |group, target_minutes, achieved_minutes| {
        RecoveryTestFact::RecoveryTested(RecoveryTested {
            group: code(group),
            target_minutes,
            achieved_minutes: Some(achieved_minutes),
            data_loss_target_minutes: None,
            data_loss_minutes: None,
        })
    };
    let tests = [
        (
            "2020-06-15T09:00:00Z",
            of("critical-services", Some(15), 20),
        ),
        ("2020-06-21T09:00:00Z", of("virtual-machines", None, 345)),
    ];
    for (at, fact) in tests {
        let test = record.new_one(AggregateKind::RecoveryTest);
        record.put(BRENT, test, at, Event::RecoveryTest(Recordable::Fact(fact)));
    }
}

fn changes(record: &mut Record) {
    let put = |record: &mut Record, id: AggregateId, at: &str, fact: ChangeFact| {
        record.put(BRENT, id, at, Event::Change(Recordable::Fact(fact)));
    };
    let scheduled = |from: &str, to: &str| {
        ChangeFact::Scheduled(change::Scheduled {
            from: at(from),
            to: at(to),
        })
    };
    let requested = |title: &str| {
        ChangeFact::Requested(change::Requested {
            change_type: ChangeType::Standard,
            title: text(title),
            category: code("fix"),
            project: None,
            services: BTreeSet::new(),
            councils: BTreeSet::new(),
        })
    };
    let (from, to) = ("2020-08-04T20:00:00Z", "2020-08-04T21:00:00Z");
    let patch = record.new_one(AggregateKind::Change);
    put(
        record,
        patch,
        "2020-07-20T09:00:00Z",
        requested("Patch <mail>"),
    );
    put(record, patch, "2020-07-21T09:00:00Z", scheduled(from, to));
    put(record, patch, from, ChangeFact::Started(change::Started {}));
    put(
        record,
        patch,
        to,
        ChangeFact::Implemented(change::Implemented {}),
    );
    let reviewed = ChangeFact::Reviewed(change::Reviewed { findings: None });
    put(record, patch, "2020-08-05T09:00:00Z", reviewed);
    let closed = ChangeFact::Closed(change::Closed {
        outcome: change::Outcome::WithIssues,
    });
    put(record, patch, "2020-08-05T10:00:00Z", closed);
    unreviewed(record, requested("New certificate"));
    let ahead = record.new_one(AggregateKind::Change);
    put(record, ahead, "2020-08-10T09:00:00Z", requested("Upgrade"));
    let when = scheduled("2020-08-26T20:00:00Z", "2020-08-26T21:00:00Z");
    put(record, ahead, "2020-08-11T09:00:00Z", when);
}

/// Implemented before the freeze, and not looked back at.
fn unreviewed(record: &mut Record, requested: ChangeFact) {
    let change = record.new_one(AggregateKind::Change);
    let due = ChangeFact::ReviewDue(change::ReviewDue {
        by: "2020-07-31".parse().unwrap(),
        owner: code("change-manager"),
    });
    let scheduled = ChangeFact::Scheduled(change::Scheduled {
        from: at("2020-07-13T19:00:00Z"),
        to: at("2020-07-13T20:00:00Z"),
    });
    let facts = [
        ("2020-07-06T09:00:00Z", requested),
        ("2020-07-07T09:00:00Z", scheduled),
        (
            "2020-07-13T19:00:00Z",
            ChangeFact::Started(change::Started {}),
        ),
        (
            "2020-07-13T20:00:00Z",
            ChangeFact::Implemented(change::Implemented {}),
        ),
        ("2020-07-14T09:00:00Z", due),
    ];
    for (at, fact) in facts {
        record.put(BRENT, change, at, Event::Change(Recordable::Fact(fact)));
    }
}

fn freeze_and_gate(record: &mut Record) {
    let freeze = FreezeFact::FreezeDeclared(FreezeDeclared {
        title: text("Until email is stable"),
        scope: FreezeScope::default(),
        from: at("2020-08-01T00:00:00Z"),
        to: None,
        until: Some(text("Email was up for a month")),
    });
    let id = record.new_one(AggregateKind::Freeze);
    let event = Event::Freeze(Recordable::Fact(freeze));
    record.put(SHARED, id, "2020-08-01T00:00:00Z", event);
    let required = |name: &str| Requirement {
        code: code(name),
        text: text(&format!("The {name} is complete")),
    };
    let set = GateFact::GateSet(GateSet {
        title: text("Before the office moves"),
        project: code("office"),
        requires: vec![required("review"), required("remedy")],
    });
    let gate = record.new_one(AggregateKind::Gate);
    let put_gate = |record: &mut Record, at: &str, fact| {
        record.put(SHARED, gate, at, Event::Gate(Recordable::Fact(fact)));
    };
    put_gate(record, "2020-07-01T09:00:00Z", set);
    let requirement = code("review");
    let met = GateFact::GateRequirementMet(GateRequirementMet { requirement });
    put_gate(record, "2020-07-02T09:00:00Z", met);
}

fn posts(record: &mut Record) {
    let programme = record.new_one(AggregateKind::Programme);
    let put_programme = |record: &mut Record, at: &str, fact: ProgrammeFact| {
        let event = Event::Programme(Recordable::Fact(fact));
        record.put(SHARED, programme, at, event);
    };
    let phase = |name: &str| PlannedPhase {
        phase: code(name),
        from: Some("2020-06-01".parse().unwrap()),
        to: None,
    };
    let opened = ProgrammeFact::ProgrammeOpened(ProgrammeOpened {
        title: text("New structure"),
        phases: vec![phase("ringfence"), phase("recruitment")],
    });
    put_programme(record, "2020-05-01T09:00:00Z", opened);
    let phase = code("ringfence");
    let started = ProgrammeFact::PhaseStarted(PhaseStarted { phase });
    put_programme(record, "2020-06-01T09:00:00Z", started);
    let moved = ProgrammeFact::FunctionTransferred(FunctionTransferred {
        function: code("printing"),
        from: code("estates"),
        to: code("transformation"),
    });
    put_programme(record, "2020-07-02T09:00:00Z", moved);
    let paused = ProgrammeFact::ProgrammePaused(ProgrammePaused {
        reason: code("consultation"),
        until: None,
    });
    put_programme(record, "2020-07-10T09:00:00Z", paused);

    let under = |name: &str| {
        Some(Under {
            programme: programme.id,
            phase: code(name),
        })
    };
    let created = || {
        PostFact::PostCreated(PostCreated {
            role: code("analyst"),
            team: code("desk"),
            under: under("ringfence"),
        })
    };
    let filled = |appointment, until: Option<&str>| {
        PostFact::PostFilled(PostFilled {
            appointment,
            until: until.map(|day| day.parse().unwrap()),
            under: under("ringfence"),
        })
    };
    let deleted = PostFact::PostDeleted(PostDeleted {
        under: under("ringfence"),
    });
    let lives = [
        vec![created(), filled(Appointment::Internal, None)],
        vec![created(), filled(Appointment::Interim, Some("2020-08-14"))],
        vec![created(), deleted],
        vec![created()],
    ];
    for life in lives {
        let post = record.new_one(AggregateKind::Post);
        let days = ["2020-06-02T09:00:00Z", "2020-06-15T09:00:00Z"];
        for (at, fact) in days.into_iter().zip(life) {
            record.put(SHARED, post, at, Event::Post(Recordable::Fact(fact)));
        }
    }
    let shared = || Scope::Log(LogName::shared());
    let internal = [("appointment", "internal")];
    record.claims_that("vacancies", shared(), "2020-05", &[], 11);
    record.claims_that("posts_filled", shared(), "2020-06", &internal, 7);
    record.claims_that("vacancies", shared(), "2020-07", &[], 5);
}
