//! An authority of a test's own, and a server's certificate that it signed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::program::{ServerError, no_start};

/// What `openssl` is asked for: the authority, the server's key, and its certificate for 127.0.0.1.
const STEPS: [&str; 3] = [
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
     -keyout ca.key -out ca.pem",
    "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout server.key \
     -out server.csr",
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
];

/// A folder with `ca.pem`, and with `server.pem` and `server.key` for a server at 127.0.0.1.
#[derive(Debug)]
pub struct Authority(TempDir);

impl Authority {
    /// A new one, that nobody trusts yet.
    ///
    /// # Errors
    /// When `openssl` is not installed or refuses.
    pub fn new() -> Result<Self, ServerError> {
        let made = TempDir::new().and_then(|folder| make(folder.path()).map(|()| folder));
        made.map(Self).map_err(|error| no_start("openssl", error))
    }

    /// Where this file of it is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Copies the server's certificate and key into a server's folder.
    pub(super) fn equip(&self, folder: &Path) -> io::Result<()> {
        ["server.pem", "server.key"]
            .iter()
            .try_for_each(|name| fs::copy(self.path(name), folder.join(name)).map(drop))
    }
}

fn make(folder: &Path) -> io::Result<()> {
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")?;
    for arguments in STEPS {
        let made = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
    }
    Ok(())
}
