//! The table of kinds of aggregates: one line for each. What follows from a kind alone comes of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Passes the table of kinds to the macro that is named first, after what else is given.
///
/// A line has the kind, its rules, its token, its family, its byte in the keys of rows, and whether its
/// events carry codes, ids and figures only or may carry text. Persisted are the token and the byte:
/// append lines, and never change those two.
#[macro_export]
macro_rules! for_each_kind {
    ([$($then:tt)+] $($with:tt)*) => {
        $($then)+! {
            $($with)*
            Ticket, $crate::ticket::TicketRules, "ticket", Ticket, 1, Codes;
            Coverage, $crate::coverage::CoverageRules, "coverage", Record, 2, Codes;
            Claim, $crate::claim::ClaimRules, "claim", Publication, 3, Codes;
            Partnership, $crate::partnership::PartnershipRules, "partnership", Restructure, 4, Codes;
            Change, $crate::change::ChangeRules, "change", Change, 5, Text;
            Freeze, $crate::freeze::FreezeRules, "freeze", Change, 6, Text;
            Gate, $crate::gate::GateRules, "gate", Change, 7, Text;
            Outage, $crate::outage::OutageRules, "outage", Outage, 8, Text;
            Programme, $crate::programme::ProgrammeRules, "programme", Restructure, 9, Text;
            Post, $crate::post::PostRules, "post", Restructure, 10, Codes;
            Availability, $crate::availability::AvailabilityRules, "availability", Agreement, 11, Codes;
            Targets, $crate::targets::TargetsRules, "targets", Agreement, 12, Codes;
            Hours, $crate::hours::HoursRules, "hours", Agreement, 13, Codes;
            Holidays, $crate::holidays::HolidaysRules, "holidays", Agreement, 14, Codes;
            RecoveryTest, $crate::recovery::RecoveryTestRules, "recovery-test", Outage, 15, Codes;
        }
    };
}

/// Does one thing by the rules of whatever kind a value is of: `with_rules!(kind, R => read::<R>(key))`.
#[macro_export]
macro_rules! with_rules {
    ($kind:expr, $rules:ident => $then:expr) => {
        $crate::for_each_kind!([$crate::match_kind][$kind][$rules][$then])
    };
}

/// Does one thing with what an event of any kind says: `with_event!(event, what => encode(what))`.
#[macro_export]
macro_rules! with_event {
    ($event:expr, $what:ident => $then:expr) => {
        $crate::for_each_kind!([$crate::match_event][$event][$what][$then])
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! match_kind {
    ([$of:expr] [$name:ident] [$then:expr]
     $($kind:ident, $rules:ty, $token:literal, $family:ident, $byte:literal, $says:ident;)+) => {
        match $of {
            $($crate::kinds::AggregateKind::$kind => {
                type $name = $rules;
                $then
            })+
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! match_event {
    ([$of:expr] [$what:ident] [$then:expr]
     $($kind:ident, $rules:ty, $token:literal, $family:ident, $byte:literal, $says:ident;)+) => {
        match $of {
            $($crate::event::Event::$kind($what) => $then,)+
        }
    };
}

/// Families of aggregates: one subject token, one bounded context each.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Ticket,
    Record,
    Publication,
    Restructure,
    Change,
    Outage,
    Agreement,
}

impl Family {
    pub fn token(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Record => "record",
            Self::Publication => "publication",
            Self::Restructure => "restructure",
            Self::Change => "change",
            Self::Outage => "outage",
            Self::Agreement => "agreement",
        }
    }
}

/// What the events of a kind carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Codes, ids and figures only.
    Codes,
    /// Text too: nobody can tell what people will write.
    Text,
}

macro_rules! aggregate_kinds {
    ($($kind:ident, $rules:ty, $token:literal, $family:ident, $byte:literal, $says:ident;)+) => {
        /// Kinds of aggregates, in the order of the table.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum AggregateKind {
            $(#[serde(rename = $token)] $kind,)+
        }

        impl AggregateKind {
            pub const ALL: [Self; [$(stringify!($kind)),+].len()] = [$(Self::$kind),+];

            pub const fn token(self) -> &'static str {
                match self { $(Self::$kind => $token,)+ }
            }

            pub const fn family(self) -> Family {
                match self { $(Self::$kind => Family::$family,)+ }
            }

            /// Its byte in the keys of rows.
            pub const fn byte(self) -> u8 {
                match self { $(Self::$kind => $byte,)+ }
            }

            pub const fn says(self) -> Says {
                match self { $(Self::$kind => Says::$says,)+ }
            }
        }
    };
}

for_each_kind!([aggregate_kinds]);

impl AggregateKind {
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.token() == token)
    }
}

impl fmt::Display for AggregateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As released: rows and subjects are found by these.
    const RELEASED: [(&str, &str, u8); 15] = [
        ("ticket", "ticket", 1),
        ("coverage", "record", 2),
        ("claim", "publication", 3),
        ("partnership", "restructure", 4),
        ("change", "change", 5),
        ("freeze", "change", 6),
        ("gate", "change", 7),
        ("outage", "outage", 8),
        ("programme", "restructure", 9),
        ("post", "restructure", 10),
        ("availability", "agreement", 11),
        ("targets", "agreement", 12),
        ("hours", "agreement", 13),
        ("holidays", "agreement", 14),
        ("recovery-test", "outage", 15),
    ];

    #[test]
    fn what_is_persisted_of_a_kind_never_moves() {
        let all = AggregateKind::ALL.into_iter();
        let now: Vec<_> = all
            .map(|kind| (kind.token(), kind.family().token(), kind.byte()))
            .collect();
        assert_eq!(now[..RELEASED.len()], RELEASED);
        let bytes: std::collections::BTreeSet<u8> = now.iter().map(|(_, _, byte)| *byte).collect();
        assert_eq!(bytes.len(), now.len(), "two kinds have one byte");
        for kind in AggregateKind::ALL {
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, kind.token());
            assert_eq!(AggregateKind::from_token(kind.token()), Some(kind));
        }
    }
}
