//! Who and what tickets are about, and how often: sample data in the codes of a council's desk.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::ticket::{Channel, Priority, TicketKind};

use crate::dice::Weighted;
use crate::malformed;
use crate::targets::CSCCM;

type Codes = &'static [(&'static str, u32)];

/// What services of one trade have in common.
struct Trade {
    incidents: Codes,
    requests: Codes,
    teams: Codes,
    /// How many of a hundred tickets the shared service deals with.
    sts_percent: u64,
}

const APPLICATION: Trade = Trade {
    incidents: &[
        ("software-error", 40),
        ("access-rights", 18),
        ("password", 24),
        ("account-unlock", 14),
        ("other", 4),
    ],
    requests: &[("new-user", 46), ("access-rights", 44), ("other", 10)],
    teams: &[("applications", 70), ("second-line", 20), ("servers", 10)],
    sts_percent: 72,
};

const DEVICE: Trade = Trade {
    incidents: &[("pc-fault", 58), ("software-error", 32), ("other", 10)],
    requests: &[("new-pc", 55), ("relocation", 33), ("other", 12)],
    teams: &[("field-support", 60), ("second-line", 40)],
    sts_percent: 98,
};

const TELEPHONY: Trade = Trade {
    incidents: &[
        ("telephony-fault", 60),
        ("mobile-phone", 34),
        ("network-fault", 6),
    ],
    requests: &[("mobile-phone", 62), ("relocation", 24), ("new-user", 14)],
    teams: &[("telephony", 80), ("field-support", 20)],
    sts_percent: 96,
};

const INFRASTRUCTURE: Trade = Trade {
    incidents: &[
        ("network-fault", 30),
        ("account-unlock", 30),
        ("password", 28),
        ("access-rights", 12),
    ],
    requests: &[("access-rights", 50), ("new-user", 42), ("other", 8)],
    teams: &[("service-desk", 45), ("networks", 30), ("servers", 25)],
    sts_percent: 99,
};

/// Weights: how often a ticket is about it, and how often a P1 is.
const SERVICES: [(&str, Trade, u32, u32); 13] = [
    ("email", INFRASTRUCTURE, 15, 12),
    ("telephony", TELEPHONY, 12, 20),
    ("network", INFRASTRUCTURE, 13, 30),
    ("laptops", DEVICE, 17, 0),
    ("printing", DEVICE, 7, 2),
    ("finance", APPLICATION, 6, 5),
    ("hr", APPLICATION, 5, 3),
    ("housing", APPLICATION, 7, 8),
    ("revenues-and-benefits", APPLICATION, 6, 7),
    ("adult-social-care", APPLICATION, 5, 6),
    ("education", APPLICATION, 3, 3),
    ("website", APPLICATION, 2, 5),
    ("planning", APPLICATION, 2, 2),
];

const DIRECTORATES: Codes = &[
    ("adult-services", 18),
    ("childrens-services", 20),
    ("housing", 20),
    ("finance", 12),
    ("environment", 14),
    ("regeneration", 9),
    ("chief-executive", 7),
];

/// One member of the partnership.
pub struct Council {
    pub code: Code,
    pub log: LogName,
    pub name: &'static str,
    pub gss_code: &'static str,
    pub joined: Date,
    /// Tickets in its log, those that are voided not among them.
    pub tickets: usize,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub code: Code,
    incidents: Weighted<Code>,
    requests: Weighted<Code>,
    pub teams: Weighted<Code>,
    pub sts_percent: u64,
}

impl Service {
    fn new(code: &str, trade: &Trade) -> Result<Self, serde_json::Error> {
        Ok(Self {
            code: Code::new(code).map_err(malformed)?,
            incidents: codes(trade.incidents)?,
            requests: codes(trade.requests)?,
            teams: codes(trade.teams)?,
            sts_percent: trade.sts_percent,
        })
    }

    pub fn categories(&self, kind: TicketKind) -> &Weighted<Code> {
        match kind {
            TicketKind::Incident => &self.incidents,
            TicketKind::Request => &self.requests,
        }
    }
}

pub struct Catalogue {
    pub councils: Vec<Council>,
    /// Which councils an incident hits that hits several.
    pub several: Weighted<BTreeSet<Code>>,
    /// All services but the application of the published table.
    pub services: Weighted<Service>,
    /// Services as P1 incidents hit them.
    pub critical: Weighted<Service>,
    pub csccm: Service,
    pub directorates: Weighted<Code>,
    pub kinds: Weighted<TicketKind>,
    incident_priorities: Weighted<Priority>,
    request_priorities: Weighted<Priority>,
    pub channels: Weighted<Channel>,
    pub hold_reasons: Weighted<Code>,
    incident_cancel_reasons: Weighted<Code>,
    request_cancel_reasons: Weighted<Code>,
    pub reopen_reasons: Weighted<Code>,
    pub resolutions: Weighted<Code>,
    pub correct_reasons: Weighted<Code>,
    pub void_reasons: Weighted<Code>,
}

