//! The partnership: one membership for each council. Members in force make up the joint figures.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::{Decider, Occasion};
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::{Code, LogName};
use crate::period::london_day;

#[cfg(test)]
mod tests;

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

/// A council said that it will leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeGiven {
    /// The last day of membership that it intends, in London.
    pub last_day: Date,
}

/// A council left the partnership. Final: it may join again under another code only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Left {
    /// The last day of membership, in London.
    pub last_day: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartnershipFact {
    CouncilJoined(Joined),
    NoticeGiven(NoticeGiven),
    CouncilLeft(Left),
}

/// A membership as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub joined: Joined,
    /// The last day as notice was given of it.
    pub notice: Option<Date>,
    /// The day on which notice was given first.
    pub notice_given: Option<Date>,
    /// The last day, once it left.
    pub last_day: Option<Date>,
}

impl Membership {
    /// Whether `last_day` may become, or be intended as, the last day of membership.
    fn may_leave(&self, last_day: Date) -> Result<(), Refusal> {
        let Joined { council, from, .. } = &self.joined;
        if let Some(last_day) = self.last_day {
            let council = council.clone();
            return Err(Refusal::AlreadyLeft { council, last_day });
        }
        if last_day < *from {
            return Err(Refusal::LeavesBeforeItJoined {
                council: council.clone(),
                from: *from,
                last_day,
            });
        }
        Ok(())
    }
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
    #[error("this council is no member: record first that it joined")]
    NotAMember,
    #[error("{council} left already, its last day was {last_day}; correct that instead")]
    AlreadyLeft { council: Code, last_day: Date },
    #[error("the last day {last_day} lies before {from}, when {council} joined")]
    LeavesBeforeItJoined {
        council: Code,
        from: Date,
        last_day: Date,
    },
    #[error(
        "notice given on {given} cannot name the last day {last_day}, which had passed by then"
    )]
    NoticeOfThePast { given: Date, last_day: Date },
    #[error("{council} has not given notice: record the notice first, then that it left")]
    NoNotice { council: Code },
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

    const ONE_LINE: &'static [&'static str] = &["name"];

    type Fact = PartnershipFact;
    type State = Option<Membership>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Membership>,
        fact: &PartnershipFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let home = occasion.home;
        if !home.is_shared() {
            return Err(Refusal::NotInShared { home: home.clone() });
        }
        match (state, fact) {
            (None, PartnershipFact::CouncilJoined(joined)) => is_sound(joined),
            (None, _) => Err(Refusal::NotAMember),
            (Some(member), PartnershipFact::CouncilJoined(_)) => Err(Refusal::AlreadyMember {
                council: member.joined.council.clone(),
                from: member.joined.from,
            }),
            (Some(member), PartnershipFact::NoticeGiven(notice)) => {
                member.may_leave(notice.last_day)?;
                let given = london_day(occasion.happened);
                let last_day = notice.last_day;
                if last_day < given {
                    return Err(Refusal::NoticeOfThePast { given, last_day });
                }
                Ok(())
            }
            (Some(member), PartnershipFact::CouncilLeft(left)) => {
                member.may_leave(left.last_day)?;
                let Some(given) = member.notice_given else {
                    let council = member.joined.council.clone();
                    return Err(Refusal::NoNotice { council });
                };
                let last_day = left.last_day;
                if last_day < given {
                    return Err(Refusal::NoticeOfThePast { given, last_day });
                }
                Ok(())
            }
        }
    }

    fn evolve(
        state: Option<Membership>,
        fact: &PartnershipFact,
        happened: Timestamp,
    ) -> Option<Membership> {
        match (state, fact) {
            (_, PartnershipFact::CouncilJoined(joined)) => Some(Membership {
                joined: joined.clone(),
                notice: None,
                notice_given: None,
                last_day: None,
            }),
            (Some(membership), PartnershipFact::NoticeGiven(given)) => Some(Membership {
                notice: Some(given.last_day),
                notice_given: membership.notice_given.or(Some(london_day(happened))),
                ..membership
            }),
            (Some(membership), PartnershipFact::CouncilLeft(left)) => Some(Membership {
                last_day: Some(left.last_day),
                ..membership
            }),
            (None, _) => None,
        }
    }
}

/// Whether a council that joins is named as one.
fn is_sound(joined: &Joined) -> Result<(), Refusal> {
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

fn is_gss_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 9 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit)
}
