//! The named outages whose days were published. Hours and services are sample data.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{
    Closed, Escalated, OutageFact, Recurred, Reviewed, Severity, UsersAffected, WorkedAround,
};
use townclerk_domain::period::london_midnight;
use townclerk_domain::reference::{Reference, ReferenceKind};

use super::aftermath::{agreed_action, completed, found_cause};
use super::{Failure, Hit, Recorded, Story};
use crate::chronicle::Recorder;
use crate::malformed;
use crate::placement::Notice;
use crate::spelling::{Spelt, code, codes, text};
use crate::targets::{CHILDRENS_SOCIAL_CARE, DISKS_REPLACED, EDUCATION, NAMED, PUBLISHER};

pub const ALL_COUNCILS: [&str; 3] = ["brent", "lewisham", "southwark"];

/// The day of a named outage.
pub fn day_of(name: &str) -> Spelt<Date> {
    let found = NAMED.iter().find(|named| named.name == name);
    found
        .map(|named| named.day)
        .ok_or_else(|| malformed("no outage of that name is published"))
}

pub fn reference(recorder: &Recorder, name: &str) -> Spelt<Reference> {
    recorder.reference(&LogName::shared(), ReferenceKind::Outage, name)
}

/// The named outages with known times.
pub fn stories(recorder: &Recorder) -> Spelt<Vec<Story>> {
    Ok(vec![
        core_power()?,
        disk_in_june(recorder)?,
        disk_in_july()?,
        power_phase()?,
    ])
}

/// The incident by which each of them was noticed.
pub fn notices(stories: &[Story], recorder: &Recorder) -> Spelt<Vec<Notice>> {
    let notice = |story: &Story| {
        let power = story.title.as_str().contains("power");
        Ok(Notice {
            at: story.begins + SignedDuration::from_secs(11 * 60 + 23),
            councils: story.councils.clone(),
            service: if power { "network" } else { "housing" },
            over: story.ends,
            outage: reference(recorder, &story.name)?,
        })
    };
    stories.iter().map(notice).collect()
}

/// A named outage, in London hours and minutes of its day.
struct Told {
    story: Story,
    day: Date,
}

impl Told {
    fn new(name: &str, title: &str, councils: &[&str], (begins, ends): (i64, i64)) -> Spelt<Self> {
        let day = day_of(name)?;
        let story = Story {
            log: LogName::shared(),
            name: name.to_owned(),
            title: text(title)?,
            summary: None,
            councils: codes(councils)?,
            critical: true,
            noticed: None,
            begins: minute(day, begins),
            ends: minute(day, ends),
            hits: Vec::new(),
            failure: None,
            more: Vec::new(),
            recorded: Recorded::Soon(SignedDuration::from_mins(6)),
        };
        Ok(Self { story, day })
    }

    /// These services of all its councils, from its beginning to then.
    fn hits(&mut self, services: &[&str], severity: Severity, to: i64) -> Spelt<()> {
        let from = self.story.begins;
        for service in services {
            for council in self.story.councils.clone() {
                self.story.hits.push(Hit {
                    service: code(service)?,
                    council,
                    severity,
                    from,
                    to: minute(self.day, to),
                });
            }
        }
        Ok(())
    }

    /// One service of one council for part of the time.
    fn hits_one(
        &mut self,
        (service, council): (&str, &str),
        severity: Severity,
        (from, to): (i64, i64),
    ) -> Spelt<()> {
        self.story.hits.push(Hit {
            service: code(service)?,
            council: code(council)?,
            severity,
            from: minute(self.day, from),
            to: minute(self.day, to),
        });
        Ok(())
    }

    fn then(&mut self, day: Date, at: i64, fact: OutageFact) {
        self.story.more.push((minute(day, at), fact));
    }

