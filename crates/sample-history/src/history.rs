//! The whole history: every log's events in the order in which they were recorded, as messages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use townclerk_contract::envelope::Message;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::ClaimFact;
use townclerk_domain::coverage::{CoverageFact, Declared, Ended, Selector};
use townclerk_domain::event::{Event, Recording};
use townclerk_domain::identity::{AggregateKind, Family, Token, created_aggregate};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::{Joined, PartnershipFact, membership};
use townclerk_domain::period::london_midnight;

use crate::calendar::{Calendar, FIRST_DAY, LAST_DAY};
use crate::catalogue::{Catalogue, Council};
use crate::changes::freezes::{Freezes, freezes, gate};
use crate::changes::ordinary::Stream;
use crate::changes::projects;
use crate::chronicle::{Chronicle, Recorder};
use crate::demand::demands;
use crate::dice::Dice;
use crate::message::{Entry, messages, source};
use crate::outages::numbered::{Culprit, numbered};
use crate::outages::{downtime, interconnect, named, ordinary, recovery, storage};
use crate::placement::placements;
use crate::spelling::{Spelt, moment};
use crate::tickets::{Desk, Incident, Tickets};
use crate::{agreements, malformed, restructure, service_levels, targets};

/// The seed of the demonstration that everybody sees.
pub const SEED: u64 = 20_200_821;

/// Who recorded it.
pub const CALLER: &str = "sample-history";

/// From when on the record promises to hold each family whole, and the name of the promise.
const COVERED: [(Family, Date, &str); 4] = [
    (Family::Ticket, date(2019, 1, 1), "coverage"),
    (Family::Outage, FIRST_DAY, "coverage-outage"),
    (Family::Change, FIRST_DAY, "coverage-change"),
    (
        Family::Restructure,
        date(2018, 4, 1),
        "coverage-restructure",
    ),
];

/// When the outage that was none is said to have begun.
const NO_OUTAGE: &str = "2019-09-18T09:05:00Z";

/// One history: for each log its messages in order, ready to be appended from sequence 1.
pub struct History {
    pub logs: BTreeMap<LogName, Vec<Message>>,
}

/// The history that follows from `seed`.
///
/// # Errors
/// None for the tables of this crate; the type of the error is the serialiser's.
pub fn demonstration(seed: u64) -> Result<History, serde_json::Error> {
    let catalogue = Catalogue::new()?;
    let calendar = Calendar::new();
    let recorder = Recorder {
        caller: token(CALLER)?,
        end: calendar.end,
    };
    let told = Telling {
        seed,
        catalogue: &catalogue,
        calendar: &calendar,
        recorder: &recorder,
    };
    let mut books = Books::open(&catalogue, &recorder)?;
    books.memberships(&catalogue.councils)?;
    books.coverages_declared()?;
    books.service_levels()?;
    let tickets = told.tickets()?;
    books.enter_all(tickets.entries);
    let culprits = told.outages(&tickets.incidents, &mut books)?;
    told.changes(&tickets.incidents, &culprits, &mut books)?;
    let posts = restructure::entries(&recorder, &mut told.dice("posts"))?;
    books.enter_all(posts);
    books.coverages_ended(calendar.end)?;
    books.claims()?;
    books.close()
}

/// What everything is told from.
struct Telling<'a> {
    seed: u64,
    catalogue: &'a Catalogue,
    calendar: &'a Calendar,
    recorder: &'a Recorder,
}

impl<'a> Telling<'a> {
    /// Dice of its own for each part, so that a change of one leaves the others as they are.
    fn dice(&self, part: &str) -> Dice {
        let mixed = part.bytes().fold(self.seed, |mixed, byte| {
            mixed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
        });
        Dice::new(mixed)
    }

