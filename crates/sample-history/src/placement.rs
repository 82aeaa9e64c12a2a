//! The P1 incidents of the named outages.
//!
//! How many P1 incidents a month has is published, so none comes on top: one of the month's is told
//! again, at the time and place of the outage. All other tickets stay as they were drawn.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::{Month, Period};
use townclerk_domain::reference::Reference;
use townclerk_domain::ticket::{
    Assigned, Channel, Closed, Linked, Priority, Resolved, Started, TicketFact, Triaged,
};

use crate::calendar::{Calendar, Pace};
use crate::catalogue::Catalogue;
use crate::demand::Demand;
use crate::dice::Dice;
use crate::life::Happening;
use crate::malformed;
use crate::spelling::{Spelt, code};
use crate::targets::{CSCCM, PUBLISHER};

/// The incident that an outage was noticed by.
#[derive(Clone)]
pub struct Notice {
    pub at: Timestamp,
    pub councils: BTreeSet<Code>,
    pub service: &'static str,
    /// When the outage was over.
    pub over: Timestamp,
    pub outage: Reference,
}

/// A ticket that is told otherwise than it was drawn.
pub struct Retold<'a> {
    pub demand: Demand<'a>,
    /// The notice that it is.
    pub notice: Option<Notice>,
}

/// Which of the demands, by their place among them, are told again.
pub fn placements<'a>(
    demands: &[Demand<'a>],
    notices: Vec<Notice>,
    catalogue: &'a Catalogue,
    dice: &mut Dice,
) -> Spelt<BTreeMap<usize, Retold<'a>>> {
    let mut retold = BTreeMap::new();
    for notice in notices {
        let missing = || malformed("a named outage lies in a month without P1 incidents");
        let place = chosen(demands, &notice, &retold).ok_or_else(missing)?;
        if demands[place].service.code.as_str() == CSCCM
            && let Some(other) = substitute(demands, place, &retold)
        {
            let (demand, notice) = (moved(&demands[other], CSCCM, catalogue, dice)?, None);
            retold.insert(other, Retold { demand, notice });
        }
        let mut demand = moved(&demands[place], notice.service, catalogue, dice)?;
        demand.log = LogName::shared();
        demand.at = notice.at;
        demand.logged.councils = notice.councils.clone();
        demand.logged.channel = Channel::ThirdParty;
        demand.logged.directorate = None;
        demand.logged.sts = true;
        let notice = Some(notice);
        retold.insert(place, Retold { demand, notice });
    }
    Ok(retold)
}

/// The P1 of the month that differs least: one that hits several councils already, if there is one.
fn chosen(
    demands: &[Demand<'_>],
    notice: &Notice,
    retold: &BTreeMap<usize, Retold<'_>>,
) -> Option<usize> {
    let month = Month::of(notice.at);
    let candidates = demands.iter().enumerate().filter(|(place, demand)| {
        let counts = demand.logged.priority == Priority::P1 && !demand.voided;
        counts && Month::of(demand.at) == month && !retold.contains_key(place)
    });
    let differs = |(place, demand): &(usize, &Demand<'_>)| {
        let service = demand.service.code.as_str();
        (
            service == CSCCM,
            !demand.log.is_shared(),
            service != notice.service,
            *place,
        )
    };
    candidates.min_by_key(differs).map(|(place, _)| place)
}

/// A ticket that takes a place in the published table of the application.
fn substitute(
    demands: &[Demand<'_>],
    place: usize,
    retold: &BTreeMap<usize, Retold<'_>>,
) -> Option<usize> {
    let quarter = |demand: &Demand<'_>| Period::quarter_of(Month::of(demand.at));
    let wanted = quarter(&demands[place]);
    demands.iter().enumerate().position(|(other, demand)| {
        demand.log.as_str() == PUBLISHER
            && quarter(demand) == wanted
            && demand.logged.priority != Priority::P1
            && demand.service.code.as_str() != CSCCM
            && !demand.voided
            && !retold.contains_key(&other)
    })
}

/// The same ticket about another service.
fn moved<'a>(
    demand: &Demand<'a>,
    service: &str,
    catalogue: &'a Catalogue,
    dice: &mut Dice,
) -> Spelt<Demand<'a>> {
    let mut demand = demand.clone();
    if demand.service.code.as_str() != service {
        let found = catalogue.service(service);
        demand.service = found.ok_or_else(|| malformed(service))?;
        let categories = demand.service.categories(demand.logged.kind);
        demand.logged.category = categories.pick(dice).clone();
        demand.logged.service = demand.service.code.clone();
    }
    Ok(demand)
}

/// The life of a notice: it is resolved once the outage is over.
pub fn life_of(
    demand: &Demand<'_>,
    notice: &Notice,
    calendar: &Calendar,
    dice: &mut Dice,
) -> Spelt<Vec<Happening>> {
    let after = |minutes| notice.at + SignedDuration::from_mins(minutes);
    let team = demand.service.teams.pick(dice).clone();
    let linked = Linked {
        cause: notice.outage.clone(),
    };
    let resolved = notice.over + SignedDuration::from_mins(dice.between(5, 40));
    let resolution = Some(code("fixed")?);
    let mut life = vec![
        (notice.at, TicketFact::Logged(demand.logged.clone())),
        (after(3), TicketFact::Triaged(Triaged {})),
        (after(6), TicketFact::Assigned(Assigned { team })),
        (after(9), TicketFact::Linked(linked)),
        (after(12), TicketFact::Started(Started {})),
        (resolved, TicketFact::Resolved(Resolved { resolution })),
    ];
    let accepted = calendar.after(resolved, SignedDuration::from_hours(50), Pace::Work);
    life.extend(accepted.map(|at| (at, TicketFact::Closed(Closed {}))));
    Ok(life)
}
