//! The executable as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Builds the executable once; a build that is fresh takes no time.
pub fn executable() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--workspace", "--bins"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success(), "townclerk does not build");
        // This test stands in <target>/debug/deps.
        let test = std::env::current_exe().unwrap();
        let executable = test.parent().unwrap().parent().unwrap().join("townclerk");
        assert!(executable.exists(), "{executable:?}");
        executable
    })
}

/// Runs a command of the command line to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(executable()).args(arguments).output().unwrap()
}

/// A port that Linux gives to no outgoing connection: a client that dials while the server is down
/// could otherwise be given the server's port by chance, and keep it. Given to one test of a process
/// alone: the test that is given it does not listen on it yet.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 16_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed))
        .take(1_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// `townclerk up` on a folder and a port.
pub struct Up {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Up {
    pub fn start(dir: &Path, port: u16) -> Self {
        let mut child = Command::new(executable())
            .args(["up", "--data", dir.to_str().unwrap()])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (stderr, heard) = (child.stderr.take().unwrap(), Arc::clone(&said));
        // Reads until the process and every child that shares its stderr have ended.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// kill -9: it gets no chance to do anything.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C: it stops in order.
    pub fn stop(mut self) -> (bool, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let status = self.child.wait().unwrap();
        (status.success(), self.said())
    }
}

/// The processes that run nats-server on a data directory.
pub fn nats_servers_on(dir: &Path) -> Vec<u32> {
    let Ok(dir) = dir.canonicalize() else {
        return Vec::new();
    };
    let config = dir.join("nats-server.conf");
    let config = config.to_str().unwrap().to_owned();
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let Ok(command) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let arguments = String::from_utf8_lossy(&command).into_owned();
        if arguments.split('\0').any(|argument| argument == config) {
            pids.push(pid);
        }
    }
    pids
}

/// Leaves no process behind, also when a test fails.
pub struct Swept(pub PathBuf);

impl Drop for Swept {
    fn drop(&mut self) {
        for pid in nats_servers_on(&self.0) {
            if let Some(pid) = i32::try_from(pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
            {
                // It may have ended by itself: nothing hangs on the answer.
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
            }
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // After a test that went well it has ended by now: nothing hangs on the answer.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}
