//! Ordinary outages and planned maintenance from 2019 on: sample data.
//!
//! None is of the core network, the storage or the interconnect, whose outages are published. A
//! critical one goes with a P1 incident of its own, so there are never more of them than of those.
//! None touches the two services whose availability is published.

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{Effect, Narrowed, OutageFact, Severity, Widened};
use townclerk_domain::period::Month;
use townclerk_domain::ticket::Priority;

use super::aftermath::aftermath;
use super::named::everybody;
use super::weaknesses::{WEAKNESSES, Weakness};
use super::{Failure, Hit, Recorded, Story};
use crate::calendar::{Calendar, LAST_DAY};
use crate::catalogue::Catalogue;
use crate::dice::{Dice, Weighted};
use crate::spelling::{Spelt, code, log_of, on_the_minute, text};
use crate::targets::{CSCCM, EDUCATION};
use crate::tickets::Incident;

pub struct Ordinary<'a> {
    catalogue: &'a Catalogue,
    calendar: &'a Calendar,
    dice: &'a mut Dice,
    weaknesses: Weighted<Weakness>,
    stories: Vec<Story>,
}

/// A few each month, and one for about every second P1 incident.
pub fn stories(
    catalogue: &Catalogue,
    calendar: &Calendar,
    incidents: &[Incident],
    dice: &mut Dice,
) -> Spelt<Vec<Story>> {
    let mut ordinary = Ordinary::new(catalogue, calendar, dice);
    ordinary.minor()?;
    ordinary.critical(incidents)?;
    Ok(ordinary.stories)
}

/// One that is not critical and begins at `at`, without a name yet.
pub fn minor_story(
    catalogue: &Catalogue,
    calendar: &Calendar,
    at: Timestamp,
    dice: &mut Dice,
) -> Spelt<Option<Story>> {
    let mut ordinary = Ordinary::new(catalogue, calendar, dice);
    ordinary.minor_one(on_the_minute(at))?;
    Ok(ordinary.stories.pop())
}

impl<'a> Ordinary<'a> {
    fn new(catalogue: &'a Catalogue, calendar: &'a Calendar, dice: &'a mut Dice) -> Self {
        Self {
            catalogue,
            calendar,
            dice,
            weaknesses: Weighted::new(WEAKNESSES),
            stories: Vec::new(),
        }
    }

    fn minor(&mut self) -> Spelt<()> {
        let first = Month::of_day(date(2019, 1, 1));
        let months = (first.number()..=Month::of_day(LAST_DAY).number()).map(Month::from_number);
        for month in months {
            for _ in 0..self.dice.between(3, 6) {
                let days = (month.first_day(), month.last_day().min(LAST_DAY));
                let at = on_the_minute(self.calendar.arrival(days.0, days.1, self.dice));
                self.minor_one(at)?;
            }
        }
        Ok(())
    }

    fn minor_one(&mut self, at: Timestamp) -> Spelt<()> {
        let weakness = *self.weaknesses.pick(self.dice);
        let (log, councils) = if self.dice.percent(30) {
            (
                LogName::shared(),
                self.catalogue.several.pick(self.dice).clone(),
            )
        } else {
            let all = &self.catalogue.councils;
            let drawn = usize::try_from(self.dice.below(all.len() as u64)).unwrap_or(0);
            (
                all[drawn].log.clone(),
                BTreeSet::from([all[drawn].code.clone()]),
            )
        };
        let minutes = self.dice.between(15, 300);
        let mut story = self.story(weakness, log, councils, (at, minutes))?;
        if self.dice.percent(15) {
            self.plans(&mut story)?;
        } else if story.log.is_shared() {
            self.moves(&mut story)?;
        }
        story.recorded = self.recorded();
        aftermath(&mut story, self.calendar, self.dice)?;
        self.stories.push(story);
        Ok(())
    }

    fn story(
        &mut self,
        weakness: Weakness,
        log: LogName,
        councils: BTreeSet<Code>,
        (begins, minutes): (Timestamp, i64),
    ) -> Spelt<Story> {
        let (service, title, component, class, supplier) = weakness;
        let severity = if self.dice.percent(45) {
            Severity::Down
        } else {
            Severity::Degraded
        };
        let said = match severity {
            Severity::Down => "not available",
            Severity::Degraded => "slow or failing now and then",
        };
        let ends = begins + SignedDuration::from_mins(minutes);
        let service = code(service)?;
        let hits = councils.iter().map(|council| Hit {
            service: service.clone(),
            council: council.clone(),
            severity,
            from: begins,
            to: ends,
        });
        Ok(Story {
            hits: hits.collect(),
            log,
            name: String::new(),
            title: text(format!("{title} {said}"))?,
            summary: None,
            councils,
            critical: false,
            noticed: None,
            begins,
            ends,
            failure: Some(Failure {
                component: code(component)?,
                class: code(class)?,
                supplier: supplier.map(code).transpose()?,
            }),
            more: Vec::new(),
            recorded: Recorded::Soon(SignedDuration::from_mins(9)),
        })
    }

