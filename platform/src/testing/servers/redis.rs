//! A Redis that a test may hurt.

use std::{
    ffi::OsString,
    ops::{Deref, DerefMut},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program::{Launch, Program, ServerError, no_start};

const PROGRAM: &str = "redis-server";

/// A `redis-server` of our own, without persistence: what is in it goes when it is stopped.
#[derive(Debug)]
pub struct RedisServer(Program);

impl RedisServer {
    /// A server that answers.
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not come up.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&[])
    }

    /// The same with further arguments, such as `--tls-port`.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub fn start_with(more: &[&str]) -> Result<Self, ServerError> {
        let more = more.iter().map(|&argument| argument.to_owned()).collect();
        let folder = TempDir::new().map_err(|error| no_start(PROGRAM, error))?;
        let launch =
            Launch { name: PROGRAM, program: PROGRAM.into(), arguments, more, end: Signal::KILL, answers };
        Program::start(launch, folder).map(Self)
    }

    /// Where it listens: `redis://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Stops its clock: connections stay open, nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// What it answers to a command, as `redis-cli` prints it. Errors of the server are text like any other.
    ///
    /// # Errors
    /// When `redis-cli` is not installed.
    pub fn ask(&self, command: &[&str]) -> Result<String, ServerError> {
        ask(self.port(), command)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Deref for RedisServer {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for RedisServer {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}

fn arguments(port: u16, folder: &Path) -> Vec<OsString> {
    let port = port.to_string();
    let fixed = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"];
    fixed.iter().map(OsString::from).chain([folder.into()]).collect()
}

/// Whether it is this very process that answers: the port may be another's.
fn answers(port: u16, pid: u32) -> Result<bool, ServerError> {
    let ours = format!("process_id:{pid}");
    Ok(ask(port, &["info", "server"])?.lines().any(|line| line.trim() == ours))
}

fn ask(port: u16, command: &[&str]) -> Result<String, ServerError> {
    let mut cli = Command::new("redis-cli");
    cli.args(["-p", &port.to_string()]).args(command).stdin(Stdio::null());
    let answered = cli.output().map_err(|error| no_start("redis-cli", error))?;
    Ok(String::from_utf8_lossy(&answered.stdout).trim().to_owned())
}