    fn tickets(&self) -> Spelt<Tickets> {
        let mut dice = Dice::new(self.seed);
        let mut notice_dice = self.dice("notices");
        let demands = demands(self.catalogue, self.calendar, &mut dice);
        let stories = named::stories(self.recorder)?;
        let mut notices = vec![storage::notice(self.recorder)?];
        notices.extend(named::notices(&stories, self.recorder)?);
        let retold = placements(&demands, notices, self.catalogue, &mut notice_dice)?;
        let desk = Desk {
            demands: &demands,
            retold,
            catalogue: self.catalogue,
            calendar: self.calendar,
            caller: &self.recorder.caller,
            system: Code::new("hornbill").map_err(malformed)?,
        };
        desk.tickets(&mut dice, &mut notice_dice)
    }

    /// Gives back the changes by which some were caused.
    fn outages(&self, incidents: &[Incident], books: &mut Books<'a>) -> Spelt<Vec<Culprit>> {
        let recorder = self.recorder;
        let named = named::stories(recorder)?;
        let mut dice = self.dice("outages");
        let mut stories = ordinary::stories(self.catalogue, self.calendar, incidents, &mut dice)?;
        let council = &self.catalogue.councils[0].code;
        let begins = moment(NO_OUTAGE)?;
        stories.push(ordinary::recorded_in_error(council, begins, &mut dice)?);
        stories.extend(downtime::stories(
            &named,
            self.calendar,
            &mut self.dice("downtime"),
        )?);
        let culprits = numbered(&mut stories, recorder)?;
        for story in named.iter().chain(&stories) {
            books.enter_told(story.tell(recorder)?)?;
        }
        books.enter_told(storage::tell(recorder)?)?;
        for told in interconnect::tell(recorder)? {
            books.enter_told(told)?;
        }
        for told in recovery::tell(recorder)? {
            books.enter_told(told)?;
        }
        for council in &self.catalogue.councils {
            books.enter_told(agreements::tell(recorder, &council.log)?)?;
        }
        Ok(culprits)
    }

    fn changes(
        &self,
        incidents: &[Incident],
        culprits: &[Culprit],
        books: &mut Books<'a>,
    ) -> Spelt<()> {
        let recorder = self.recorder;
        for told in freezes(recorder)? {
            books.enter_told(told)?;
        }
        books.enter_told(gate(recorder)?)?;
        let held = Freezes::new()?;
        let mut dice = self.dice("changes");
        let stream = Stream::new(self.catalogue, self.calendar, &held, incidents, &mut dice);
        let mut plans = stream.plans()?;
        plans.extend(projects::plans(recorder, culprits)?);
        for plan in plans {
            books.enter_told(plan.tell(recorder, self.calendar)?)?;
        }
        Ok(())
    }
}

/// The logs while they are written.
struct Books<'a> {
    recorder: &'a Recorder,
    logs: BTreeMap<LogName, Vec<Entry>>,
    /// The systems that keep the record and the membership.
    registry: Code,
    partnership: Code,
}

impl<'a> Books<'a> {
    fn open(catalogue: &Catalogue, recorder: &'a Recorder) -> Spelt<Self> {
        let councils = catalogue.councils.iter().map(|council| council.log.clone());
        let logs = councils.chain([LogName::shared()]);
        Ok(Self {
            recorder,
            logs: logs.map(|log| (log, Vec::new())).collect(),
            registry: Code::new("registry").map_err(malformed)?,
            partnership: Code::new("partnership").map_err(malformed)?,
        })
    }

    fn memberships(&mut self, councils: &[Council]) -> Spelt<()> {
        for council in councils {
            let fact = PartnershipFact::CouncilJoined(Joined {
                council: council.code.clone(),
                name: format!("London Borough of {}", council.name),
                gss_code: Some(council.gss_code.to_owned()),
                from: council.joined,
            });
            let name = format!("membership-{}", council.code);
            let entry = Entry {
                source: source(&LogName::shared(), &self.partnership),
                aggregate: membership(&council.code),
                command: token(&format!("{name}-1"))?,
                correlation: token(&name)?,
                happened: london_midnight(council.joined),
                recorded: london_midnight(FIRST_DAY),
                event: Event::Partnership(Recordable::Fact(fact)),
            };
            self.enter(entry);
        }
        Ok(())
    }

