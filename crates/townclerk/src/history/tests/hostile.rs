//! What is handed over as an export may be anything: it is refused at once, within bounds, by what it is.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// Far more than any refusal takes: what is not there then waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

/// How something is called, and how it comes into the place of a file.
type Impostor = (&'static str, fn(&Path));

const IMPOSTORS: [Impostor; 7] = [
    ("a folder", |path| fs::create_dir(path).unwrap()),
    ("a FIFO", fifo),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
    ("a device", |path| symlink("/dev/zero", path).unwrap()),
    ("a device", |path| symlink("/dev/tty", path).unwrap()),
    ("a FIFO", |path| {
        let beside = path.with_extension("fifo");
        fifo(&beside);
        symlink(beside, path).unwrap();
    }),
    ("a folder", |path| symlink("/", path).unwrap()),
];

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The outcome of something that must end by itself.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(FOR_EVER).expect("it came to no end")
}

fn read(dir: &Path) -> Fault {
    let dir = dir.to_owned();
    in_time(move || Manifest::read(&dir).unwrap().unwrap_err())
}

/// What is found in brent's file, by a check and by an import.
async fn refused(dir: &Path, entry: &LogFile) -> Fault {
    let (folder, file) = (dir.to_owned(), entry.clone());
    let fault = in_time(move || check(&folder, &file, |_| {}).unwrap().unwrap_err());
    let log = log_of("brent", &[]).await;
    let compared = compare(dir, entry, both_ends(&log), |_| {}).await;
    let failed = compared.unwrap().unwrap().import(|_| {}).await.unwrap_err();
    assert!(format!("{failed:#}").contains(&fault.found), "{failed:#}");
    fault
}

fn brents(dir: &TempDir, manifest: &Manifest) -> (PathBuf, LogFile) {
    let entry = manifest.log(&name("brent")).unwrap().clone();
    (dir.path().join(&entry.file), entry)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_regular_file_is_never_opened() {
    for (what, put) in IMPOSTORS {
        let key = SigningKey::generate();
        let brent = [log_of("brent", &messages("brent")).await];
        for file in [MANIFEST, SIGNATURE] {
            let (dir, _) = exported_by(Some(&key), &brent).await;
            let path = dir.path().join(file);
            fs::remove_file(&path).unwrap();
            put(&path);
            let fault = read(dir.path());
            assert_eq!((fault.file.as_str(), fault.kind), (file, FaultKind::NoFile));
            assert!(fault.found.contains(what), "{fault}");
            assert!(fault.remedy.contains("regular file"), "{fault}");
        }
        let (dir, manifest) = exported_by(Some(&key), &brent).await;
        let (path, entry) = brents(&dir, &manifest);
        fs::remove_file(&path).unwrap();
        put(&path);
        let fault = refused(dir.path(), &entry).await;
        assert_eq!(fault.kind, FaultKind::NoFile);
        assert!(fault.found.contains(what), "{fault}");
        // Nor is one the folder itself.
        let elsewhere = tempfile::tempdir().unwrap();
        let folder = elsewhere.path().join("export");
        put(&folder);
        if what != "a folder" {
            let fault = read(&folder);
            assert_eq!(fault.kind, FaultKind::NoFile);
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_file_is_as_good_as_the_file() {
    let (dir, manifest) = brent().await;
    let (path, entry) = brents(&dir, &manifest);
    let beside = dir.path().join("elsewhere");
    fs::rename(&path, &beside).unwrap();
    symlink(&beside, &path).unwrap();
    check(dir.path(), &entry, |_| {}).unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_end_is_given_up_where_no_line_goes() {
    let (dir, manifest) = brent().await;
    let (path, mut entry) = brents(&dir, &manifest);
    // A terabyte that takes no room on the disk, and the manifest says so.
    let endless = File::create(&path).unwrap();
    endless.set_len(1 << 40).unwrap();
    entry.bytes = 1 << 40;
    let fault = refused(dir.path(), &entry).await;
    assert_eq!((fault.line, fault.kind), (Some(1), FaultKind::Unreadable));
    assert!(fault.found.contains("12582912 bytes"), "{fault}");
    // Also while a line that is out of place is looked for.
    let (dir, manifest) = brent().await;
    let (path, mut entry) = brents(&dir, &manifest);
    rewrite(dir.path(), |lines| drop(lines.remove(2)));
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    entry.bytes = 1 << 40;
    let fault = refused(dir.path(), &entry).await;
    assert_eq!((fault.line, fault.kind), (Some(3), FaultKind::Missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_no_further_than_the_manifest_says() {
    let (dir, manifest) = brent().await;
    let (path, entry) = brents(&dir, &manifest);
    // Lines of nothing after a line that is out of place: more of them than memory or patience.
    rewrite(dir.path(), |lines| drop(lines.remove(2)));
    let mut file = File::options().append(true).open(&path).unwrap();
    let lines = vec![b'\n'; 1 << 20];
    for _ in 0..64 {
        file.write_all(&lines).unwrap();
    }
    let mut read = lines::Lines::open(dir.path(), &entry).unwrap().unwrap();
    let fault = loop {
        match read.next().unwrap() {
            lines::Next::Message(_) => {}
            lines::Next::End => panic!("the file is not that of the manifest"),
            lines::Next::Faulty(fault) => break fault,
        }
    };
    assert_eq!((fault.line, fault.kind), (Some(3), FaultKind::Missing));
    assert!(read.bytes() <= entry.bytes + line::LINE_MAX as u64 + 1);
    // Sizes that are not true: nothing is set aside for them, and the file ends where it ends.
    for (messages, bytes) in [(u64::MAX, u64::MAX), (u64::MAX, 1), (1, u64::MAX)] {
        let (dir, manifest) = super::brent().await;
        let (_, mut entry) = brents(&dir, &manifest);
        (entry.messages, entry.bytes) = (messages, bytes);
        let fault = refused(dir.path(), &entry).await;
        let expected = match messages {
            1 => (Some(2), FaultKind::Surplus),
            _ => (Some(16), FaultKind::Missing),
        };
        assert_eq!((fault.line, fault.kind), expected);
    }
}

#[test]
fn a_manifest_and_a_signature_are_read_no_further_than_they_can_go() {
    let dir = tempfile::tempdir().unwrap();
    let endless = |name: &str| {
        let file = File::create(dir.path().join(name)).unwrap();
        file.set_len(1 << 40).unwrap();
    };
    endless(MANIFEST);
    let fault = read(dir.path());
    assert_eq!(fault.kind, FaultKind::Manifest);
    assert!(fault.found.contains("1048576 bytes"), "{fault}");
    let empty = Manifest::new("2026-11-22T12:00:00Z".to_owned(), &[], Vec::new());
    let text = serde_json::to_vec(&empty).unwrap();
    fs::write(dir.path().join(MANIFEST), text).unwrap();
    endless(SIGNATURE);
    let fault = read(dir.path());
    assert_eq!(fault.kind, FaultKind::Signature);
    assert!(fault.found.contains("4096 bytes"), "{fault}");
}
