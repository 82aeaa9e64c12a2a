//! Outages of the two services whose availability is published.
//!
//! What the named outages leave of the publisher's downtime in a month is divided into episodes on
//! different days. Some episodes are two outages that overlap, so that their sum is not their union;
//! some are maintenance that was announced too late to be excluded.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::Severity;
use townclerk_domain::period::{Month, london_day, london_midnight};

use super::aftermath::aftermath;
use super::{Failure, Hit, Recorded, Story};
use crate::calendar::Calendar;
use crate::dice::Dice;
use crate::spelling::{Spelt, code, codes, log_of, text};
use crate::targets::{CHILDRENS_SOCIAL_CARE, EDUCATION, PUBLISHER, downtime_months};

/// How each of the services fails: class of cause, and the supplier where it was one's.
const CAUSES: [(&str, Option<&str>); 6] = [
    ("software", Some("application-supplier")),
    ("software", None),
    ("capacity", None),
    ("capacity", None),
    ("hardware", None),
    ("change", None),
];

/// Sundays on which the publisher's service was maintained by night, announced nine days before.
const MAINTAINED: [(&str, Date); 5] = [
    (CHILDRENS_SOCIAL_CARE, date(2019, 8, 18)),
    (EDUCATION, date(2019, 9, 15)),
    (CHILDRENS_SOCIAL_CARE, date(2019, 11, 17)),
    (EDUCATION, date(2020, 2, 16)),
    (CHILDRENS_SOCIAL_CARE, date(2020, 5, 17)),
];

/// Minutes down in the publisher's last month, of which nothing was published.
const LAST_MONTH: [(&str, Date, i64); 2] = [
    (CHILDRENS_SOCIAL_CARE, date(2020, 8, 5), 35),
    (EDUCATION, date(2020, 8, 12), 20),
];

/// Minutes of a day's downtime are divided into about this many.
const EPISODE: i64 = 200;

pub struct Downtime<'a> {
    named: &'a [Story],
    calendar: &'a Calendar,
    dice: &'a mut Dice,
    stories: Vec<Story>,
    episodes: usize,
}

/// All outages of the two services but the named ones.
pub fn stories(named: &[Story], calendar: &Calendar, dice: &mut Dice) -> Spelt<Vec<Story>> {
    let mut downtime = Downtime {
        named,
        calendar,
        dice,
        stories: Vec::new(),
        episodes: 0,
    };
    for (service, month, minutes) in downtime_months() {
        downtime.published(service, month, minutes)?;
        downtime.elsewhere(service, month)?;
    }
    for (service, day, minutes) in LAST_MONTH {
        let begins = london_midnight(day) + SignedDuration::from_mins(10 * 60 + 14);
        downtime.tell(service, &[PUBLISHER], (begins, minutes))?;
    }
    for (service, day) in MAINTAINED {
        downtime.maintained(service, day)?;
    }
    Ok(downtime.stories)
}

