//! Specifications of the membership of a council: it joins, gives notice, leaves.

use super::*;
use crate::decider::Rejection;
use crate::plain_text::HiddenCharacter;
use crate::testing::{Outcome, given, given_time};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn brent() -> Joined {
    Joined {
        council: code("brent"),
        name: "London Borough of Brent".to_owned(),
        gss_code: Some("E09000005".to_owned()),
        from: date("2016-04-01"),
    }
}

fn joins() -> PartnershipFact {
    PartnershipFact::CouncilJoined(brent())
}

fn gives_notice(last_day: &str) -> PartnershipFact {
    PartnershipFact::NoticeGiven(NoticeGiven {
        last_day: date(last_day),
    })
}

fn leaves(last_day: &str) -> PartnershipFact {
    PartnershipFact::CouncilLeft(Left {
        last_day: date(last_day),
    })
}

/// Asks for a fact in `shared`, after these, which happened from 9 o'clock on 1 January 2020.
fn after<const N: usize>(
    facts: [PartnershipFact; N],
    fact: PartnershipFact,
) -> Outcome<PartnershipRules> {
    given::<PartnershipRules>(facts).in_log("shared").when(fact)
}

fn already_member() -> Refusal {
    Refusal::AlreadyMember {
        council: code("brent"),
        from: date("2016-04-01"),
    }
}

fn already_left() -> Refusal {
    Refusal::AlreadyLeft {
        council: code("brent"),
        last_day: date("2020-03-31"),
    }
}

#[test]
fn each_state_of_a_membership_takes_exactly_these_facts() {
    let no_notice = Refusal::NoNotice {
        council: code("brent"),
    };
    let member = || vec![joins()];
    let noticed = || vec![joins(), gives_notice("2020-03-31")];
    let gone = || vec![joins(), gives_notice("2020-03-31"), leaves("2020-03-31")];
    let table = [
        (vec![], joins(), Ok(())),
        (vec![], gives_notice("2020-03-31"), Err(Refusal::NotAMember)),
        (vec![], leaves("2020-03-31"), Err(Refusal::NotAMember)),
        (member(), joins(), Err(already_member())),
        (member(), gives_notice("2020-03-31"), Ok(())),
        (member(), leaves("2020-03-31"), Err(no_notice)),
        (noticed(), joins(), Err(already_member())),
        (noticed(), gives_notice("2020-09-30"), Ok(())),
        (noticed(), leaves("2020-04-30"), Ok(())),
        (gone(), joins(), Err(already_member())),
        (gone(), gives_notice("2020-09-30"), Err(already_left())),
        (gone(), leaves("2020-09-30"), Err(already_left())),
    ];
    for (facts, fact, outcome) in table {
        let asked = given::<PartnershipRules>(facts).in_log("shared").when(fact);
        match outcome {
            Ok(()) => asked.then_recorded(),
            Err(refusal) => asked.then_refused(refusal),
        }
    }
}

#[test]
fn no_council_is_called_joint_or_shared() {
    for name in ["joint", "shared"] {
        let council = code(name);
        let joins = PartnershipFact::CouncilJoined(Joined {
            council: council.clone(),
            ..brent()
        });
        after([], joins).then_refused(Refusal::ReservedName { council });
    }
}

#[test]
fn a_council_has_a_name_of_at_most_200_characters() {
    let named = |name: String| PartnershipFact::CouncilJoined(Joined { name, ..brent() });
    after([], named("é".repeat(200))).then_recorded();
    for name in [String::new(), "é".repeat(201)] {
        after([], named(name)).then_refused(Refusal::NameLength);
    }
}

#[test]
fn a_gss_code_is_a_letter_and_eight_digits_where_there_is_one() {
    let coded = |gss_code: Option<&str>| {
        PartnershipFact::CouncilJoined(Joined {
            gss_code: gss_code.map(str::to_owned),
            ..brent()
        })
    };
    after([], coded(None)).then_recorded();
    for found in ["", "E0900000", "E090000055", "e09000005", "E0900000X"] {
        after([], coded(Some(found))).then_refused(Refusal::NotAGssCode {
            found: found.to_owned(),
        });
    }
}

