//! A signature holds for one export as a whole: whatever is changed, cut, moved or swapped is found.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use nkeys::KeyPair;
use serde_json::{Value, json};

use super::*;

/// An export of brent and lewisham, signed.
async fn signed_by(key: &SigningKey) -> (TempDir, Manifest) {
    let logs = [
        log_of("brent", &messages("brent")).await,
        log_of("lewisham", &messages("lewisham")).await,
    ];
    exported_by(Some(key), &logs).await
}

fn read(dir: &TempDir) -> Result<SignedManifest, Fault> {
    Manifest::read(dir.path()).unwrap()
}

/// Changes a file of JSON.
fn change(dir: &TempDir, file: &str, change: impl FnOnce(&mut Value)) {
    let path = dir.path().join(file);
    let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
}

#[tokio::test]
async fn an_export_says_who_signed_it() {
    let key = SigningKey::generate();
    let (dir, manifest) = signed_by(&key).await;
    let expected = SignedManifest {
        manifest,
        signed: Signed::By(key.public()),
    };
    assert_eq!(read(&dir), Ok(expected));
    // One that was made before exports were signed is read as one that nobody signed.
    fs::remove_file(dir.path().join(SIGNATURE)).unwrap();
    assert_eq!(read(&dir).unwrap().signed, Signed::Unsigned);
}

#[tokio::test]
async fn whatever_of_the_manifest_is_changed_the_signature_no_longer_fits() {
    let key = SigningKey::generate();
    let changes: [fn(&mut Value); 8] = [
        |manifest| manifest["logs"][0]["messages"] = json!(14),
        |manifest| manifest["logs"][0]["head"] = json!("0".repeat(64)),
        |manifest| manifest["logs"][0]["sha256"] = json!("0".repeat(64)),
        |manifest| manifest["logs"][0]["bytes"] = json!(1),
        |manifest| manifest["exported"] = json!("2026-11-23T12:00:00Z"),
        |manifest| manifest["partnership"] = json!(["brent"]),
        |manifest| drop(manifest["logs"].as_array_mut().unwrap().pop()),
        |manifest| manifest["logs"].as_array_mut().unwrap().swap(0, 1),
    ];
    for changed in changes {
        let (dir, _) = signed_by(&key).await;
        change(&dir, MANIFEST, changed);
        let fault = read(&dir).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Signature, "{fault}");
        assert_eq!(fault.file, SIGNATURE);
    }
}

#[tokio::test]
async fn a_log_cut_or_taken_from_another_export_does_not_fit_the_signed_manifest() {
    let key = SigningKey::generate();
    let (dir, manifest) = signed_by(&key).await;
    // Shorter, and each line follows from the one before: an export of a day before.
    let short = log_of("brent", &messages("brent")[..9]).await;
    let (before, _) = exported_by(Some(&key), &[short]).await;
    let file = "brent.ndjson";
    fs::copy(before.path().join(file), dir.path().join(file)).unwrap();
    let entry = manifest.log(&name("brent")).unwrap();
    let fault = check(dir.path(), entry, |_| {}).unwrap().unwrap_err();
    assert_eq!((fault.line, fault.kind), (Some(10), FaultKind::Missing));
    // Its manifest comes with its own signature only.
    let paths = |name: &str| (before.path().join(name), dir.path().join(name));
    let (from, to) = paths(MANIFEST);
    fs::copy(from, to).unwrap();
    assert_eq!(read(&dir).unwrap_err().kind, FaultKind::Signature);
    let (from, to) = paths(SIGNATURE);
    fs::copy(from, to).unwrap();
    assert_eq!(read(&dir).unwrap().signed, Signed::By(key.public()));
}

#[tokio::test]
async fn a_signature_by_another_name_is_none() {
    let (key, other) = (SigningKey::generate(), SigningKey::generate());
    let (dir, _) = signed_by(&key).await;
    let good = fs::read(dir.path().join(SIGNATURE)).unwrap();
    let changes: [(&str, Value, &str); 6] = [
        ("key", json!(other.public()), "comes from another export"),
        (
            "key",
            json!(KeyPair::new_user().public_key()),
            "something else than exports",
        ),
        ("key", json!("VABC"), "is no public key"),
        ("signature", json!("AAAA"), "comes from another export"),
        ("signature", json!("§"), "no base64"),
        ("version", json!(2), "version 2"),
    ];
    for (field, value, why) in changes {
        fs::write(dir.path().join(SIGNATURE), &good).unwrap();
        change(&dir, SIGNATURE, |signature| signature[field] = value);
        let fault = read(&dir).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Signature);
        assert!(fault.found.contains(why), "{fault}");
    }
    for text in [&b""[..], b"{", b"\xff"] {
        fs::write(dir.path().join(SIGNATURE), text).unwrap();
        assert_eq!(read(&dir).unwrap_err().kind, FaultKind::Signature);
    }
}

#[tokio::test]
async fn the_key_of_an_installation_is_made_once_and_for_its_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    assert!(SigningKey::of(data.path()).unwrap().is_none());
    let [one, other] = [
        SigningKey::of_or_made(data.path()),
        SigningKey::of_or_made(data.path()),
    ];
    let (one, other) = tokio::join!(one, other);
    let key = one.unwrap().public();
    assert_eq!(other.unwrap().public(), key);
    let again = SigningKey::of(data.path()).unwrap().unwrap();
    assert_eq!(again.public(), key);
    let path = data.path().join("signing.nk");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let refused = SigningKey::of(data.path()).err().unwrap();
    assert!(format!("{refused:#}").contains("chmod 600"), "{refused:#}");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, KeyPair::new_user().seed().unwrap()).unwrap();
    let refused = SigningKey::of_or_made(data.path()).await.err().unwrap();
    assert!(refused.to_string().contains("restore it"), "{refused:#}");
}

#[test]
fn a_key_is_named_by_itself_or_by_a_file_that_begins_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().public();
    assert_eq!(PublicKey::given(&key.to_string()), Ok(key.clone()));
    let file = dir.path().join("brent.key");
    fs::write(&file, format!("{key}  # of brent\n")).unwrap();
    assert_eq!(PublicKey::given(file.to_str().unwrap()), Ok(key.clone()));
    let mut mistyped = key.to_string().into_bytes();
    mistyped[20] = if mistyped[20] == b'A' { b'B' } else { b'A' };
    fs::write(&file, &mistyped).unwrap();
    let named = [
        (String::from_utf8(mistyped).unwrap(), "Checksum mismatch"),
        (
            file.to_str().unwrap().to_owned(),
            "the file holds no public key",
        ),
        (dir.path().to_str().unwrap().to_owned(), "it is a folder"),
        ("/dev/zero".to_owned(), "it is a device"),
        (
            KeyPair::new_account().public_key(),
            "something else than exports",
        ),
    ];
    for (named, why) in named {
        let refused = PublicKey::given(&named).unwrap_err();
        assert!(refused.contains(why), "{refused}");
        assert!(refused.contains("townclerk history key"), "{refused}");
    }
}
