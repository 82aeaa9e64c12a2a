//! What is asked of a membership, and what is said of one.

use std::path::Path;

use super::*;

fn asked(joined: Option<&str>, name: Option<&str>, gss_code: Option<&str>) -> Add {
    Add {
        council: Code::new("camden").unwrap(),
        joined: joined.map(|day| day.parse().unwrap()),
        name: name.map(str::to_owned),
        gss_code: gss_code.map(str::to_owned),
        without_membership: false,
        new: false,
        reach: Reach::data(Path::new("unused")),
        output: Output::default(),
    }
}

fn beside_camden(options: &Add, last_day: Option<&str>) -> serde_json::Value {
    let member = Member {
        joined: Joined {
            council: Code::new("camden").unwrap(),
            name: "Camden".to_owned(),
            gss_code: None,
            from: "2026-04-01".parse().unwrap(),
        },
        notice: None,
        notice_given: None,
        last_day: last_day.map(|day| day.parse().unwrap()),
    };
    let position = Position {
        log: LogName::shared(),
        sequence: 7,
    };
    serde_json::to_value(beside(options, &position, &member)).unwrap()
}

#[test]
fn asking_for_what_is_recorded_is_no_mistake_and_asking_for_something_else_is_told() {
    for same in [
        asked(None, None, None),
        asked(Some("2026-04-01"), Some("Camden"), None),
    ] {
        let report = beside_camden(&same, None);
        assert_eq!(report["membership"], "already-recorded", "{report}");
        assert_eq!(report["position"], "shared:7");
        assert_eq!(report["from"], "2026-04-01");
    }
    for (other, difference) in [
        (asked(Some("2026-05-01"), None, None), "not 2026-05-01"),
        (asked(None, Some("LB Camden"), None), "\"LB Camden\""),
        (asked(None, None, Some("E09000007")), "not E09000007"),
    ] {
        let report = beside_camden(&other, None);
        assert_eq!(report["membership"], "recorded-otherwise", "{report}");
        let why = report["why"].as_str().unwrap();
        assert!(why.contains(difference), "{why}");
        assert!(why.contains("the operator's role"), "{why}");
    }
}

#[test]
fn a_membership_has_the_day_and_the_name_that_were_given_and_none_is_guessed() {
    let whole = super::asked(&asked(Some("2026-04-01"), Some("Camden"), None)).unwrap();
    assert_eq!(whole.name, "Camden");
    let missing = |joined, name| {
        let refused = super::asked(&asked(joined, name, None)).unwrap_err();
        refused.to_string()
    };
    let neither = missing(None, None);
    assert!(
        neither.contains("say its first day with --joined and its name with --name,"),
        "{neither}"
    );
    assert!(neither.contains("--without-membership"), "{neither}");
    let no_name = missing(Some("2026-04-01"), None);
    assert!(no_name.contains("say its name with --name,"), "{no_name}");
}

#[test]
fn views_are_opened_of_a_council_that_is_new_alone() {
    let (council, log) = (
        Code::new("camden").unwrap(),
        LogName::new("camden").unwrap(),
    );
    let said = |was_there| {
        of_its_log(&Report {
            council: &council,
            was_there,
            log: &log,
            membership: Membership::NotRecorded,
        })
    };
    assert!(said(false).contains("opens its views next"));
    assert_eq!(
        said(true),
        "camden: was added before, the log camden is there"
    );
}

#[tokio::test]
async fn without_its_day_or_its_name_no_council_is_added() {
    let dir = crate::town::tests::folder();
    Town::default().save(dir.path()).unwrap();
    let mut options = asked(Some("2026-04-01"), None, None);
    options.reach = Reach::data(dir.path());
    let refused = add(&options).await.map(drop).unwrap_err();
    assert!(refused.is::<WrongUsage>(), "{refused}");
    assert_eq!(Town::load(dir.path()).unwrap(), Some(Town::default()));
    let made = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(made, 1, "town.json alone");
}

#[test]
fn the_list_says_since_when_each_is_a_member_and_until_when() {
    let camden = Code::new("camden").unwrap();
    let none = MembershipListed::of(&camden, None);
    assert_eq!(none.cells(), ["no membership recorded", "", ""]);
    let member = Member {
        joined: Joined {
            council: camden.clone(),
            name: "Camden".to_owned(),
            gss_code: None,
            from: "2026-04-01".parse().unwrap(),
        },
        notice: Some("2027-03-31".parse().unwrap()),
        notice_given: Some("2026-06-01".parse().unwrap()),
        last_day: None,
    };
    let listed = MembershipListed::of(&camden, Some(member));
    let notice = "2026-06-01, to leave after 2027-03-31";
    assert_eq!(listed.cells(), ["2026-04-01", notice, ""]);
}

#[test]
fn a_council_that_left_is_not_called_a_member() {
    let report = beside_camden(&asked(None, None, None), Some("2027-03-31"));
    assert_eq!(report["membership"], "refused", "{report}");
    let why = report["why"].as_str().unwrap();
    assert!(
        why.contains("2027-03-31") && why.contains("operator's role"),
        "{why}"
    );
}
