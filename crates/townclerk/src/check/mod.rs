//! What is wrong in a partner's feed, found before it is sent: facts as they would be sent are read,
//! put to the rules of the record, and looked at for what makes figures wrong.
//!
//! It needs neither network nor record. What the record holds already it does not know: of a feed
//! that continues earlier ones, records that began before cannot be judged.

mod duplicates;
mod feed;
mod finding;
mod holds;
mod reading;
mod records;
mod report;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead};

use jiff::Timestamp;
use townclerk_contract::fact::Fact;
use townclerk_contract::subject::partner_id;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::decider::EARLIEST;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{CallerId, Token};
use townclerk_domain::names::Code;
use townclerk_domain::outage::OutageRules;
use townclerk_domain::ticket::TicketRules;

use self::duplicates::{Seen, SeenIds};
use self::feed::{Feed, Piece};
use self::finding::{Findings, Place, Sort};
use self::records::{Records, Told};
pub use self::report::Report;

/// What a feed is held against.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// The council and the system that every fact must name; else those of the first fact.
    pub council: Option<Code>,
    pub system: Option<Code>,
    /// Whether records may have begun in an earlier feed.
    pub continues: bool,
    /// After how many days an open ticket that never waited is remarkable.
    pub open_days: u32,
    /// How many findings of a sort are told one by one; all are counted.
    pub told_of_each: usize,
    pub now: Timestamp,
}

/// Reads a whole feed and says what is wrong with it.
///
/// # Errors
/// The feed cannot be read to its end.
pub fn check(feed: impl BufRead, expectations: &Expectations) -> io::Result<Report> {
    let mut feed = Feed::open(feed)?;
    let mut check = Check::new(expectations);
    if feed.has_mark() {
        check.findings.add(finding::byte_order_mark());
    }
    while let Some(piece) = feed.next()? {
        check.piece(piece);
    }
    Ok(check.finish())
}

/// Everything that is kept while a feed is read: an id for each fact, and the facts of each record.
struct Check<'a> {
    expectations: &'a Expectations,
    council: Option<Code>,
    system: Option<Code>,
    seen: SeenIds,
    tickets: Records<TicketRules>,
    changes: Records<ChangeRules>,
    outages: Records<OutageRules>,
    findings: Findings,
    facts: u64,
    readable: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl<'a> Check<'a> {
    fn new(expectations: &'a Expectations) -> Self {
        Self {
            expectations,
            council: expectations.council.clone(),
            system: expectations.system.clone(),
            seen: SeenIds::default(),
            tickets: Records::default(),
            changes: Records::default(),
            outages: Records::default(),
            findings: Findings::new(expectations.told_of_each),
            facts: 0,
            readable: 0,
            first: None,
            last: None,
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.facts += 1;
        let place = piece.place;
        match reading::read(piece) {
            Ok(fact) => {
                self.readable += 1;
                self.fact(place, fact);
            }
            Err(unread) => {
                // What is told of this record later may follow from what could not be read here.
                if let Some((kind, reference)) = &unread.record {
                    self.tickets.left_out(*kind, reference, place);
                    self.changes.left_out(*kind, reference, place);
                    self.outages.left_out(*kind, reference, place);
                }
                for finding in unread.findings {
                    self.findings.add(finding);
                }
            }
        }
    }

    fn fact(&mut self, place: Place, fact: Fact) {
        let Some((council, system)) = self.of_this_tool(place, &fact) else {
            return;
        };
        let known = self.seen.look(&fact, place);
        match known {
            Seen::First => {}
            Seen::Same(earlier) => {
                self.findings.add(finding::duplicate(place, &fact, earlier));
                return;
            }
            Seen::Other(earlier) => {
                self.findings.add(finding::id_reused(place, &fact, earlier));
                match fact.event.clone() {
                    Event::Ticket(what) => self.tickets.reused(place, &fact, what),
                    Event::Change(what) => self.changes.reused(place, &fact, what),
                    Event::Outage(what) => self.outages.reused(place, &fact, what),
                    // No other kind is read as a fact.
                    _ => {}
                }
                return;
            }
        }
        self.period(place, &fact);
        let Ok(caller) = CallerId::new(partner_id(&council, &system)) else {
            return;
        };
        self.told(place, &fact, caller);
    }

    /// What is refused for its time alone says nothing of the time that the feed tells of.
    fn period(&mut self, place: Place, fact: &Fact) {
        let happened = fact.happened;
        if happened < EARLIEST || happened > self.expectations.now {
            return;
        }
        if happened < finding::LONG_AGO {
            self.findings.add(finding::long_ago(place, fact));
            return;
        }
        self.first = Some(self.first.map_or(happened, |first| first.min(happened)));
        self.last = Some(self.last.map_or(happened, |last| last.max(happened)));
    }

    fn told(&mut self, place: Place, fact: &Fact, caller: CallerId) {
        let told = Told {
            place,
            fact,
            caller,
            now: self.expectations.now,
        };
        let findings = &mut self.findings;
        match fact.event.clone() {
            Event::Ticket(what) => self.tickets.take(&told, what, findings),
            Event::Change(what) => self.changes.take(&told, what, findings),
            Event::Outage(what) => self.outages.take(&told, what, findings),
            // No other kind is read as a fact.
            _ => {}
        }
    }

    /// The council and system of the feed, if the fact is of them.
    fn of_this_tool(&mut self, place: Place, fact: &Fact) -> Option<(Code, Code)> {
        let Some(council) = fact.council.council() else {
            self.findings.add(finding::of_shared(place, fact));
            return None;
        };
        let expected = self.council.get_or_insert_with(|| council.clone()).clone();
        if expected != *council {
            self.findings
                .add(finding::other(place, fact, Sort::OtherCouncil, &expected));
            return None;
        }
        let system = &fact.system;
        let expected = self.system.get_or_insert_with(|| system.clone()).clone();
        if expected != *system {
            self.findings
                .add(finding::other(place, fact, Sort::OtherSystem, &expected));
            return None;
        }
        Some((council.clone(), expected))
    }

    fn finish(mut self) -> Report {
        let findings = &mut self.findings;
        if self.facts == 0 {
            findings.add(finding::no_facts());
        }
        let continues = self.expectations.continues;
        self.tickets.finish(continues, findings);
        self.changes.finish(continues, findings);
        self.outages.finish(continues, findings);
        let open_days = self.expectations.open_days;
        holds::look(&self.tickets, self.last, open_days, findings);
        Report {
            council: self.council,
            system: self.system,
            facts: self.facts,
            readable: self.readable,
            tickets: self.tickets.begun(),
            changes: self.changes.begun(),
            outages: self.outages.begun(),
            first: self.first,
            last: self.last,
            tally: self.findings.tally(),
            findings: self.findings.in_order(),
        }
    }
}

/// A record as people know it.
fn named(kind: townclerk_domain::identity::AggregateKind, reference: &Token) -> String {
    format!("{kind}/{reference}")
}
