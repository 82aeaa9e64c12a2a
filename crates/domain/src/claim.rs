//! Claims: figures that somebody published. A claim stands beside our computed figure, is compared
//! with it and never replaces it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::{Decider, Occasion};
use crate::decimal::Decimal;
use crate::identity::AggregateKind;
use crate::names::{Code, LogName, Scope};
use crate::period::Period;

/// Longest text of a claim's source, in characters.
pub const SOURCE_CHARS_MAX: usize = 2_000;

/// Most breakdown values that one claim may name.
pub const BREAKDOWN_MAX: usize = 8;

/// A figure was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    /// The measure in snake case, such as `tickets_logged`.
    pub measure: String,
    pub scope: Scope,
    pub period: Period,
    /// Dimension to value, such as `priority` to `p1`.
    #[serde(default)]
    pub breakdown: BTreeMap<String, Code>,
    /// With the decimals as published.
    pub value: Decimal,
    /// The state of the world that the publisher meant; absent where it is not said.
    #[serde(default)]
    pub as_at: Option<Timestamp>,
    /// Where it was published: paper, date, paragraph.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimFact {
    ClaimPublished(Published),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this claim is recorded already; correct it or void it")]
    AlreadyPublished,
    #[error("a claim about {scope} belongs in the log {expected}, not in {home}")]
    WrongLog {
        scope: Scope,
        expected: LogName,
        home: LogName,
    },
    #[error("{found:?} is not a measure: lower case letters, digits and '_'")]
    NotAMeasure { found: String },
    #[error("say where it was published, in 1 to {SOURCE_CHARS_MAX} characters")]
    SourceLength,
    #[error("at most {BREAKDOWN_MAX} dimensions, each named like a measure")]
    Breakdown,
}

pub struct ClaimRules;

impl Decider for ClaimRules {
    const KIND: AggregateKind = AggregateKind::Claim;

    const ONE_LINE: &'static [&'static str] = &["source"];

    type Fact = ClaimFact;
    type State = Option<Published>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Published>,
        fact: &ClaimFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let home = occasion.home;
        let ClaimFact::ClaimPublished(claim) = fact;
        if state.is_some() {
            return Err(Refusal::AlreadyPublished);
        }
        let expected = claim.scope.home();
        if *home != expected {
            return Err(Refusal::WrongLog {
                scope: claim.scope.clone(),
                expected,
                home: home.clone(),
            });
        }
        if !is_name(&claim.measure) {
            let found = claim.measure.chars().take(80).collect();
            return Err(Refusal::NotAMeasure { found });
        }
        if claim.breakdown.len() > BREAKDOWN_MAX || !claim.breakdown.keys().all(|key| is_name(key))
        {
            return Err(Refusal::Breakdown);
        }
        let length = claim.source.chars().count();
        if !(1..=SOURCE_CHARS_MAX).contains(&length) {
            return Err(Refusal::SourceLength);
        }
        Ok(())
    }

    fn evolve(_: Option<Published>, fact: &ClaimFact, _: Timestamp) -> Option<Published> {
        let ClaimFact::ClaimPublished(claim) = fact;
        Some(claim.clone())
    }
}

fn is_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::Rejection;
    use crate::plain_text::HiddenCharacter;
    use crate::testing::given;

    fn claim() -> Published {
        Published {
            measure: "tickets_logged".to_owned(),
            scope: Scope::Joint,
            period: "19/20 Q4".parse().unwrap(),
            breakdown: BTreeMap::new(),
            value: Decimal::whole(13),
            as_at: None,
            source: "A paper, paragraph 6.7".to_owned(),
        }
    }

    #[test]
    fn a_claim_about_all_councils_lives_in_the_shared_log() {
        given::<ClaimRules>([])
            .in_log("shared")
            .when(ClaimFact::ClaimPublished(claim()))
            .then_recorded();
        given::<ClaimRules>([])
            .in_log("brent")
            .when(ClaimFact::ClaimPublished(claim()))
            .then_refused(Refusal::WrongLog {
                scope: Scope::Joint,
                expected: LogName::shared(),
                home: LogName::new("brent").unwrap(),
            });
    }

    #[test]
    fn a_source_hides_nothing_and_is_one_line() {
        for (source, character, place) in [
            ("A paper\u{202e}, 6.7", "U+202E", 8),
            ("\u{1b}[2JA paper", "U+001B", 1),
            ("A paper\nclaims agree", "U+000A", 8),
        ] {
            let hidden = Published {
                source: source.to_owned(),
                ..claim()
            };
            let characters = vec![HiddenCharacter {
                field: "source".to_owned(),
                character: character.to_owned(),
                place,
            }];
            given::<ClaimRules>([])
                .in_log("shared")
                .when(ClaimFact::ClaimPublished(hidden.clone()))
                .then_rejected(Rejection::HiddenCharacters {
                    characters: characters.clone(),
                });
            given::<ClaimRules>([ClaimFact::ClaimPublished(claim())])
                .in_log("shared")
                .when_corrected(0, "source", &claim().source, source)
                .then_rejected(Rejection::HiddenCharacters { characters });
            // One that was recorded before can be corrected, whatever its source.
            given::<ClaimRules>([ClaimFact::ClaimPublished(hidden)])
                .in_log("shared")
                .when_corrected(0, "value", "13", "14")
                .then_recorded();
        }
    }

    #[test]
    fn a_claim_says_where_it_was_published_and_names_a_measure() {
        let silent = Published {
            source: String::new(),
            ..claim()
        };
        given::<ClaimRules>([])
            .in_log("shared")
            .when(ClaimFact::ClaimPublished(silent))
            .then_refused(Refusal::SourceLength);
        let nameless = Published {
            measure: "Tickets logged".to_owned(),
            ..claim()
        };
        given::<ClaimRules>([])
            .in_log("shared")
            .when(ClaimFact::ClaimPublished(nameless))
            .then_refused(Refusal::NotAMeasure {
                found: "Tickets logged".to_owned(),
            });
    }
}
