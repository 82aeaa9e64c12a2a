//! What the record begins with: who belongs to the partnership, and what the record promises to
//! hold. Without it every figure would be null.

use jiff::civil::Date;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::coverage::{CoverageFact, CoverageRules, Declared, Selector};
use townclerk_domain::event::Event;
use townclerk_domain::identity::{Family, Token};
use townclerk_domain::names::LogName;
use townclerk_domain::partnership::{Joined, PartnershipFact, membership};
use townclerk_domain::period::london_midnight;

use crate::catalogue::Council;
use crate::chronicle::{Chronicle, Recorder};
use crate::malformed;
use crate::message::{Entry, source};
use crate::spelling::{Spelt, code};

/// The families that the history has records of, and the names of the promises.
const COVERED: [(Family, &str); 3] = [
    (Family::Ticket, "coverage"),
    (Family::Outage, "coverage-outage"),
    (Family::Change, "coverage-change"),
];

/// Memberships and coverages, all from `first_day` on and without an end.
pub fn entries(recorder: &Recorder, councils: &[Council], first_day: Date) -> Spelt<Vec<Entry>> {
    let mut entries = Vec::new();
    for council in councils {
        entries.push(joined(council, first_day)?);
    }
    let logs = councils.iter().map(|council| council.log.clone());
    for log in logs.chain([LogName::shared()]) {
        for (family, name) in COVERED {
            let mut told = Chronicle::<CoverageRules>::new(recorder, "registry", &log, name)?;
            let declared = CoverageFact::CoverageDeclared(Declared {
                selector: Selector::whole(family),
                from: first_day,
                through: None,
            });
            told.then(london_midnight(first_day), declared);
            entries.extend(told.entries()?);
        }
    }
    Ok(entries)
}

fn joined(council: &Council, first_day: Date) -> Spelt<Entry> {
    let fact = PartnershipFact::CouncilJoined(Joined {
        council: council.code.clone(),
        name: format!("London Borough of {}", council.name),
        gss_code: Some(council.gss_code.to_owned()),
        from: first_day,
    });
    let name = format!("membership-{}", council.code);
    let at = london_midnight(first_day);
    Ok(Entry {
        source: source(&LogName::shared(), &code("partnership")?),
        aggregate: membership(&council.code),
        command: Token::new(format!("{name}-1")).map_err(malformed)?,
        correlation: Token::new(name).map_err(malformed)?,
        happened: at,
        recorded: at,
        event: Event::Partnership(Recordable::Fact(fact)),
    })
}
