//! Coverages: what the record promises to hold.
//!
//! A coverage promises every record of its selector that was open at its first day or logged
//! since, through its last day or, while it has none, continuously. Without one a figure is null,
//! never zero: a silent council is not a quiet council.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::{Decider, Occasion};
use crate::identity::{AggregateKind, Family};
use crate::names::Code;
use crate::ticket::{Priority, TicketKind};

/// Which records a coverage promises; what is absent is not restricted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Selector {
    pub family: Family,
    #[serde(default)]
    pub kind: Option<TicketKind>,
    #[serde(default)]
    pub priority: Option<Priority>,
    #[serde(default)]
    pub service: Option<Code>,
}

impl Selector {
    /// All records of one family.
    pub fn whole(family: Family) -> Self {
        Self {
            family,
            kind: None,
            priority: None,
            service: None,
        }
    }

    /// Whether everything that `narrow` selects is selected by this too.
    pub fn includes(&self, narrow: &Self) -> bool {
        fn wider<T: PartialEq>(wide: Option<&T>, narrow: Option<&T>) -> bool {
            wide.is_none() || wide == narrow
        }
        self.family == narrow.family
            && wider(self.kind.as_ref(), narrow.kind.as_ref())
            && wider(self.priority.as_ref(), narrow.priority.as_ref())
            && wider(self.service.as_ref(), narrow.service.as_ref())
    }
}

/// A coverage was declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    pub selector: Selector,
    /// First day, in London.
    pub from: Date,
    /// Last day, inclusive; absent while the coverage is continuous.
    #[serde(default)]
    pub through: Option<Date>,
}

/// A continuous coverage ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// Last day that is still covered.
    pub through: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageFact {
    CoverageDeclared(Declared),
    CoverageEnded(Ended),
}

/// A coverage as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub selector: Selector,
    pub from: Date,
    pub through: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this coverage is not declared yet")]
    NotDeclared,
    #[error("this coverage is declared already")]
    AlreadyDeclared,
    #[error("this coverage ended on {through} already; correct that instead")]
    AlreadyEnded { through: Date },
    #[error("the last day {through} lies before the first day {from}")]
    EndsBeforeItBegins { from: Date, through: Date },
    #[error("kind, priority and service select tickets, not the family {family:?}")]
    SelectorDoesNotFit { family: Family },
}

pub struct CoverageRules;

impl Decider for CoverageRules {
    const KIND: AggregateKind = AggregateKind::Coverage;

    type Fact = CoverageFact;
    type State = Option<Coverage>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Coverage>,
        fact: &CoverageFact,
        _: Occasion<'_>,
    ) -> Result<(), Refusal> {
        match (state, fact) {
            (None, CoverageFact::CoverageDeclared(declared)) => {
                let Selector {
                    family,
                    kind,
                    priority,
                    service,
                } = &declared.selector;
                let narrows = kind.is_some() || priority.is_some() || service.is_some();
                if *family != Family::Ticket && narrows {
                    return Err(Refusal::SelectorDoesNotFit { family: *family });
                }
                declared
                    .through
                    .map_or(Ok(()), |through| in_order(declared.from, through))
            }
            (None, CoverageFact::CoverageEnded(_)) => Err(Refusal::NotDeclared),
            (Some(_), CoverageFact::CoverageDeclared(_)) => Err(Refusal::AlreadyDeclared),
            (Some(coverage), CoverageFact::CoverageEnded(ended)) => match coverage.through {
                Some(through) => Err(Refusal::AlreadyEnded { through }),
                None => in_order(coverage.from, ended.through),
            },
        }
    }

    fn evolve(state: Option<Coverage>, fact: &CoverageFact, _: Timestamp) -> Option<Coverage> {
        match (state, fact) {
            (_, CoverageFact::CoverageDeclared(declared)) => Some(Coverage {
                selector: declared.selector.clone(),
                from: declared.from,
                through: declared.through,
            }),
            (state, CoverageFact::CoverageEnded(ended)) => state.map(|coverage| Coverage {
                through: Some(ended.through),
                ..coverage
            }),
        }
    }
}

fn in_order(from: Date, through: Date) -> Result<(), Refusal> {
    if through < from {
        return Err(Refusal::EndsBeforeItBegins { from, through });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::given;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn declared(through: Option<&str>) -> CoverageFact {
        CoverageFact::CoverageDeclared(Declared {
            selector: Selector::whole(Family::Ticket),
            from: date("2019-01-01"),
            through: through.map(date),
        })
    }

    fn ended(through: &str) -> CoverageFact {
        CoverageFact::CoverageEnded(Ended {
            through: date(through),
        })
    }

    #[test]
    fn a_continuous_coverage_ends_once() {
        given::<CoverageRules>([declared(None)])
            .when(ended("2020-08-21"))
            .then_recorded();
        given::<CoverageRules>([declared(None), ended("2020-08-21")])
            .when(ended("2020-09-01"))
            .then_refused(Refusal::AlreadyEnded {
                through: date("2020-08-21"),
            });
    }

    #[test]
    fn it_cannot_end_before_it_begins() {
        let refusal = Refusal::EndsBeforeItBegins {
            from: date("2019-01-01"),
            through: date("2018-12-31"),
        };
        given::<CoverageRules>([])
            .when(declared(Some("2018-12-31")))
            .then_refused(refusal.clone());
        given::<CoverageRules>([declared(None)])
            .when(ended("2018-12-31"))
            .then_refused(refusal);
    }

    #[test]
    fn an_end_needs_a_beginning_and_there_is_one_beginning() {
        given::<CoverageRules>([])
            .when(ended("2020-08-21"))
            .then_refused(Refusal::NotDeclared);
        for life in [
            vec![declared(None)],
            vec![declared(None), ended("2020-08-21")],
        ] {
            given::<CoverageRules>(life)
                .when(declared(None))
                .then_refused(Refusal::AlreadyDeclared);
        }
    }

    #[test]
    fn kind_priority_and_service_select_tickets_and_nothing_else() {
        let whole = Selector::whole;
        let declared = |selector: Selector| {
            given::<CoverageRules>([]).when(CoverageFact::CoverageDeclared(Declared {
                selector,
                from: date("2019-01-01"),
                through: None,
            }))
        };
        for family in [Family::Change, Family::Outage, Family::Restructure] {
            declared(whole(family)).then_recorded();
        }
        let narrow = |family| {
            let kind = Some(TicketKind::Incident);
            let priority = Some(Priority::P1);
            let service = Some(Code::new("email").unwrap());
            let whole = || Selector::whole(family);
            [
                Selector { kind, ..whole() },
                Selector {
                    priority,
                    ..whole()
                },
                Selector { service, ..whole() },
            ]
        };
        for selector in narrow(Family::Ticket) {
            declared(selector).then_recorded();
        }
        for family in [Family::Change, Family::Outage, Family::Restructure] {
            for selector in narrow(family) {
                declared(selector).then_refused(Refusal::SelectorDoesNotFit { family });
            }
        }
    }

    #[test]
    fn a_wider_selector_includes_a_narrower_one() {
        let all = Selector::whole(Family::Ticket);
        let p1 = Selector {
            priority: Some(Priority::P1),
            ..all.clone()
        };
        let p1_incidents = Selector {
            kind: Some(TicketKind::Incident),
            ..p1.clone()
        };
        assert!(all.includes(&p1_incidents));
        assert!(p1.includes(&p1_incidents));
        assert!(!p1_incidents.includes(&p1));
        assert!(!Selector::whole(Family::Record).includes(&all));
    }
}
