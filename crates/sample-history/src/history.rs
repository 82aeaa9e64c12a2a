//! The whole history: every log's events in the order in which they were recorded, as messages.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_contract::envelope::Message;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::ClaimFact;
use townclerk_domain::coverage::{CoverageFact, Declared, Ended, Selector};
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateKind, CallerId, Family, Token, created_aggregate};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::{Joined, PartnershipFact, membership};
use townclerk_domain::period::london_midnight;
use townclerk_domain::ticket::{Cause, CauseKind, Priority, TicketKind};

use crate::calendar::{Calendar, FIRST_DAY, LAST_DAY};
use crate::catalogue::{Catalogue, Council};
use crate::demand::{Demand, demands};
use crate::dice::Dice;
use crate::life::life;
use crate::malformed;
use crate::message::{Entry, messages, source};
use crate::recording::{Ticket, recorded};
use crate::targets;

/// The seed of the demonstration that everybody sees.
pub const SEED: u64 = 20_200_821;

/// Who recorded it.
pub const CALLER: &str = "sample-history";

/// The first day that the record promises to hold whole.
const COVERED_FROM: Date = date(2019, 1, 1);

/// The day of the paper that the claims come from, and the hour at which they were recorded.
const PAPER: (Date, SignedDuration) = (date(2020, 9, 16), SignedDuration::from_hours(10));

/// For how long an incident that stops a service makes further tickets.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(48);

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
    let mut dice = Dice::new(seed);
    let demands = demands(&catalogue, &calendar, &mut dice);
    let mut books = Books::open(&catalogue)?;
    books.memberships(&catalogue.councils)?;
    books.coverages_declared()?;
    books.tickets(&demands, &catalogue, &calendar, &mut dice)?;
    books.coverages_ended(calendar.end)?;
    books.claims()?;
    books.close()
}

/// The logs while they are written.
struct Books {
    caller: CallerId,
    logs: BTreeMap<LogName, Vec<Entry>>,
    /// The system that tickets come from, and those that keep the record and the membership.
    desk: Code,
    registry: Code,
    partnership: Code,
}

impl Books {
    fn open(catalogue: &Catalogue) -> Result<Self, serde_json::Error> {
        let councils = catalogue.councils.iter().map(|council| council.log.clone());
        let logs = councils.chain([LogName::shared()]);
        Ok(Self {
            caller: token(CALLER)?,
            logs: logs.map(|log| (log, Vec::new())).collect(),
            desk: Code::new("hornbill").map_err(malformed)?,
            registry: Code::new("registry").map_err(malformed)?,
            partnership: Code::new("partnership").map_err(malformed)?,
        })
    }

    fn memberships(&mut self, councils: &[Council]) -> Result<(), serde_json::Error> {
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

    fn coverages_declared(&mut self) -> Result<(), serde_json::Error> {
        let declared = CoverageFact::CoverageDeclared(Declared {
            selector: Selector::whole(Family::Ticket),
            from: COVERED_FROM,
            through: None,
        });
        self.coverages("coverage-1", london_midnight(COVERED_FROM), &declared)
    }

    fn coverages_ended(&mut self, at: Timestamp) -> Result<(), serde_json::Error> {
        let ended = CoverageFact::CoverageEnded(Ended { through: LAST_DAY });
        self.coverages("coverage-2", at, &ended)
    }

    /// The same fact about the one coverage of each log.
    fn coverages(
        &mut self,
        command: &str,
        at: Timestamp,
        fact: &CoverageFact,
    ) -> Result<(), serde_json::Error> {
        let (kind, creating) = (AggregateKind::Coverage, token("coverage-1")?);
        let logs: Vec<LogName> = self.logs.keys().cloned().collect();
        for log in &logs {
            let entry = Entry {
                source: source(log, &self.registry),
                aggregate: created_aggregate(log, kind, &self.caller, &creating),
                command: token(command)?,
                correlation: token("coverage")?,
                happened: at,
                recorded: at,
                event: Event::Coverage(Recordable::Fact(fact.clone())),
            };
            self.enter(entry);
        }
        Ok(())
    }

    fn claims(&mut self) -> Result<(), serde_json::Error> {
        let (day, hour) = PAPER;
        let at = london_midnight(day) + hour;
        for (index, claim) in targets::claims()?.into_iter().enumerate() {
            let log = claim.scope.home();
            let name = token(&format!("claim-{:02}", index + 1))?;
            let entry = Entry {
                source: source(&log, &self.registry),
                aggregate: created_aggregate(&log, AggregateKind::Claim, &self.caller, &name),
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

    fn tickets(
        &mut self,
        demands: &[Demand<'_>],
        catalogue: &Catalogue,
        calendar: &Calendar,
        dice: &mut Dice,
    ) -> Result<(), serde_json::Error> {
        let mut numbers: BTreeMap<&LogName, usize> = BTreeMap::new();
        let mut stoppages: Vec<(&Demand<'_>, Cause)> = Vec::new();
        for demand in demands {
            let number = numbers.entry(&demand.log).or_default();
            *number += 1;
            let ticket = Ticket::new(&demand.log, *number, &self.caller)?;
            let cause = cause(demand, &stoppages, dice);
            let happened = life(demand, cause, catalogue, calendar, dice);
            let steps = recorded(&ticket, demand, happened, catalogue, calendar.end, dice)?;
            for step in steps {
                let entry = Entry {
                    source: source(&ticket.log, &self.desk),
                    aggregate: ticket.aggregate,
                    command: step.command,
                    correlation: ticket.token.clone(),
                    happened: step.happened,
                    recorded: step.recorded,
                    event: Event::Ticket(step.what),
                };
                self.enter(entry);
            }
            if demand.logged.priority == Priority::P1 && !demand.voided {
                let cause = Cause {
                    log: ticket.log,
                    kind: CauseKind::Ticket,
                    id: ticket.aggregate.id,
                };
                stoppages.push((demand, cause));
            }
        }
        Ok(())
    }

    fn enter(&mut self, entry: Entry) {
        let log = entry.source.log.clone();
        self.logs.entry(log).or_default().push(entry);
    }

    /// All messages. Each log is written by a thread of its own: nearly all of the time goes into
    /// digests, ids and JSON.
    fn close(self) -> Result<History, serde_json::Error> {
        let caller = &self.caller;
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

/// An incident soon after a P1 of its council is now and then found to come from it.
fn cause(
    demand: &Demand<'_>,
    stoppages: &[(&Demand<'_>, Cause)],
    dice: &mut Dice,
) -> Option<Cause> {
    let logged = &demand.logged;
    if logged.kind != TicketKind::Incident || logged.priority == Priority::P1 {
        return None;
    }
    let council = demand.log.council()?;
    let (_, cause) = stoppages
        .iter()
        .rev()
        .take_while(|(stoppage, _)| demand.at.duration_since(stoppage.at) < AFTERMATH)
        .find(|(stoppage, _)| stoppage.hits(council))?;
    dice.percent(7).then(|| cause.clone())
}

fn token(text: &str) -> Result<Token, serde_json::Error> {
    Token::new(text).map_err(malformed)
}
