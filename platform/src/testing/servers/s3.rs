//! A server of buckets that a test may hurt.

use std::{
    ffi::OsString,
    fs, io,
    net::TcpStream,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::program::{Launch, Program, ServerError, no_start};

const PROGRAM: &str = "s3s-fs";

/// The keys that every server takes.
pub const S3_KEY: &str = "dataviewer-test";
/// The other one.
pub const S3_SECRET: &str = "a canary of a secret";

/// An `s3s-fs` of our own, with one bucket, whose objects outlast a restart.
#[derive(Debug)]
pub struct S3Server(Program);

impl S3Server {
    /// The name of its bucket.
    pub const BUCKET: &str = "logs";

    /// A server that listens.
    ///
    /// # Errors
    /// When `s3s-fs` is not installed or does not come up.
    pub fn start() -> Result<Self, ServerError> {
        let bucket = |folder: &TempDir| fs::create_dir(folder.path().join(Self::BUCKET));
        let made = TempDir::new().and_then(|folder| bucket(&folder).map(|()| folder));
        let folder = made.map_err(|error| no_start(PROGRAM, error))?;
        let launch = Launch {
            name: PROGRAM,
            program: program(),
            arguments,
            more: Vec::new(),
            end: Signal::KILL,
            answers,
        };
        Program::start(launch, folder).map(Self)
    }

    /// Where it listens: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The folder in which its bucket is a folder of objects.
    #[must_use]
    pub fn bucket_folder(&self) -> PathBuf {
        self.folder().join(Self::BUCKET)
    }

    /// What there is of uploads that were begun and neither finished nor aborted: each of them, and its parts.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn unfinished(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder())? {
            found.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(".upload")));
        }
        Ok(found)
    }

    /// Variables of a configuration that stores everything in its bucket.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("UPLOAD_BUCKET", Self::BUCKET.to_owned()),
            ("DATA_BUCKET", format!("s3://{}/converted", Self::BUCKET)),
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", S3_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", S3_SECRET.to_owned()),
        ]
    }
}

impl Deref for S3Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for S3Server {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}

fn arguments(port: u16, root: &Path) -> Vec<OsString> {
    let port = port.to_string();
    let fixed = ["--host", "127.0.0.1", "--port", &port, "--access-key", S3_KEY, "--secret-key", S3_SECRET];
    fixed.iter().map(OsString::from).chain([root.into()]).collect()
}

/// Where `deploy/servers.sh` put it, else wherever it is found.
fn program() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "says where a test's servers are, configures nothing")]
    let installed = std::env::var_os("DATAVIEWER_TEST_BIN").map(|folder| Path::new(&folder).join(PROGRAM));
    installed.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(PROGRAM))
}

/// Whether somebody listens: it says of itself only that its process lives.
fn answers(port: u16, _: u32) -> Result<bool, ServerError> {
    Ok(TcpStream::connect(("127.0.0.1", port)).is_ok())
}