impl Catalogue {
    pub fn new() -> Result<Self, serde_json::Error> {
        let mut services = Vec::new();
        let mut critical = Vec::new();
        for (code, trade, often, critically) in &SERVICES {
            let service = Service::new(code, trade)?;
            services.push((service.clone(), *often));
            critical.push((service, *critically));
        }
        Ok(Self {
            councils: councils()?,
            several: several()?,
            services: Weighted::new(services),
            critical: Weighted::new(critical),
            csccm: Service::new(CSCCM, &APPLICATION)?,
            directorates: codes(DIRECTORATES)?,
            kinds: Weighted::new([(TicketKind::Incident, 58), (TicketKind::Request, 42)]),
            incident_priorities: Weighted::new([
                (Priority::P2, 4),
                (Priority::P3, 56),
                (Priority::P4, 35),
                (Priority::P5, 5),
            ]),
            request_priorities: Weighted::new([
                (Priority::P3, 22),
                (Priority::P4, 52),
                (Priority::P5, 26),
            ]),
            channels: Weighted::new([
                (Channel::Phone, 44),
                (Channel::Web, 36),
                (Channel::Email, 15),
                (Channel::WalkIn, 5),
            ]),
            hold_reasons: codes(&[
                ("customer", 52),
                ("supplier", 28),
                ("change", 12),
                ("problem", 8),
            ])?,
            incident_cancel_reasons: codes(&[
                ("duplicate", 40),
                ("unnecessary", 30),
                ("not-an-incident", 30),
            ])?,
            request_cancel_reasons: codes(&[("duplicate", 45), ("unnecessary", 55)])?,
            reopen_reasons: codes(&[("not-fixed", 70), ("came-back", 30)])?,
            resolutions: codes(&[("fixed", 60), ("workaround", 12), ("advice-given", 28)])?,
            correct_reasons: codes(&[("mistyped", 60), ("found-in-review", 40)])?,
            void_reasons: codes(&[("recorded-in-error", 60), ("recorded-twice", 40)])?,
        })
    }

    /// A service that P1 incidents hit, by its code.
    pub fn service(&self, code: &str) -> Option<&Service> {
        let mut services = self.critical.items().chain([&self.csccm]);
        services.find(|service| service.code.as_str() == code)
    }

    /// P1 is not among them: how many there are is a matter of the targets.
    pub fn priorities(&self, kind: TicketKind) -> &Weighted<Priority> {
        match kind {
            TicketKind::Incident => &self.incident_priorities,
            TicketKind::Request => &self.request_priorities,
        }
    }

    pub fn cancel_reasons(&self, kind: TicketKind) -> &Weighted<Code> {
        match kind {
            TicketKind::Incident => &self.incident_cancel_reasons,
            TicketKind::Request => &self.request_cancel_reasons,
        }
    }
}

fn councils() -> Result<Vec<Council>, serde_json::Error> {
    let founders = date(2016, 4, 1);
    [
        ("brent", "Brent", "E09000005", founders, 7_000),
        ("lewisham", "Lewisham", "E09000023", founders, 6_000),
        (
            "southwark",
            "Southwark",
            "E09000028",
            date(2017, 11, 1),
            7_000,
        ),
    ]
    .into_iter()
    .map(|(code, name, gss_code, joined, tickets)| {
        Ok(Council {
            code: Code::new(code).map_err(malformed)?,
            log: LogName::new(code).map_err(malformed)?,
            name,
            gss_code,
            joined,
            tickets,
        })
    })
    .collect()
}

/// Brent hosts the service: what hits several councils mostly hits it too.
fn several() -> Result<Weighted<BTreeSet<Code>>, serde_json::Error> {
    let sets: [(&[&str], u32); 4] = [
        (&["brent", "lewisham", "southwark"], 50),
        (&["brent", "lewisham"], 30),
        (&["brent", "southwark"], 12),
        (&["lewisham", "southwark"], 8),
    ];
    let sets = sets.into_iter().map(|(councils, weight)| {
        let codes: Result<_, _> = councils.iter().map(|code| Code::new(*code)).collect();
        Ok((codes.map_err(malformed)?, weight))
    });
    Ok(Weighted::new(
        sets.collect::<Result<Vec<_>, serde_json::Error>>()?,
    ))
}

fn codes(table: &[(&str, u32)]) -> Result<Weighted<Code>, serde_json::Error> {
    let codes: Result<Vec<_>, _> = table
        .iter()
        .map(|(code, weight)| Code::new(*code).map(|code| (code, *weight)))
        .collect();
    Ok(Weighted::new(codes.map_err(malformed)?))
}
