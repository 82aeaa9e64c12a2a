//! A history of any length for measurements: the lives of the demonstration, a hundred and fifty
//! thousand tickets a year, in the order in which a living system would have recorded them.
//!
//! It is told day by day. What a day's records will have recorded later waits in memory until its
//! time comes, so memory is bounded by what is unfinished on one day, however long the history is.
//! Nothing published is in it.

mod day;
mod opening;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use townclerk_contract::envelope::Message;
use townclerk_domain::event::Recording;
use townclerk_domain::identity::Token;
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;

use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::chronicle::{Chronicle, Recorder};
use crate::dice::Dice;
use crate::history::CALLER;
use crate::message::{Entry, message};
use crate::spelling::Spelt;
use crate::{malformed, service_levels};
use day::Days;

/// The first day, and the last one that anything is told of: room for about twelve million events.
const FIRST_DAY: Date = date(2010, 1, 1);
const LAST_DAY: Date = date(2020, 12, 31);

/// The messages of all logs, each with the log that it belongs to.
pub struct Volume {
    days: Days,
    recorder: Recorder,
    waiting: Waiting,
    /// The day that is told next.
    next_day: Date,
    left: u64,
}

/// The first `events` events of the history that follows from `seed`. The same seed gives the same
/// bytes, and a shorter history is the beginning of a longer one.
///
/// # Errors
/// None for the tables of this crate; the type of the error is the serialiser's.
pub fn volume(seed: u64, events: u64) -> Result<Volume, serde_json::Error> {
    let calendar = Calendar::between(FIRST_DAY, LAST_DAY);
    let recorder = Recorder {
        caller: Token::new(CALLER).map_err(malformed)?,
        end: calendar.end,
    };
    let catalogue = Catalogue::new()?;
    let mut waiting = Waiting::default();
    for entry in opening::entries(&recorder, &catalogue.councils, FIRST_DAY)? {
        waiting.enter(entry);
    }
    let councils = catalogue.councils.iter().map(|council| council.log.clone());
    for log in councils.chain([LogName::shared()]) {
        let told = service_levels::tell(&recorder, &log, FIRST_DAY)?;
        waiting.enter_told(told.targets)?;
        waiting.enter_told(told.hours)?;
        waiting.enter_told(told.holidays)?;
    }
    Ok(Volume {
        days: Days::new(catalogue, calendar, FIRST_DAY, Dice::new(seed)),
        recorder,
        waiting,
        next_day: FIRST_DAY,
        left: events,
    })
}

impl Iterator for Volume {
    type Item = Result<(LogName, Message), serde_json::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.next_message().transpose()
    }
}

impl Volume {
    fn next_message(&mut self) -> Spelt<Option<(LogName, Message)>> {
        loop {
            // Nothing of a day that is not told yet is recorded before that day.
            let settled = match self.next_day <= LAST_DAY {
                true => london_midnight(self.next_day),
                false => Timestamp::MAX,
            };
            if let Some(entry) = self.waiting.first_before(settled) {
                let log = entry.source.log.clone();
                return Ok(Some((log, message(entry, &self.recorder.caller)?)));
            }
            if self.next_day > LAST_DAY {
                return Ok(None);
            }
            self.days
                .tell(self.next_day, &self.recorder, &mut self.waiting)?;
            self.next_day = self.next_day.tomorrow().map_err(malformed)?;
        }
    }
}

/// What was told and is not recorded yet, in the order of its recording. What is recorded at one
/// moment keeps the order in which it was entered.
#[derive(Default)]
struct Waiting {
    entries: BTreeMap<(Timestamp, u64), Entry>,
    entered: u64,
}

impl Waiting {
    fn enter(&mut self, entry: Entry) {
        self.entered += 1;
        self.entries.insert((entry.recorded, self.entered), entry);
    }

    fn enter_told<R: Recording>(&mut self, told: Chronicle<'_, R>) -> Spelt<()> {
        told.entries()?
            .into_iter()
            .for_each(|entry| self.enter(entry));
        Ok(())
    }

    fn first_before(&mut self, limit: Timestamp) -> Option<Entry> {
        let first = self.entries.first_entry()?;
        (first.key().0 < limit).then(|| first.remove())
    }
}
