//! Who can take part, and the file that says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// A folder as it is taken: its owner's alone.
pub(crate) fn folder() -> tempfile::TempDir {
    let ours = fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(ours).tempdir();
    folder.unwrap()
}

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
    let directory = folder();
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
    let directory = folder();
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

#[test]
fn a_folder_or_a_file_that_others_get_at_is_refused_with_what_to_do() {
    use fs::{Permissions, set_permissions};
    let outside = folder();
    let folder = outside.path().join("data");
    Town::default().save(&folder).unwrap();
    let refused = |path: &std::path::Path| {
        let error = anyhow::Error::from(Town::load(path).unwrap_err());
        format!("{error:#}")
    };
    let link = outside.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    assert!(refused(&link).contains("is a link: name the folder itself"));
    set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert!(refused(&folder).contains("chmod 700"));
    set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    set_permissions(Town::file(&folder), Permissions::from_mode(0o644)).unwrap();
    let why = refused(&folder);
    assert!(
        why.contains("town.json cannot be used: it has mode 0644, so others get at it"),
        "{why}"
    );
    assert!(why.contains("chmod 600"), "{why}");
    let file = refused(&Town::file(&folder));
    assert!(file.contains("town.json is no folder: name one"), "{file}");
    for nothing in [outside.path().join("absent"), "/".into()] {
        let town = Town::load(&nothing).unwrap();
        assert_eq!(town, None, "it holds none, even if others can open it");
    }
}