impl Downtime<'_> {
    /// What the publisher's service was down in a month.
    fn published(&mut self, service: &str, month: Month, minutes: i64) -> Spelt<()> {
        let named = self.named.iter();
        let named = named.filter(|story| Month::of(story.begins) == month);
        let told: i64 = named
            .map(|story| story.minutes_down(service, PUBLISHER))
            .sum();
        let left = minutes - told;
        if left <= 0 {
            return Ok(());
        }
        let mut free = self.free_days(month);
        for piece in self.divided(left) {
            let drawn = usize::try_from(self.dice.below(free.len() as u64)).unwrap_or(0);
            let day = free.remove(drawn);
            let minute = self.dice.between(8 * 60, 13 * 60);
            let begins = london_midnight(day) + SignedDuration::from_mins(minute);
            self.episode(service, begins, piece)?;
        }
        Ok(())
    }

    /// Days of a month on which nothing is told yet, its edges left out.
    fn free_days(&self, month: Month) -> Vec<Date> {
        let told: BTreeSet<Date> = self
            .named
            .iter()
            .map(|story| london_day(story.begins))
            .collect();
        let days = month.first_day().series(jiff::Span::new().days(1));
        days.skip(1)
            .take_while(|day| *day < month.last_day())
            .filter(|day| !told.contains(day))
            .collect()
    }

    /// Several parts of unequal length, of at least some minutes each.
    fn divided(&mut self, minutes: i64) -> Vec<i64> {
        let parts = 1 + minutes / EPISODE;
        let weights: Vec<i64> = (0..parts).map(|_| self.dice.between(50, 150)).collect();
        let total: i64 = weights.iter().sum();
        let mut left = minutes;
        let mut pieces: Vec<i64> = weights
            .iter()
            .skip(1)
            .map(|weight| {
                let piece = minutes * weight / total;
                left -= piece;
                piece
            })
            .collect();
        pieces.push(left);
        pieces
    }

    fn episode(&mut self, service: &str, begins: Timestamp, minutes: i64) -> Spelt<()> {
        self.episodes += 1;
        let other = ["brent", "southwark"][self.episodes % 2];
        match self.episodes % 7 {
            3 => self.tell(service, &[PUBLISHER, other], (begins, minutes)),
            // Together they last as long as the episode.
            5 if minutes >= 30 => {
                let third = minutes / 3;
                self.tell(service, &[PUBLISHER], (begins, minutes - third))?;
                let later = begins + SignedDuration::from_mins(third);
                self.tell(service, &[PUBLISHER, other], (later, minutes - third))
            }
            0 => {
                let hours = self.dice.between(20, 47);
                let noticed = begins - SignedDuration::from_hours(hours);
                self.maintenance(service, noticed, (begins, minutes))
            }
            _ => self.tell(service, &[PUBLISHER], (begins, minutes)),
        }
    }

    /// The other councils' services are down now and then, and far less than the agreement allows.
    fn elsewhere(&mut self, service: &str, month: Month) -> Spelt<()> {
        for council in ["brent", "southwark"] {
            let free = self.free_days(month);
            let day = free[usize::try_from(self.dice.below(free.len() as u64)).unwrap_or(0)];
            let minute = self.dice.between(7 * 60, 16 * 60);
            let minutes = self.dice.between(15, 150);
            if self.dice.percent(45) {
                let begins = london_midnight(day) + SignedDuration::from_mins(minute);
                self.tell(service, &[council], (begins, minutes))?;
            }
        }
        Ok(())
    }

    /// An outage of the first council's service; of a second one's it is a part of the time.
    fn tell(
        &mut self,
        service: &str,
        councils: &[&str],
        (begins, minutes): (Timestamp, i64),
    ) -> Spelt<()> {
        let mut story = story(service, councils, (begins, minutes))?;
        for (place, hit) in story.hits.iter_mut().enumerate() {
            if place > 0 {
                hit.to = begins + SignedDuration::from_mins(minutes.min(self.dice.between(20, 60)));
            }
        }
        let (class, supplier) = CAUSES[usize::try_from(self.dice.below(6)).unwrap_or(0)];
        story.failure = Some(Failure {
            component: code(&format!("{service}-system"))?,
            class: code(class)?,
            supplier: supplier.map(code).transpose()?,
        });
        let told = self.stories.len();
        story.recorded = match (told % 11, told % 13) {
            (5, _) => Recorded::Late(SignedDuration::from_hours(self.dice.between(100, 300))),
            (_, 7) => Recorded::TooLong(SignedDuration::from_mins(25)),
            _ => Recorded::Soon(SignedDuration::from_mins(self.dice.between(3, 20))),
        };
        aftermath(&mut story, self.calendar, self.dice)?;
        self.stories.push(story);
        Ok(())
    }

    /// By night, and announced in time: it is no downtime.
    fn maintained(&mut self, service: &str, day: Date) -> Spelt<()> {
        let begins = london_midnight(day) + SignedDuration::from_hours(2);
        let noticed = begins - SignedDuration::from_hours(9 * 24 - 9);
        self.maintenance(service, noticed, (begins, 180))
    }

    fn maintenance(
        &mut self,
        service: &str,
        noticed: Timestamp,
        times: (Timestamp, i64),
    ) -> Spelt<()> {
        let mut story = story(service, &[PUBLISHER], times)?;
        story.noticed = Some(noticed);
        story.title = text(format!("Maintenance of the {}", title_of(service)))?;
        aftermath(&mut story, self.calendar, self.dice)?;
        self.stories.push(story);
        Ok(())
    }
}

/// As people call it.
fn title_of(service: &str) -> &'static str {
    match service {
        EDUCATION => "education system",
        _ => "children's social care system",
    }
}

fn story(service: &str, councils: &[&str], (begins, minutes): (Timestamp, i64)) -> Spelt<Story> {
    let ends = begins + SignedDuration::from_mins(minutes);
    let all: BTreeSet<Code> = codes(councils)?;
    let log = match councils {
        [one] => log_of(&code(one)?)?,
        _ => LogName::shared(),
    };
    let hit = |council: &&str| {
        Ok(Hit {
            service: code(service)?,
            council: code(council)?,
            severity: Severity::Down,
            from: begins,
            to: ends,
        })
    };
    let hits: Spelt<Vec<Hit>> = councils.iter().map(hit).collect();
    Ok(Story {
        log,
        name: String::new(),
        title: text(format!("The {} is not available", title_of(service)))?,
        summary: None,
        councils: all,
        critical: false,
        noticed: None,
        begins,
        ends,
        hits: hits?,
        failure: None,
        more: Vec::new(),
        recorded: Recorded::Soon(SignedDuration::from_mins(5)),
    })
}
