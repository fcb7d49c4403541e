//! A PostgreSQL that a test may hurt.

use std::{
    ffi::OsString,
    fs, io,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    certificate::Authority,
    program::{Launch, Program, ServerError, as_user, give, no_start, run_as},
};

const PROGRAM: &str = "postgres";
const USER: &str = "postgres";
const PASSWORD: &str = "canary-0b9e66a1";
const SETTINGS: &[&str] =
    &["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"];
const TLS: &[&str] = &["ssl=on", "ssl_cert_file=../server.pem", "ssl_key_file=../server.key"];

/// A PostgreSQL server of our own, for one database. What is in it outlasts a restart, which is a crash: no
/// connection is told, nothing is written at its end, and it recovers.
#[derive(Debug)]
pub struct PostgresServer(Program);

impl PostgresServer {
    /// A server that answers.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not come up.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(None)
    }

    /// The same with a certificate, and for nobody without TLS.
    ///
    /// # Errors
    /// As [`PostgresServer::start`].
    pub fn start_tls(authority: &Authority) -> Result<Self, ServerError> {
        Self::start_with(Some(authority))
    }

    fn start_with(authority: Option<&Authority>) -> Result<Self, ServerError> {
        let folder = folder(authority).map_err(|error| no_start(PROGRAM, error))?;
        let db = folder.path().join("db");
        let pwfile = folder.path().join("password");
        let arguments = ["-U", "dataviewer", "--auth=scram-sha-256", "--no-sync", "-D"].map(OsString::from);
        let files: [OsString; 3] = [db.clone().into(), "--pwfile".into(), pwfile.into()];
        run_as(USER, PROGRAM, &program("initdb"), &[&arguments[..], &files[..]].concat())?;
        if authority.is_some() {
            let only = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
            fs::write(db.join("pg_hba.conf"), only).map_err(|error| no_start(PROGRAM, error))?;
        }
        let settings = SETTINGS.iter().chain(authority.map_or(&[][..], |_| TLS));
        let more = settings.flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]).collect();
        let launch = Launch {
            name: PROGRAM,
            program: "setpriv".into(),
            arguments: serve,
            more,
            end: Signal::QUIT,
            answers,
        };
        Program::start(launch, folder).map(Self)
    }

    /// Its one database: `postgres://user:password@127.0.0.1:port/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://dataviewer:{PASSWORD}@127.0.0.1:{}/postgres", self.port())
    }

    /// What must not be shown.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }
}

impl Deref for PostgresServer {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for PostgresServer {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}

fn folder(authority: Option<&Authority>) -> io::Result<TempDir> {
    let folder = TempDir::new()?;
    fs::write(folder.path().join("password"), PASSWORD)?;
    if let Some(authority) = authority {
        authority.equip(folder.path())?;
    }
    give(USER, folder.path())?;
    Ok(folder)
}

fn serve(port: u16, folder: &Path) -> Vec<OsString> {
    let mut arguments = as_user(USER);
    let db = folder.join("db");
    arguments.extend([program(PROGRAM).into(), "-D".into(), db.into(), "-p".into(), port.to_string().into()]);
    arguments
}

fn answers(port: u16, _pid: u32) -> Result<bool, ServerError> {
    let mut ask = Command::new(program("pg_isready"));
    ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
    ask.status().map(|status| status.success()).map_err(|error| no_start("pg_isready", error))
}

/// Debian keeps them apart from other programs, by version.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| name.into())
}
