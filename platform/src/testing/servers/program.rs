//! A server program that a test starts for itself.

use std::{
    ffi::OsString,
    io,
    net::TcpListener,
    path::{Path, PathBuf},
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

/// How a server is started, and how it is known to be up.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    /// Arguments for a port and a folder.
    pub(super) arguments: fn(u16, &Path) -> Vec<OsString>,
    /// Arguments that follow them.
    pub(super) more: Vec<String>,
    /// What ends it at once.
    pub(super) end: Signal,
    /// Whether the process answers on the port.
    pub(super) answers: fn(u16, u32) -> Result<bool, ServerError>,
}

/// A server of our own on a free port of 127.0.0.1, with a folder of its own. It ends with the value.
#[derive(Debug)]
pub struct Program {
    launch: Launch,
    port: u16,
    folder: TempDir,
    child: Child,
}

impl Program {
    /// A server that answers.
    pub(super) fn start(launch: Launch, folder: TempDir) -> Result<Self, ServerError> {
        for _ in 0..ATTEMPTS {
            let port = free_port().map_err(|error| no_start(launch.name, error))?;
            let mut child = launch.spawn(port, folder.path())?;
            if launch.comes_up(port, &mut child)? {
                return Ok(Self { launch, port, folder, child });
            }
            launch.end(&mut child);
        }
        Err(ServerError::Silent)
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

    /// Ends it at once; what it kept in its folder stays.
    pub fn stop(&mut self) {
        self.launch.end(&mut self.child);
    }

    /// Ends it if it runs, and starts it again on the same port and folder.
    ///
    /// # Errors
    /// When it does not come up again.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.stop();
        self.child = self.launch.spawn(self.port, self.folder.path())?;
        if self.launch.comes_up(self.port, &mut self.child)? { Ok(()) } else { Err(ServerError::Silent) }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Launch {
    fn spawn(&self, port: u16, folder: &Path) -> Result<Child, ServerError> {
        let mut command = Command::new(&self.program);
        command.args((self.arguments)(port, folder)).args(&self.more);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| no_start(self.name, error))
    }

    fn end(&self, child: &mut Child) {
        // An error only says that it has ended already.
        let _ = kill_process(Pid::from_child(child), self.end);
        let _ = child.wait();
    }

    /// Waits until this very process answers; false when it ended instead.
    fn comes_up(&self, port: u16, child: &mut Child) -> Result<bool, ServerError> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
            if (self.answers)(port, child.id())? {
                return Ok(matches!(child.try_wait(), Ok(None)));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(false)
    }
}

/// A program that refuses root, as the user that its package made; it ends with us.
pub(super) fn as_user(user: &str) -> Vec<OsString> {
    let group = format!("--regid={user}");
    let user = format!("--reuid={user}");
    let mut arguments = vec!["--pdeathsig", "KILL"];
    if rustix::process::getuid().is_root() {
        arguments.extend([user.as_str(), group.as_str(), "--clear-groups"]);
    }
    arguments.into_iter().map(OsString::from).collect()
}

/// Runs a program as that user, to its end.
pub(super) fn run_as(
    user: &str,
    program: &'static str,
    command: &Path,
    arguments: &[OsString],
) -> Result<(), ServerError> {
    let mut prepared = Command::new("setpriv");
    prepared.args(as_user(user)).arg(command).args(arguments).stdin(Stdio::null());
    let output = prepared.output().map_err(|error| no_start(program, error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(no_start(program, io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())))
}

/// Makes a folder and all in it that user's, where we are root.
pub(super) fn give(user: &str, folder: &Path) -> io::Result<()> {
    if rustix::process::getuid().is_root() {
        let given = Command::new("chown").arg("-R").arg(user).arg(folder).status()?;
        return if given.success() { Ok(()) } else { Err(io::Error::other("chown failed")) };
    }
    Ok(())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub(super) fn no_start(program: &'static str, error: io::Error) -> ServerError {
    ServerError::Start { program, error }
}
