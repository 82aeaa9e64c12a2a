//! Whose exports are taken: what this installation signed, and what is asked for by key or as unsigned.

use std::borrow::Cow;
use std::path::Path;

use townclerk_domain::names::LogName;

use super::Import;
use crate::history::{Fault, FaultKind, PublicKey, SIGNATURE, Signed};

/// Who signed an export, in words.
pub(super) fn signed(signed: &Signed) -> String {
    match signed {
        Signed::Unsigned => "unsigned".to_owned(),
        Signed::By(key) => format!("signed by {key}"),
    }
}

/// What a check says of the signature, compared with who must have signed.
pub(super) fn compared(found: &Signed, trusted: Option<&PublicKey>) -> Result<String, Fault> {
    let said = signed(found);
    match (found, trusted) {
        (Signed::Unsigned, None) => Ok(said),
        (Signed::By(_), None) => Ok(format!("{said}, not compared with a key that you trust")),
        (Signed::By(key), Some(trusted)) if key == trusted => {
            Ok(format!("{said}, the key given with --key"))
        }
        (_, Some(trusted)) => Err(Fault {
            file: SIGNATURE.to_owned(),
            line: None,
            kind: FaultKind::Signature,
            found: format!("the export is {said}, and must be signed by {trusted}"),
            remedy: "take an export that this key signed".to_owned(),
        }),
    }
}

/// Whether an export is taken, or why not and what to type to have it all the same.
pub(super) fn admit(
    found: &Signed,
    own: Option<&PublicKey>,
    options: &Import,
) -> Result<(), String> {
    let said = signed(found);
    match (found, &options.key) {
        (Signed::By(key), Some(trusted)) if key == trusted => Ok(()),
        (Signed::By(key), Some(trusted)) => Err(format!(
            "the export is {said}, and --key asks for {trusted}: take one that this key signed; or, if you know that {key} is to be trusted, type: {}",
            again(options, &format!("--key {key}"))
        )),
        (Signed::By(key), None) if own == Some(key) => Ok(()),
        (Signed::By(key), None) => {
            let own = match own {
                Some(own) => format!("this installation signs by {own}"),
                None => "this installation has no key yet".to_owned(),
            };
            Err(format!(
                "the export is {said}, and {own}: compare that key with what `townclerk history key` printed where the export was made; if it is the same, type: {}",
                again(options, &format!("--key {key}"))
            ))
        }
        (Signed::Unsigned, Some(trusted)) => Err(format!(
            "the export is unsigned, and --key asks for {trusted}: take one that this key signed; or, if you know where this one comes from, type: {}",
            again(options, "--unsigned")
        )),
        (Signed::Unsigned, None) if options.unsigned => Ok(()),
        (Signed::Unsigned, None) => Err(format!(
            "the export is unsigned, so nothing shows who made it, or that nobody changed it since: if you know where it comes from, type: {}",
            again(options, "--unsigned")
        )),
    }
}

/// The command once more, with an option that it lacked.
fn again(options: &Import, option: &str) -> String {
    let Import {
        folder,
        logs,
        reach,
        ..
    } = options;
    let mut words = vec![
        "townclerk history import".to_owned(),
        path(folder),
        option.to_owned(),
    ];
    if !logs.is_empty() {
        let logs: Vec<&str> = logs.iter().map(LogName::as_str).collect();
        words.push(format!("--logs {}", logs.join(",")));
    }
    words.push(format!("--data {}", path(&reach.data)));
    if let (Some(url), Some(credentials)) = (&reach.nats_url, &reach.credentials) {
        words.push(format!("--nats-url {}", in_shell(url)));
        words.push(format!("--credentials {}", path(credentials)));
    }
    if let Some(binary) = &reach.nats_server {
        words.push(format!("--nats-server {}", path(binary)));
    }
    words.join(" ")
}

fn path(path: &Path) -> String {
    in_shell(&path.to_string_lossy()).into_owned()
}

/// As one word of a shell.
fn in_shell(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::commands::Output;
    use crate::history::SigningKey;
    use crate::system::Reach;

    use super::*;

    fn options(key: Option<&PublicKey>, unsigned: bool) -> Import {
        Import {
            folder: PathBuf::from("/backup/of 2026"),
            logs: vec![LogName::new("brent").unwrap()],
            key: key.cloned(),
            unsigned,
            reach: Reach::data(Path::new("/srv/new")),
            output: Output::default(),
        }
    }

    #[test]
    fn what_this_installation_signed_is_taken_and_all_else_is_asked_for() {
        let [own, theirs, third] = [(); 3].map(|()| SigningKey::generate().public());
        let by = |key: &PublicKey| Signed::By(key.clone());
        let taken: [(Signed, Option<&PublicKey>, Import); 5] = [
            (by(&own), Some(&own), options(None, false)),
            (by(&own), Some(&own), options(None, true)),
            (by(&theirs), Some(&own), options(Some(&theirs), false)),
            (by(&theirs), None, options(Some(&theirs), false)),
            (Signed::Unsigned, Some(&own), options(None, true)),
        ];
        for (found, own, options) in taken {
            assert_eq!(
                admit(&found, own, &options),
                Ok(()),
                "{found:?} {options:?}"
            );
        }
        let with = |option: &str| {
            format!(
                "townclerk history import '/backup/of 2026' {option} --logs brent --data /srv/new"
            )
        };
        let theirs_asked_for = with(&format!("--key {theirs}"));
        let refused: [(Signed, Option<&PublicKey>, Import, &str); 7] = [
            (
                by(&theirs),
                Some(&own),
                options(None, false),
                &theirs_asked_for,
            ),
            (by(&theirs), None, options(None, false), &theirs_asked_for),
            // Not unsigned is not trusted.
            (
                by(&theirs),
                Some(&own),
                options(None, true),
                &theirs_asked_for,
            ),
            (
                by(&theirs),
                Some(&own),
                options(Some(&third), false),
                &theirs_asked_for,
            ),
            // Where a key is named, not even what this installation signed is taken instead.
            (
                by(&theirs),
                Some(&theirs),
                options(Some(&third), false),
                &theirs_asked_for,
            ),
            (
                Signed::Unsigned,
                Some(&own),
                options(None, false),
                &with("--unsigned"),
            ),
            (
                Signed::Unsigned,
                Some(&own),
                options(Some(&theirs), false),
                &with("--unsigned"),
            ),
        ];
        for (found, own, options, typed) in refused {
            let why = admit(&found, own, &options).unwrap_err();
            assert!(why.ends_with(&format!("type: {typed}")), "{why}");
        }
    }

    #[test]
    fn a_check_says_who_signed_and_whether_that_was_compared() {
        let [ours, other] = [(); 2].map(|()| SigningKey::generate().public());
        let by = Signed::By(ours.clone());
        let said = compared(&by, None).unwrap();
        assert_eq!(
            said,
            format!("signed by {ours}, not compared with a key that you trust")
        );
        assert_eq!(compared(&Signed::Unsigned, None).unwrap(), "unsigned");
        let said = compared(&by, Some(&ours)).unwrap();
        assert_eq!(said, format!("signed by {ours}, the key given with --key"));
        for found in [by, Signed::Unsigned] {
            let fault = compared(&found, Some(&other)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Signature);
            assert!(fault.found.contains(other.to_string().as_str()), "{fault}");
        }
    }

    #[test]
    fn what_is_to_be_typed_is_one_word_for_each_path() {
        assert_eq!(in_shell("/backup/2026-11-22"), "/backup/2026-11-22");
        assert_eq!(in_shell(""), "''");
        assert_eq!(in_shell("it's; rm"), r"'it'\''s; rm'");
    }
}
