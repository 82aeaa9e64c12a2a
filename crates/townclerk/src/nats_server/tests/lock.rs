//! Who may work on a data directory.

use std::fs::{File, OpenOptions};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

use super::*;

#[tokio::test]
async fn a_second_start_is_refused_and_names_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path()).await;
    let error = NatsServer::start(options(directory.path()))
        .await
        .unwrap_err();
    let StartError::Lock(LockError::Busy { pid, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(pid, i32::try_from(std::process::id()).unwrap());
    assert_eq!(servers_on(directory.path()).len(), 1);
    server.stop().await.unwrap();
}

/// Runs a command with the locked file as its stdin from a shell that leaves at once, and lets
/// go of the lock: the command is then the only one that has it.
fn orphan(lock: &Path, script: &str, arguments: &[&Path]) {
    let mut open = OpenOptions::new();
    let file: File = open
        .write(true)
        .create(true)
        .truncate(false)
        .open(lock)
        .unwrap();
    flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(arguments)
        .stdin(file)
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn an_orphan_is_told_to_stop() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path();
    // A first start leaves a configuration for the orphan.
    start(data_dir).await.stop().await.unwrap();
    let binary = Binary::find(None).await.unwrap().path;
    let script = r#"exec 3<&0; "$1" --config "$2" <&3 3<&- >/dev/null 2>&1 &"#;
    let config = data_dir.canonicalize().unwrap().join("nats-server.conf");
    orphan(&data_dir.join("lock"), script, &[&binary, &config]);
    let server = within("a start", start(data_dir)).await;
    let pids = servers_on(data_dir);
    assert_eq!(pids, [i32::try_from(server.pid().unwrap()).unwrap()]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path();
    let script = r#"exec 3<&0; sleep 600 <&3 3<&- >/dev/null 2>&1 & echo $! >"$1""#;
    let pid_file = data_dir.join("pid");
    orphan(&data_dir.join("lock"), script, &[&pid_file]);
    let error = NatsServer::start(options(data_dir)).await.unwrap_err();
    let pid: i32 = std::fs::read_to_string(pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let StartError::Lock(LockError::Busy {
        pid: said, program, ..
    }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((*said, program.as_str()), (pid, "sleep"));
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // It still runs: else there would be nothing to end.
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