    /// It was no failure but maintenance, mostly of which notice was given days before.
    fn plans(&mut self, story: &mut Story) -> Spelt<()> {
        let hours = if self.dice.percent(70) {
            self.dice.between(4 * 24, 14 * 24)
        } else {
            self.dice.between(5, 40)
        };
        let noticed = story.begins - SignedDuration::from_mins(60 * hours + 7);
        if Month::of(noticed) < Month::of_day(date(2019, 1, 1)) {
            return Ok(());
        }
        let component = story.failure.take().map(|failure| failure.component);
        let component = component.as_ref().map_or("system", Code::as_str);
        story.noticed = Some(noticed);
        story.title = text(format!("Maintenance of {}", component.replace('-', " ")))?;
        Ok(())
    }

    /// Councils are not always hit all for the whole time.
    fn moves(&mut self, story: &mut Story) -> Spelt<()> {
        let lasts = story.ends.duration_since(story.begins).as_mins();
        let midway = story.begins + SignedDuration::from_mins(lasts / 2);
        match self.dice.below(100) {
            // One council was restored earlier.
            0..30 => {
                if let Some(first) = story.hits.first_mut() {
                    first.to = midway;
                }
            }
            30..60 => {
                let others = everybody()?.into_iter();
                let further = others.filter(|council| !story.councils.contains(council));
                let further: BTreeSet<Code> = further.collect();
                if !further.is_empty() {
                    story.more.push((midway, widened(story, further, midway)));
                }
            }
            60..80 => {
                let councils = story.councils.iter().take(1).cloned().collect();
                let fact = OutageFact::Narrowed(Narrowed { councils });
                story.more.push((midway, fact));
            }
            _ => {}
        }
        Ok(())
    }

    fn recorded(&mut self) -> Recorded {
        let minutes = |minutes| SignedDuration::from_mins(minutes);
        match self.dice.below(100) {
            0..7 => Recorded::Late(minutes(self.dice.between(1_500, 17_000))),
            7..12 => Recorded::TooLong(minutes(self.dice.between(10, 90))),
            _ => Recorded::Soon(minutes(self.dice.between(3, 25))),
        }
    }

    /// About every second P1 incident that stands alone was an outage.
    fn critical(&mut self, incidents: &[Incident]) -> Spelt<()> {
        let first = Month::of_day(date(2019, 1, 1));
        let stops = |incident: &&Incident| {
            let service = incident.service.as_str();
            incident.priority == Priority::P1
                && !incident.placed
                && Month::of(incident.at) >= first
                && service != CSCCM
                && service != EDUCATION
        };
        for incident in incidents.iter().filter(stops) {
            if !self.dice.percent(55) {
                continue;
            }
            let weaknesses: Vec<Weakness> = WEAKNESSES
                .iter()
                .map(|(weakness, _)| *weakness)
                .filter(|(service, ..)| *service == incident.service.as_str())
                .collect();
            let drawn = self.dice.below(weaknesses.len() as u64);
            let Some(weakness) = weaknesses.get(usize::try_from(drawn).unwrap_or(0)) else {
                continue;
            };
            let councils = match incident.log.council() {
                Some(council) => BTreeSet::from([council.clone()]),
                None => incident.councils.clone(),
            };
            // It begins in the month of its incident.
            let early = SignedDuration::from_mins(self.dice.between(3, 25));
            let begins = on_the_minute(incident.at - early);
            let month = Month::of(incident.at);
            if Month::of(begins) != month {
                continue;
            }
            let times = (begins, self.dice.between(40, 420));
            let mut story = self.story(*weakness, incident.log.clone(), councils, times)?;
            story.critical = true;
            story.title = text(format!("{} not available", weakness.1))?;
            for hit in &mut story.hits {
                hit.severity = Severity::Down;
            }
            aftermath(&mut story, self.calendar, self.dice)?;
            self.stories.push(story);
        }
        Ok(())
    }
}

fn widened(story: &Story, councils: BTreeSet<Code>, at: Timestamp) -> OutageFact {
    let like = story.hits.first();
    let effect = |council: &Code| {
        like.map(|hit| Effect {
            service: hit.service.clone(),
            council: council.clone(),
            severity: hit.severity,
            from: Some(at),
            to: None,
        })
    };
    OutageFact::Widened(Widened {
        effects: councils.iter().filter_map(effect).collect(),
        councils,
    })
}

/// One outage that was none: until it is voided it counts.
pub fn recorded_in_error(council: &Code, begins: Timestamp, dice: &mut Dice) -> Spelt<Story> {
    let ends = begins + SignedDuration::from_mins(dice.between(100, 200));
    let hit = Hit {
        service: code("telephony")?,
        council: council.clone(),
        severity: Severity::Down,
        from: begins,
        to: ends,
    };
    Ok(Story {
        log: log_of(council)?,
        name: String::new(),
        title: text("Telephony not available")?,
        summary: Some(text("It was a test of which nobody had been told")?),
        councils: BTreeSet::from([council.clone()]),
        critical: false,
        noticed: None,
        begins,
        ends,
        hits: vec![hit],
        failure: None,
        more: Vec::new(),
        recorded: Recorded::InError,
    })
}
