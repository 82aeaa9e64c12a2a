//! Which facts a freeze takes, and which changes it holds.

use jiff::Timestamp;
use serde::Serialize;

use super::fact::{Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeScope};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::LogName;

/// How many councils, services and categories a scope may name of each.
pub const NAMED_MAX: usize = 64;

/// How many exemptions a freeze takes.
pub const EXEMPTIONS_MAX: usize = 256;

/// A freeze as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    pub declared: FreezeDeclared,
    /// With the time at which each was granted.
    pub exempted: Vec<(Timestamp, FreezeExempted)>,
    pub lifted: Option<Timestamp>,
}

impl Freeze {
    /// When it ends or ended; `None` while it holds until a condition is met.
    pub fn ends(&self) -> Option<Timestamp> {
        self.lifted.into_iter().chain(self.declared.to).min()
    }

    pub fn holds_at(&self, instant: Timestamp) -> bool {
        self.declared.from <= instant && self.ends().is_none_or(|ends| instant < ends)
    }

    fn can_exempt(&self, exempt: &Exempt, happened: Timestamp) -> Result<(), Refusal> {
        if let Some(ended) = self.ends().filter(|ends| *ends <= happened) {
            return Err(Refusal::ExemptedAfterItsEnd { ended });
        }
        let mut exempted = self.exempted.iter();
        if let Some((at, _)) = exempted.find(|(_, exempted)| exempted.exempt == *exempt) {
            return Err(Refusal::AlreadyExempted { at: *at });
        }
        if self.exempted.len() >= EXEMPTIONS_MAX {
            return Err(Refusal::TooManyExemptions);
        }
        Ok(())
    }

    fn can_be_lifted(&self, happened: Timestamp) -> Result<(), Refusal> {
        let from = self.declared.from;
        match (self.lifted, self.declared.to) {
            (Some(lifted), _) => Err(Refusal::AlreadyLifted { lifted }),
            _ if happened < from => Err(Refusal::LiftedBeforeItBegins { from }),
            (None, Some(to)) if to < happened => Err(Refusal::LiftedAfterItsEnd { to }),
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this freeze is not declared yet")]
    NotDeclared,
    #[error("this freeze is declared already")]
    AlreadyDeclared,
    #[error("say when it ends: either at a time, as `to`, or with a condition, as `until`")]
    NoEnd,
    #[error("its end at {to} is not after its beginning at {from}")]
    EndsBeforeItBegins { from: Timestamp, to: Timestamp },
    #[error("a freeze in a council's own log names no councils: it is that council's")]
    OwnLogNamesCouncils,
    #[error("{found} {field} are named; a scope names at most {NAMED_MAX} of each")]
    TooManyNamed { field: &'static str, found: usize },
    #[error("this was exempted at {at} already")]
    AlreadyExempted { at: Timestamp },
    #[error("this freeze ended at {ended}: nothing needs an exemption from then on")]
    ExemptedAfterItsEnd { ended: Timestamp },
    #[error("this freeze has {EXEMPTIONS_MAX} exemptions, the most that it takes")]
    TooManyExemptions,
    #[error("this freeze was lifted at {lifted} already; correct that instead")]
    AlreadyLifted { lifted: Timestamp },
    #[error("this freeze begins at {from} and cannot be lifted before; void it to withdraw it")]
    LiftedBeforeItBegins { from: Timestamp },
    #[error("this freeze ended by itself at {to} and cannot be lifted after")]
    LiftedAfterItsEnd { to: Timestamp },
}

/// The rules of freezes.
pub struct FreezeRules;

impl Decider for FreezeRules {
    const KIND: AggregateKind = AggregateKind::Freeze;

    type Fact = FreezeFact;
    type State = Option<Freeze>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Freeze>,
        fact: &FreezeFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let Occasion { home, happened, .. } = occasion;
        match (state, fact) {
            (None, FreezeFact::FreezeDeclared(declared)) => can_be_declared(declared, home),
            (None, _) => Err(Refusal::NotDeclared),
            (Some(_), FreezeFact::FreezeDeclared(_)) => Err(Refusal::AlreadyDeclared),
            (Some(freeze), FreezeFact::FreezeExempted(exempted)) => {
                freeze.can_exempt(&exempted.exempt, happened)
            }
            (Some(freeze), FreezeFact::FreezeLifted(_)) => freeze.can_be_lifted(happened),
        }
    }

    fn evolve(state: Option<Freeze>, fact: &FreezeFact, happened: Timestamp) -> Option<Freeze> {
        match (state, fact) {
            (_, FreezeFact::FreezeDeclared(declared)) => Some(Freeze {
                declared: declared.clone(),
                exempted: Vec::new(),
                lifted: None,
            }),
            (Some(mut freeze), FreezeFact::FreezeExempted(exempted)) => {
                freeze.exempted.push((happened, exempted.clone()));
                Some(freeze)
            }
            (Some(freeze), FreezeFact::FreezeLifted(_)) => Some(Freeze {
                lifted: Some(happened),
                ..freeze
            }),
            (None, _) => None,
        }
    }
}

fn can_be_declared(declared: &FreezeDeclared, home: &LogName) -> Result<(), Refusal> {
    let from = declared.from;
    match (declared.to, &declared.until) {
        (None, None) => return Err(Refusal::NoEnd),
        (Some(to), _) if to <= from => return Err(Refusal::EndsBeforeItBegins { from, to }),
        _ => {}
    }
    let FreezeScope {
        councils,
        services,
        categories,
    } = &declared.scope;
    if !home.is_shared() && !councils.is_empty() {
        return Err(Refusal::OwnLogNamesCouncils);
    }
    for (field, named) in [
        ("councils", councils),
        ("services", services),
        ("categories", categories),
    ] {
        let found = named.len();
        if found > NAMED_MAX {
            return Err(Refusal::TooManyNamed { field, found });
        }
    }
    Ok(())
}
