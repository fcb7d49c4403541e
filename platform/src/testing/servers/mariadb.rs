//! A MariaDB of a test's own.

use std::{
    ffi::OsString,
    fs, io,
    ops::Deref,
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    certificate::Authority,
    program::{Launch, Program, ServerError, as_user, give, no_start, run_as},
};

const PROGRAM: &str = "mariadbd";
const USER: &str = "mysql";
const PASSWORD: &str = "canary-7d40c1e5";

/// A MariaDB server of our own, with one database, for nobody without TLS.
#[derive(Debug)]
pub struct MariadbServer(Program);

impl MariadbServer {
    /// A server that answers, with a certificate of this authority's.
    ///
    /// # Errors
    /// When MariaDB is not installed or does not come up.
    pub fn start_tls(authority: &Authority) -> Result<Self, ServerError> {
        let folder = folder(authority).map_err(|error| no_start(PROGRAM, error))?;
        let mut datadir = OsString::from("--datadir=");
        datadir.push(folder.path().join("db"));
        let arguments = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"];
        let arguments: Vec<_> = arguments.iter().map(OsString::from).chain([datadir]).collect();
        run_as(USER, PROGRAM, Path::new("mariadb-install-db"), &arguments)?;
        let launch = Launch {
            name: PROGRAM,
            program: "setpriv".into(),
            arguments: serve,
            more: Vec::new(),
            end: Signal::KILL,
            answers,
        };
        Program::start(launch, folder).map(Self)
    }

    /// Its database: `mysql://user:password@127.0.0.1:port/logs`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://dataviewer:{PASSWORD}@127.0.0.1:{}/logs", self.port())
    }

    /// What must not be shown.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }
}

impl Deref for MariadbServer {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

fn folder(authority: &Authority) -> io::Result<TempDir> {
    let folder = TempDir::new()?;
    let begin = format!(
        "CREATE DATABASE logs;\n\
         CREATE USER 'dataviewer'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;\n\
         GRANT ALL ON logs.* TO 'dataviewer'@'127.0.0.1';\n"
    );
    fs::write(folder.path().join("init.sql"), begin)?;
    authority.equip(folder.path())?;
    give(USER, folder.path())?;
    Ok(folder)
}

fn serve(port: u16, folder: &Path) -> Vec<OsString> {
    let path = |name: &str| folder.join(name).display().to_string();
    let settings = [
        PROGRAM.to_owned(),
        "--no-defaults".to_owned(),
        format!("--datadir={}", path("db")),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--socket={}", path("socket")),
        "--skip-name-resolve".to_owned(),
        format!("--init-file={}", path("init.sql")),
        format!("--ssl-cert={}", path("server.pem")),
        format!("--ssl-key={}", path("server.key")),
    ];
    as_user(USER).into_iter().chain(settings.map(OsString::from)).collect()
}

/// It listens only after it has read what it begins with; that it refuses a stranger is an answer.
fn answers(port: u16, _pid: u32) -> Result<bool, ServerError> {
    let mut ask = Command::new("mariadb-admin");
    ask.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", &port.to_string(), "ping"]);
    let asked = ask.stdin(Stdio::null()).output().map_err(|error| no_start("mariadb-admin", error))?;
    Ok(asked.status.success())
}