    /// Cause, a remedial action with owner, due day and completion, review and end.
    fn ends_with(mut self, ending: &Ending<'_>) -> Spelt<Story> {
        let failure = Failure {
            component: code(ending.component)?,
            class: code(ending.class)?,
            supplier: None,
        };
        let (found, reviewed, closed) = ending.days;
        self.then(
            found,
            hm(11, 20),
            found_cause(&failure, Some(ending.summary))?,
        );
        for (action, what, owner, due, done) in &ending.actions {
            self.then(found, hm(15, 5), agreed_action(action, what, owner, *due)?);
            self.then(*done, hm(16, 40), completed(code(action)?));
        }
        let findings = text(ending.findings)?;
        self.then(
            reviewed,
            hm(14, 0),
            OutageFact::Reviewed(Reviewed { findings }),
        );
        self.then(closed, hm(9, 45), OutageFact::Closed(Closed {}));
        self.story.failure = Some(failure);
        Ok(self.story)
    }
}

/// Name, text, owner, due day, day of completion.
type Action<'a> = (&'a str, String, &'a str, Date, Date);

struct Ending<'a> {
    component: &'a str,
    class: &'a str,
    summary: &'a str,
    findings: &'a str,
    actions: Vec<Action<'a>>,
    /// When the cause was found, when it was reviewed, when it was closed.
    days: (Date, Date, Date),
}

fn core_power() -> Spelt<Story> {
    let title = "Loss of power in the second data centre";
    let mut told = Told::new("core-power", title, &ALL_COUNCILS, (hm(6, 42), hm(18, 5)))?;
    told.story.summary = Some(text(
        "All network routing was lost in the Brent data centre; effectively all services were down",
    )?);
    for (services, to) in [
        (&["network"][..], hm(14, 10)),
        (&["telephony", "website"], hm(14, 40)),
        (&["email", "finance", "hr", "housing"], hm(15, 30)),
        (&["revenues-and-benefits", "planning"], hm(16, 20)),
        (&["adult-social-care", CHILDRENS_SOCIAL_CARE], hm(17, 5)),
        (&[EDUCATION], hm(17, 30)),
        (&["printing"], hm(18, 5)),
    ] {
        told.hits(services, Severity::Down, to)?;
    }
    let (day, percent) = (told.day, Decimal::whole(100));
    told.then(
        day,
        hm(7, 5),
        OutageFact::UsersAffected(UsersAffected { percent }),
    );
    told.ends_with(&Ending {
        component: "core-network",
        class: "power",
        summary: "Power was lost, and the core network was configured so that it did not go over",
        findings: "Routing did not survive the loss of one site; each site needs its own way out",
        actions: vec![
            (
                "core-configuration",
                "Correct the configuration of the core network and try the going over".to_owned(),
                "networks",
                date(2019, 6, 21),
                date(2019, 6, 18),
            ),
            (
                "third-link",
                "Have three links between the data centres, from two providers".to_owned(),
                "networks",
                date(2019, 12, 20),
                date(2019, 11, 28),
            ),
        ],
        days: (date(2019, 6, 4), date(2019, 6, 13), date(2019, 6, 27)),
    })
}

fn disk_in_june(recorder: &Recorder) -> Spelt<Story> {
    let title = "Storage: severe latency after a disk failed";
    let mut told = Told::new(
        "disk-in-june",
        title,
        &ALL_COUNCILS,
        (hm(10, 20), hm(15, 45)),
    )?;
    let slow = ["email", "finance", "hr", "adult-social-care"];
    told.hits(&slow, Severity::Degraded, hm(15, 45))?;
    told.hits(
        &["housing", CHILDRENS_SOCIAL_CARE, EDUCATION],
        Severity::Degraded,
        hm(14, 55),
    )?;
    let outage = reference(recorder, "disk-in-july")?;
    let again = day_of("disk-in-july")?;
    told.then(again, hm(17, 30), OutageFact::Recurred(Recurred { outage }));
    told.ends_with(&Ending {
        component: "storage",
        class: "hardware",
        summary: "A single disk failed, and the storage system took too long to leave it out",
        findings: "One disk must not slow down everything; the maker was asked why it did",
        actions: vec![(
            "replace-failed-disk",
            "Replace the disk that failed, and watch the others".to_owned(),
            "infrastructure",
            date(2019, 6, 14),
            date(2019, 6, 12),
        )],
        days: (date(2019, 6, 10), date(2019, 6, 17), date(2019, 6, 28)),
    })
}