#[test]
fn membership_is_recorded_in_the_shared_log() {
    for fact in [joins(), gives_notice("2020-03-31"), leaves("2020-03-31")] {
        given::<PartnershipRules>([])
            .in_log("brent")
            .when(fact)
            .then_refused(Refusal::NotInShared {
                home: LogName::new("brent").unwrap(),
            });
    }
}

#[test]
fn the_last_day_does_not_lie_before_the_council_joined() {
    let refusal = Refusal::LeavesBeforeItJoined {
        council: code("brent"),
        from: date("2016-04-01"),
        last_day: date("2016-03-31"),
    };
    after([joins()], gives_notice("2016-03-31")).then_refused(refusal.clone());
    after([joins(), gives_notice("2020-03-31")], leaves("2016-03-31")).then_refused(refusal);
}

#[test]
fn the_last_day_does_not_lie_before_the_day_on_which_notice_was_first_given() {
    let noticed = || {
        [
            joins(),
            gives_notice("2020-03-31"),
            gives_notice("2020-09-30"),
        ]
    };
    after(noticed(), leaves("2020-01-01")).then_recorded();
    for last_day in ["2019-12-31", "2016-04-01"] {
        after(noticed(), leaves(last_day)).then_refused(Refusal::NoticeOfThePast {
            given: date("2020-01-01"),
            last_day: date(last_day),
        });
    }
    // The facts happen an hour apart, so of 16 the last happens on the next day.
    let mut over_night = vec![joins()];
    over_night.extend((0..15).map(|_| gives_notice("2020-03-31")));
    let member = given::<PartnershipRules>(over_night.clone()).state();
    assert_eq!(member.unwrap().notice_given, Some(date("2020-01-01")));
    given::<PartnershipRules>(over_night)
        .in_log("shared")
        .when(leaves("2020-01-01"))
        .then_recorded();
}

#[test]
fn notice_names_a_day_that_has_not_passed_in_london() {
    after([joins()], gives_notice("2020-01-01")).then_recorded();
    after([joins()], gives_notice("2019-12-31")).then_refused(Refusal::NoticeOfThePast {
        given: date("2020-01-01"),
        last_day: date("2019-12-31"),
    });
    // In summer the day begins in London while it is still the day before in UTC.
    given::<PartnershipRules>([joins()])
        .in_log("shared")
        .when_late(
            "2020-06-30T23:00:00Z".parse().unwrap(),
            gives_notice("2020-06-30"),
        )
        .then_refused(Refusal::NoticeOfThePast {
            given: date("2020-07-01"),
            last_day: date("2020-06-30"),
        });
}

#[test]
fn a_name_hides_nothing_and_is_one_line() {
    for (name, character) in [("Bre\u{202e}nt", "U+202E"), ("Bre\nnt", "U+000A")] {
        let named = Joined {
            name: name.to_owned(),
            ..brent()
        };
        let characters = vec![HiddenCharacter {
            field: "name".to_owned(),
            character: character.to_owned(),
            place: 4,
        }];
        after([], PartnershipFact::CouncilJoined(named.clone()))
            .then_rejected(Rejection::HiddenCharacters { characters });
        // A council that was recorded so before is a member like others.
        after(
            [PartnershipFact::CouncilJoined(named)],
            gives_notice("2020-09-30"),
        )
        .then_recorded();
    }
}

#[test]
fn a_corrected_first_day_must_leave_notice_and_leaving_possible() {
    given::<PartnershipRules>([joins(), gives_notice("2020-03-31")])
        .in_log("shared")
        .when_corrected(0, "from", "2016-04-01", "2020-04-01")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::LeavesBeforeItJoined {
                council: code("brent"),
                from: date("2020-04-01"),
                last_day: date("2020-03-31"),
            },
        });
}

#[test]
fn the_latest_notice_stands_and_leaving_sets_the_last_day() {
    let facts = [
        joins(),
        gives_notice("2020-03-31"),
        gives_notice("2020-09-30"),
        leaves("2020-10-31"),
    ];
    let member = facts.iter().fold(None, |state, fact| {
        PartnershipRules::evolve(state, fact, given_time(0))
    });
    assert_eq!(
        member,
        Some(Membership {
            joined: brent(),
            notice: Some(date("2020-09-30")),
            notice_given: Some(date("2020-01-01")),
            last_day: Some(date("2020-10-31")),
        })
    );
}