    fn coverages_declared(&mut self) -> Spelt<()> {
        for (family, from, name) in COVERED {
            let declared = CoverageFact::CoverageDeclared(Declared {
                selector: Selector::whole(family),
                from,
                through: None,
            });
            self.coverages((name, 1), london_midnight(from), &declared)?;
        }
        Ok(())
    }

    /// What every log agreed on its tickets, before the first of them.
    fn service_levels(&mut self) -> Spelt<()> {
        let logs: Vec<LogName> = self.logs.keys().cloned().collect();
        for log in &logs {
            let told = service_levels::tell(self.recorder, log, FIRST_DAY)?;
            self.enter_told(told.targets)?;
            self.enter_told(told.hours)?;
            self.enter_told(told.holidays)?;
        }
        Ok(())
    }

    fn coverages_ended(&mut self, at: Timestamp) -> Spelt<()> {
        let ended = CoverageFact::CoverageEnded(Ended { through: LAST_DAY });
        for (_, _, name) in COVERED {
            self.coverages((name, 2), at, &ended)?;
        }
        Ok(())
    }

    /// The same fact about one coverage of each log.
    fn coverages(
        &mut self,
        (name, number): (&str, usize),
        at: Timestamp,
        fact: &CoverageFact,
    ) -> Spelt<()> {
        let logs: Vec<LogName> = self.logs.keys().cloned().collect();
        for log in &logs {
            let entry = Entry {
                source: source(log, &self.registry),
                aggregate: self
                    .recorder
                    .aggregate(log, AggregateKind::Coverage, name)?,
                command: token(&format!("{name}-{number}"))?,
                correlation: token(name)?,
                happened: at,
                recorded: at,
                event: Event::Coverage(Recordable::Fact(fact.clone())),
            };
            self.enter(entry);
        }
        Ok(())
    }

    fn claims(&mut self) -> Spelt<()> {
        for (index, claim) in targets::claims()?.into_iter().enumerate() {
            let at = claim.paper.recorded();
            let claim = claim.published;
            let log = claim.scope.home();
            let name = token(&format!("claim-{:02}", index + 1))?;
            let caller = &self.recorder.caller;
            let entry = Entry {
                source: source(&log, &self.registry),
                aggregate: created_aggregate(&log, AggregateKind::Claim, caller, &name),
                command: name.clone(),
                correlation: name,
                happened: at,
                recorded: at,
                event: Event::Claim(Recordable::Fact(ClaimFact::ClaimPublished(claim))),
            };
            self.enter(entry);
        }
        Ok(())
    }

    fn enter_told<R: Recording>(&mut self, told: Chronicle<'_, R>) -> Spelt<()> {
        self.enter_all(told.entries()?);
        Ok(())
    }

    fn enter_all(&mut self, entries: Vec<Entry>) {
        entries.into_iter().for_each(|entry| self.enter(entry));
    }

    fn enter(&mut self, entry: Entry) {
        let log = entry.source.log.clone();
        self.logs.entry(log).or_default().push(entry);
    }

    /// All messages. Each log is written by a thread of its own: nearly all of the time goes into
    /// digests, ids and JSON.
    fn close(self) -> Spelt<History> {
        let caller = &self.recorder.caller;
        let logs = std::thread::scope(|scope| {
            let writers: Vec<_> = self
                .logs
                .into_iter()
                .map(|(log, entries)| (log, scope.spawn(move || messages(entries, caller))))
                .collect();
            writers
                .into_iter()
                .map(|(log, writer)| {
                    let ended = writer.join().map_err(|_| malformed("a writer stopped"))?;
                    Ok((log, ended?))
                })
                .collect::<Result<_, serde_json::Error>>()
        })?;
        Ok(History { logs })
    }
}

fn token(text: &str) -> Spelt<Token> {
    Token::new(text).map_err(malformed)
}
