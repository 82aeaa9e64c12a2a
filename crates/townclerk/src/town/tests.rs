//! Who can take part, and the file that says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn partner(council: &str, system: &str) -> Partner {
    Partner {
        council: code(council),
        system: code(system),
    }
}

fn town(councils: &[&str], partners: &[(&str, &str)]) -> Town {
    let partners = partners.iter();
    Town {
        quotas: BTreeMap::new(),
        councils: councils.iter().map(|council| code(council)).collect(),
        partners: partners.map(|(own, system)| partner(own, system)).collect(),
    }
}

#[test]
fn a_town_reads_back_as_it_was_written_and_is_private() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(Town::load(directory.path()).unwrap(), None);
    let written = town(&["brent", "lewisham"], &[("brent", "hornbill")]);
    written.save(directory.path()).unwrap();
    assert_eq!(Town::load(directory.path()).unwrap(), Some(written));
    let file = Town::file(directory.path());
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = Town::load(directory.path()).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("chmod 600"), "{why}");
}

#[test]
fn a_file_with_a_mistake_is_refused_with_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    for (text, reason) in [
        ("", "EOF"),
        (r#"{"councils":["Brent"]}"#, "is not a code"),
        (r#"{"councils":["brent"],"towns":[]}"#, "unknown field"),
        (r#"{"councils":["shared"]}"#, "have another meaning"),
        (
            r#"{"councils":["brent"],"partners":[{"council":"lewisham","system":"x"}]}"#,
            "council add lewisham",
        ),
    ] {
        private_file::write(&Town::file(directory.path()), text).unwrap();
        let refused = Town::load(directory.path()).unwrap_err().to_string();
        assert!(refused.contains(reason), "{text}: {refused}");
    }
}

#[test]
fn no_council_takes_a_name_that_has_another_meaning() {
    for name in ["shared", "joint", "sys", "partner", "partner-brent"] {
        let refused = Town::of([code(name)]).unwrap_err();
        let council = code(name);
        assert_eq!(refused, TownRefusal::ReservedName { council }, "{name}");
    }
    for name in ["partners", "partnership", "sysop", "brent"] {
        assert!(Town::of([code(name)]).is_ok(), "{name}");
    }
}

#[test]
fn two_partners_never_share_an_id() {
    let clash = town(
        &["brent", "brent-north"],
        &[("brent", "north-desk"), ("brent-north", "desk")],
    );
    let refused = clash.check().unwrap_err();
    assert!(matches!(refused, TownRefusal::SameId { .. }), "{refused}");
    let apart = town(
        &["brent", "camden"],
        &[("brent", "desk"), ("camden", "desk")],
    );
    assert_eq!(apart.check(), Ok(()));
}

#[test]
fn logs_and_their_readers_follow_from_the_town() {
    let town = town(
        &["lewisham", "brent"],
        &[("brent", "hornbill"), ("lewisham", "desk")],
    );
    let names: Vec<String> = town.logs().iter().map(LogName::to_string).collect();
    assert_eq!(names, ["brent", "lewisham", "shared"]);
    let readers = |log: &str| -> Vec<String> {
        let log = LogName::new(log).unwrap();
        town.partners_of(&log).map(Partner::id).collect()
    };
    assert_eq!(readers("brent"), ["brent-hornbill"]);
    assert_eq!(readers("shared"), ["brent-hornbill", "lewisham-desk"]);
}
