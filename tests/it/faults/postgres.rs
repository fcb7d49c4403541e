//! A PostgreSQL that a test may hurt.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::seed::DEADLINE;

const PASSWORD: &str = "canary-0b9e66a1";

/// A server of our own on a free port of 127.0.0.1, for one database. It ends with the value.
pub(crate) struct Postgres {
    folder: TempDir,
    port: u16,
    server: Child,
}

impl Postgres {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        own(folder.path());
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        let mut initdb = as_postgres("initdb");
        initdb.arg("-D").arg(folder.path().join("db")).args(["-U", "dataviewer", "--auth=scram-sha-256"]);
        let made = initdb.arg("--pwfile").arg(&password).arg("--no-sync").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = spawn(folder.path(), port);
        let postgres = Self { folder, port, server };
        postgres.ready().await;
        postgres
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://dataviewer:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it as `pg_ctl stop -m immediate` does: no connection is told, nothing is written; then starts it, and
    /// it recovers.
    pub(crate) async fn crash_and_recover(&mut self) {
        end(&mut self.server, Signal::QUIT);
        self.server = spawn(self.folder.path(), self.port);
        self.ready().await;
    }

    async fn ready(&self) {
        let ready = timeout(DEADLINE, async {
            while !self.answers() {
                sleep(Duration::from_millis(50)).await;
            }
        });
        ready.await.expect("PostgreSQL does not start");
    }

    fn answers(&self) -> bool {
        let mut ask = Command::new(program("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status().unwrap().success()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        end(&mut self.server, Signal::QUIT);
    }
}

fn end(server: &mut Child, signal: Signal) {
    let _ = kill_process(Pid::from_child(server), signal);
    let _ = server.wait();
}

fn spawn(folder: &Path, port: u16) -> Child {
    let mut postgres = as_postgres("postgres");
    postgres.arg("-D").arg(folder.join("db")).args(["-p", &port.to_string()]);
    for setting in
        ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"]
    {
        postgres.args(["-c", setting]);
    }
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    postgres.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

/// The server refuses root, and ends with us.
fn as_postgres(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL"]).arg(program(name));
    command
}

/// Makes the folder the server's.
fn own(folder: &Path) {
    if rustix::process::getuid().is_root() {
        assert!(Command::new("chown").arg("postgres").arg(folder).status().unwrap().success());
    }
}

/// Debian keeps them apart from other programs, by version.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| name.into())
}
