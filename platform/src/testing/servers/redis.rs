//! A Redis that a test may hurt.

use std::{
    io,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// Ports tried: another program may take a free one before the server does.
const ATTEMPTS: usize = 5;

/// A `redis-server` of our own on a free port of 127.0.0.1, without persistence. It ends with the value.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    more: Vec<String>,
    folder: TempDir,
    child: Child,
}

/// Why there is no server to test with.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program is not there, or there is no folder for it.
    #[error("`{program}` cannot be started (deploy/servers.sh installs it): {error}")]
    Start {
        /// What was to be run.
        program: &'static str,
        /// Why it was not.
        error: io::Error,
    },
    /// It came up on no port.
    #[error("the server did not answer on any port that was tried")]
    Silent,
}

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
        let more: Vec<String> = more.iter().map(|&argument| argument.to_owned()).collect();
        let folder = TempDir::new().map_err(|error| no_start("redis-server", error))?;
        for _ in 0..ATTEMPTS {
            let port = free_port().map_err(|error| no_start("redis-server", error))?;
            let mut child = spawn(port, folder.path(), &more)?;
            if answers(port, &mut child)? {
                return Ok(Self { port, more, folder, child });
            }
            end(&mut child);
        }
        Err(ServerError::Silent)
    }

    /// Where it listens: `redis://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once; everything in it is gone.
    pub fn stop(&mut self) {
        self.signal(Signal::CONT);
        end(&mut self.child);
    }

    /// Ends it if it runs, and starts it again on the same port, empty.
    ///
    /// # Errors
    /// When it does not come up again.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.stop();
        self.child = spawn(self.port, self.folder.path(), &self.more)?;
        if answers(self.port, &mut self.child)? { Ok(()) } else { Err(ServerError::Silent) }
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
        ask(self.port, command)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn spawn(port: u16, folder: &Path, more: &[String]) -> Result<Child, ServerError> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(folder).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| no_start("redis-server", error))
}

/// Waits until this very process answers on the port; false when it ended instead.
fn answers(port: u16, child: &mut Child) -> Result<bool, ServerError> {
    let ours = format!("process_id:{}", child.id());
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if !matches!(child.try_wait(), Ok(None)) {
            return Ok(false);
        }
        if ask(port, &["info", "server"])?.lines().any(|line| line.trim() == ours) {
            return Ok(true);
        }
        sleep(Duration::from_millis(10));
    }
    Ok(false)
}

fn ask(port: u16, command: &[&str]) -> Result<String, ServerError> {
    let mut cli = Command::new("redis-cli");
    cli.args(["-p", &port.to_string()]).args(command).stdin(Stdio::null());
    let answered = cli.output().map_err(|error| no_start("redis-cli", error))?;
    Ok(String::from_utf8_lossy(&answered.stdout).trim().to_owned())
}

fn end(child: &mut Child) {
    // An error only says that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn no_start(program: &'static str, error: io::Error) -> ServerError {
    ServerError::Start { program, error }
}
