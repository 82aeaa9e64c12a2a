//! Which tickets are logged, when, where and about what.
//!
//! The tickets of the targets come first; ordinary ones, which are in no published table, fill each
//! log up to its number. Tickets that are voided later come on top.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::{Month, Period};
use townclerk_domain::ticket::{Channel, Logged, Priority, TicketKind, UserClass};

use crate::calendar::{Calendar, FIRST_DAY, LAST_DAY};
use crate::catalogue::{Catalogue, Council, Service};
use crate::dice::Dice;
use crate::targets;

/// P1 incidents of each month of 2018, before the published table begins: sample data.
const P1_OF_2018: [u32; 12] = [2, 1, 3, 2, 5, 8, 6, 3, 2, 4, 2, 1];

/// Tickets of 2018 on the application of the published table, per quarter: sample data.
const CSCCM_OF_2018: [u32; 4] = [302, 287, 318, 309];

/// Incidents of lower priority that hit several councils.
const SHARED_P2: usize = 24;

/// Tickets that are voided later.
const VOIDED: usize = 40;

/// One ticket that will be logged.
#[derive(Clone)]
pub struct Demand<'a> {
    pub log: LogName,
    pub at: Timestamp,
    pub logged: Logged,
    pub service: &'a Service,
    /// Whether it was recorded in error.
    pub voided: bool,
}

impl Demand<'_> {
    /// Whether it can cause tickets of `council`.
    pub fn hits(&self, council: &Code) -> bool {
        self.log.council() == Some(council) || self.logged.councils.contains(council)
    }
}

/// All tickets of the history, in the order in which they were logged.
pub fn demands<'a>(
    catalogue: &'a Catalogue,
    calendar: &'a Calendar,
    dice: &mut Dice,
) -> Vec<Demand<'a>> {
    let mut desk = Desk {
        catalogue,
        calendar,
        dice,
        demands: Vec::new(),
    };
    desk.p1();
    desk.csccm();
    desk.shared();
    desk.ordinary();
    desk.voided();
    let mut demands = desk.demands;
    demands.sort_by_key(|demand| demand.at);
    demands
}

/// One ticket of `day`, of a council or, where that is `None`, of the shared log; an incident where
/// its priority is given.
pub fn demand_of<'a>(
    council: Option<&'a Council>,
    day: Date,
    priority: Option<Priority>,
    (catalogue, calendar): (&'a Catalogue, &'a Calendar),
    dice: &mut Dice,
) -> Option<Demand<'a>> {
    let mut desk = Desk {
        catalogue,
        calendar,
        dice,
        demands: Vec::new(),
    };
    let home = council.map_or(Home::Shared, Home::Council);
    let service = match priority {
        Some(_) => catalogue.critical.pick(desk.dice),
        None => catalogue.services.pick(desk.dice),
    };
    desk.log(home, (day, day), service, priority);
    desk.demands.pop()
}

/// Where a ticket is recorded.
enum Home<'a> {
    Council(&'a Council),
    Shared,
}

struct Desk<'a, 'd> {
    catalogue: &'a Catalogue,
    calendar: &'a Calendar,
    dice: &'d mut Dice,
    demands: Vec<Demand<'a>>,
}

