//! The partnership: one membership for each council. Members in force make up the joint figures.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::Decider;
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::{Code, LogName};

/// Longest name of a council, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// A council joined the partnership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joined {
    /// The council's code: the name of its log and scope.
    pub council: Code,
    /// As people write it.
    pub name: String,
    /// Its code in the Government Statistical Service's register, such as `E09000005`.
    #[serde(default)]
    pub gss_code: Option<String>,
    /// First day of membership, in London.
    pub from: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartnershipFact {
    CouncilJoined(Joined),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("{council} joined on {from} already")]
    AlreadyMember { council: Code, from: Date },
    #[error("membership is recorded in the shared log, not in {home}")]
    NotInShared { home: LogName },
    #[error("{council} cannot be a council: that name has another meaning")]
    ReservedName { council: Code },
    #[error("give the council's name in 1 to {NAME_CHARS_MAX} characters")]
    NameLength,
    #[error("{found:?} is not a GSS code: a letter and eight digits, such as E09000005")]
    NotAGssCode { found: String },
}

/// The one membership of a council.
pub fn membership(council: &Code) -> AggregateId {
    named_aggregate(
        &LogName::shared(),
        AggregateKind::Partnership,
        council.as_str(),
    )
}

pub struct PartnershipRules;

impl Decider for PartnershipRules {
    const KIND: AggregateKind = AggregateKind::Partnership;

    type Fact = PartnershipFact;
    type State = Option<Joined>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Joined>,
        fact: &PartnershipFact,
        home: &LogName,
    ) -> Result<(), Refusal> {
        let PartnershipFact::CouncilJoined(joined) = fact;
        if let Some(member) = state {
            return Err(Refusal::AlreadyMember {
                council: member.council.clone(),
                from: member.from,
            });
        }
        if !home.is_shared() {
            return Err(Refusal::NotInShared { home: home.clone() });
        }
        if LogName::new(joined.council.as_str()).map_or(true, |log| log.is_shared()) {
            return Err(Refusal::ReservedName {
                council: joined.council.clone(),
            });
        }
        if !(1..=NAME_CHARS_MAX).contains(&joined.name.chars().count()) {
            return Err(Refusal::NameLength);
        }
        if let Some(found) = joined.gss_code.as_ref().filter(|code| !is_gss_code(code)) {
            let found = found.chars().take(40).collect();
            return Err(Refusal::NotAGssCode { found });
        }
        Ok(())
    }

    fn evolve(_: Option<Joined>, fact: &PartnershipFact) -> Option<Joined> {
        let PartnershipFact::CouncilJoined(joined) = fact;
        Some(joined.clone())
    }
}

fn is_gss_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 9 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::given;

    fn joins(council: &str) -> PartnershipFact {
        PartnershipFact::CouncilJoined(Joined {
            council: Code::new(council).unwrap(),
            name: "London Borough of Brent".to_owned(),
            gss_code: Some("E09000005".to_owned()),
            from: "2016-04-01".parse().unwrap(),
        })
    }

    #[test]
    fn a_council_joins_once() {
        given::<PartnershipRules>([])
            .in_log("shared")
            .when(joins("brent"))
            .then_recorded();
        given::<PartnershipRules>([joins("brent")])
            .in_log("shared")
            .when(joins("brent"))
            .then_refused(Refusal::AlreadyMember {
                council: Code::new("brent").unwrap(),
                from: "2016-04-01".parse().unwrap(),
            });
    }

    #[test]
    fn no_council_is_called_joint_or_shared() {
        for name in ["joint", "shared"] {
            given::<PartnershipRules>([])
                .in_log("shared")
                .when(joins(name))
                .then_refused(Refusal::ReservedName {
                    council: Code::new(name).unwrap(),
                });
        }
    }

    #[test]
    fn membership_is_recorded_in_the_shared_log() {
        given::<PartnershipRules>([])
            .in_log("brent")
            .when(joins("brent"))
            .then_refused(Refusal::NotInShared {
                home: LogName::new("brent").unwrap(),
            });
    }
}
