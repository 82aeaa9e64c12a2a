//! The seeds on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn logs(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn seeds_are_private_and_stay() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().join("credentials");
    let first = Credentials::load_or_create(&directory, &logs(&["brent"]), &[]).unwrap();
    let then = Credentials::load_or_create(&directory, &logs(&["brent", "shared"]), &[]).unwrap();
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join("brent")), 0o700);
    assert_eq!(mode(&directory.join("sys.nk")), 0o600);
    assert_eq!(first.sys().seed(), then.sys().seed());
    for role in Role::ALL {
        let file = directory.join(format!("brent/{}.nk", role.as_str()));
        assert_eq!(mode(&file), 0o600);
        let seed = first.user("brent", role).unwrap().seed();
        assert_eq!(seed, then.user("brent", role).unwrap().seed());
        assert_eq!(fs::read_to_string(file).unwrap().trim(), seed);
        assert!(then.user("shared", role).is_some());
        assert!(!format!("{then:?}").contains(seed));
    }
    let names = fs::read_dir(directory.join("brent")).unwrap();
    assert_eq!(names.count(), Role::ALL.len());
}

#[test]
fn a_seed_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    Credentials::load_or_create(directory.path(), &logs(&["brent"]), &[]).unwrap();
    let file = directory.path().join("brent/writer.nk");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = Credentials::load_or_create(directory.path(), &logs(&["brent"]), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("writer.nk has mode 0640"), "{text}");
    assert!(text.contains("chmod 600"), "{text}");
}

#[test]
fn a_damaged_seed_is_refused_and_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    Credentials::load_or_create(directory.path(), &logs(&["brent"]), &[]).unwrap();
    let file = directory.path().join("brent/writer.nk");
    let account = nkeys::KeyPair::new_account().seed().unwrap();
    for content in ["", "SUAnonsense", account.as_str()] {
        fs::write(&file, content).unwrap();
        let error =
            Credentials::load_or_create(directory.path(), &logs(&["brent"]), &[]).unwrap_err();
        assert!(matches!(error, CredentialsError::Damaged { .. }), "{error}");
        assert!(content.is_empty() || !format!("{error:?}").contains(content));
    }
}

#[test]
fn a_log_has_a_code_for_a_name() {
    let directory = tempfile::tempdir().unwrap();
    for log in [
        "", "Brent", "brent/..", "-brent", "brent-", "br ent", "sys", "a_b",
    ] {
        let error = Credentials::load_or_create(directory.path(), &logs(&[log]), &[]).unwrap_err();
        assert!(
            matches!(error, CredentialsError::InvalidLog { .. }),
            "{log:?}: {error}"
        );
    }
    assert_eq!(account_name("north-brent"), "NORTH_BRENT");
    assert_eq!(
        inbox_prefix("north-brent", Role::Reader),
        "_INBOX_north-brent_reader"
    );
}