impl<'a> Desk<'a, '_> {
    fn p1(&mut self) {
        let first = Month::of_day(FIRST_DAY).number();
        let sample = (first..).map(Month::from_number).zip(P1_OF_2018);
        for (month, tickets) in sample.chain(targets::p1_months()) {
            for _ in 0..tickets {
                let home = if self.dice.percent(34) {
                    Home::Shared
                } else {
                    Home::Council(self.any_council())
                };
                let service = self.service_hit(&home);
                let days = (month.first_day(), month.last_day());
                self.log(home, days, service, Some(Priority::P1));
            }
        }
    }

    /// The service that a P1 hits: in the publisher's log now and then that of its table.
    fn service_hit(&mut self, home: &Home<'_>) -> &'a Service {
        let publishes = matches!(home, Home::Council(council) if publishes(council));
        if publishes && self.dice.percent(40) {
            return &self.catalogue.csccm;
        }
        self.catalogue.critical.pick(self.dice)
    }

    fn csccm(&mut self) {
        let first = Month::of_day(FIRST_DAY).number();
        let sample = (first..)
            .step_by(3)
            .map(|number| Period::quarter_of(Month::from_number(number)))
            .zip(CSCCM_OF_2018);
        let catalogue = self.catalogue;
        let Some(council) = catalogue.councils.iter().find(|one| publishes(one)) else {
            return;
        };
        for (quarter, tickets) in sample.chain(targets::csccm_quarters()) {
            // P1 incidents on the application are among the published ones.
            let is_counted = |demand: &&Demand<'_>| {
                let month = Month::of(demand.at);
                demand.service.code == catalogue.csccm.code && Period::quarter_of(month) == quarter
            };
            let counted = self.demands.iter().filter(is_counted).count();
            let wanted = usize::try_from(tickets).unwrap_or(0);
            let days = (quarter.first_day(), quarter.last_day().min(LAST_DAY));
            for _ in counted..wanted {
                self.log(Home::Council(council), days, &catalogue.csccm, None);
            }
        }
    }

    fn shared(&mut self) {
        for _ in 0..SHARED_P2 {
            let service = self.catalogue.critical.pick(self.dice);
            let days = (FIRST_DAY, LAST_DAY);
            self.log(Home::Shared, days, service, Some(Priority::P2));
        }
    }

    fn ordinary(&mut self) {
        for council in &self.catalogue.councils {
            let here = |demand: &&Demand<'_>| demand.log == council.log;
            let logged = self.demands.iter().filter(here).count();
            for _ in logged..council.tickets {
                let service = self.catalogue.services.pick(self.dice);
                let days = (FIRST_DAY, LAST_DAY);
                self.log(Home::Council(council), days, service, None);
            }
        }
    }

    /// Some look like those of the targets: until they were voided, the figures were higher.
    fn voided(&mut self) {
        // They are found out within weeks, all before the history ends.
        let days = (FIRST_DAY, LAST_DAY.saturating_sub(30.days()));
        for number in 0..VOIDED {
            let council = self.any_council();
            let priority = (number % 10 == 0).then_some(Priority::P1);
            let service = if publishes(council) && number % 2 == 1 {
                &self.catalogue.csccm
            } else {
                self.catalogue.services.pick(self.dice)
            };
            self.log(Home::Council(council), days, service, priority);
            if let Some(demand) = self.demands.last_mut() {
                demand.voided = true;
            }
        }
    }

    fn any_council(&mut self) -> &'a Council {
        let councils = &self.catalogue.councils;
        let drawn = self.dice.below(councils.len() as u64);
        &councils[usize::try_from(drawn).unwrap_or(0)]
    }

    /// A given priority is an incident's.
    fn log(
        &mut self,
        home: Home<'_>,
        (first, last): (Date, Date),
        service: &'a Service,
        priority: Option<Priority>,
    ) {
        let at = self.calendar.arrival(first, last, self.dice);
        let kind = match priority {
            Some(_) => TicketKind::Incident,
            None => *self.catalogue.kinds.pick(self.dice),
        };
        let priority = match priority {
            Some(priority) => priority,
            None => *self.catalogue.priorities(kind).pick(self.dice),
        };
        let (log, councils) = match home {
            Home::Council(council) => (council.log.clone(), BTreeSet::new()),
            Home::Shared => {
                let councils = self.catalogue.several.pick(self.dice);
                (LogName::shared(), councils.clone())
            }
        };
        let logged = Logged {
            kind,
            priority,
            user_class: if self.dice.percent(4) {
                UserClass::Vip
            } else {
                UserClass::Standard
            },
            channel: self.channel(at),
            service: service.code.clone(),
            category: service.categories(kind).pick(self.dice).clone(),
            directorate: self.directorate(&councils),
            sts: self.dice.percent(service.sts_percent),
            councils,
        };
        self.demands.push(Demand {
            log,
            at,
            logged,
            service,
            voided: false,
        });
    }

    /// Out of hours a third party answers the telephone.
    fn channel(&mut self, at: Timestamp) -> Channel {
        match self.catalogue.channels.pick(self.dice) {
            Channel::Phone | Channel::WalkIn if !self.calendar.is_staffed(at) => {
                Channel::ThirdParty
            }
            channel => *channel,
        }
    }

    /// What hits several councils is no directorate's.
    fn directorate(&mut self, councils: &BTreeSet<Code>) -> Option<Code> {
        let known = councils.is_empty() && self.dice.percent(88);
        known.then(|| self.catalogue.directorates.pick(self.dice).clone())
    }
}

fn publishes(council: &Council) -> bool {
    council.code.as_str() == targets::PUBLISHER
}