fn disk_in_july() -> Spelt<Story> {
    let title = "Storage: severe latency after a disk failed again";
    let mut told = Told::new("disk-in-july", title, &ALL_COUNCILS, (hm(9, 5), hm(16, 40)))?;
    let slow = ["email", "finance", "housing", "revenues-and-benefits"];
    told.hits(&slow, Severity::Degraded, hm(16, 40))?;
    let care = (CHILDRENS_SOCIAL_CARE, PUBLISHER);
    for council in ["brent", "southwark"] {
        for service in [CHILDRENS_SOCIAL_CARE, EDUCATION] {
            let whole = (hm(9, 5), hm(16, 40));
            told.hits_one((service, council), Severity::Degraded, whole)?;
        }
    }
    told.hits_one(care, Severity::Degraded, (hm(9, 5), hm(15, 26)))?;
    told.hits_one(care, Severity::Down, (hm(10, 0), hm(15, 26)))?;
    told.hits_one(care, Severity::Degraded, (hm(15, 26), hm(16, 40)))?;
    let education = (EDUCATION, PUBLISHER);
    told.hits_one(education, Severity::Down, (hm(10, 0), hm(11, 34)))?;
    let (supplier, level) = (code("storage-supplier")?, code("service-director")?);
    let day = told.day;
    told.then(
        day,
        hm(11, 10),
        OutageFact::Escalated(Escalated { supplier, level }),
    );
    told.ends_with(&Ending {
        component: "storage",
        class: "hardware",
        summary: "A second disk of the same make failed in the same way",
        findings: "Disks of that make are not to be trusted: all of them are replaced",
        actions: vec![(
            "replace-disks",
            format!("Replace all {DISKS_REPLACED} disks of that make"),
            "infrastructure",
            date(2019, 9, 30),
            date(2019, 9, 21),
        )],
        days: (date(2019, 7, 25), date(2019, 8, 1), date(2019, 10, 2)),
    })
}

fn power_phase() -> Spelt<Story> {
    let title = "A power phase was tripped: connectivity between the data centres degraded";
    let councils = ["lewisham", "southwark"];
    let mut told = Told::new("power-phase", title, &councils, (hm(8, 20), hm(15, 10)))?;
    told.story.summary = Some(text(
        "Another tenant's equipment tripped one phase; Brent's services stayed up",
    )?);
    let slow = ["network", "telephony", "email", "housing", "finance"];
    told.hits(&slow, Severity::Degraded, hm(15, 10))?;
    let down = [
        ((CHILDRENS_SOCIAL_CARE, PUBLISHER), (hm(8, 20), hm(13, 5))),
        ((EDUCATION, PUBLISHER), (hm(8, 20), hm(14, 20))),
        (
            (CHILDRENS_SOCIAL_CARE, "southwark"),
            (hm(8, 35), hm(10, 15)),
        ),
    ];
    for (whose, times) in down {
        told.hits_one(whose, Severity::Down, times)?;
    }
    let workaround = text("All live services run from the Brent data centre where they can")?;
    let day = told.day;
    told.then(
        day,
        hm(11, 30),
        OutageFact::WorkedAround(WorkedAround { workaround }),
    );
    told.ends_with(&Ending {
        component: "core-network",
        class: "power",
        summary: "Equipment with a single supply hung on the one phase that was tripped",
        findings: "What is fed once is found and fed twice",
        actions: vec![(
            "second-supply",
            "Feed every device of the core network from two phases".to_owned(),
            "infrastructure",
            date(2020, 1, 31),
            date(2020, 2, 11),
        )],
        days: (date(2019, 10, 16), date(2019, 10, 24), date(2019, 11, 7)),
    })
}

/// Minutes since midnight.
fn hm(hour: i64, minute: i64) -> i64 {
    60 * hour + minute
}

/// A minute of a day in London on which the clocks do not change.
pub fn minute(day: Date, minute: i64) -> Timestamp {
    london_midnight(day) + SignedDuration::from_mins(minute)
}

/// All councils of the partnership.
pub fn everybody() -> Spelt<BTreeSet<Code>> {
    codes(&ALL_COUNCILS)
}
