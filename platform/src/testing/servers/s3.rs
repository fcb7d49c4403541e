//! A server of buckets that a test may hurt.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::ServerError;

const PROGRAM: &str = "s3s-fs";
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);
/// Ports tried: another program may take a free one before the server does.
const ATTEMPTS: usize = 5;

/// The keys that every server takes.
pub const S3_KEY: &str = "dataviewer-test";
/// The other one.
pub const S3_SECRET: &str = "a canary of a secret";

/// An `s3s-fs` of our own on a free port of 127.0.0.1, with one bucket. It ends with the value.
#[derive(Debug)]
pub struct S3Server {
    port: u16,
    folder: TempDir,
    child: Child,
}

impl S3Server {
    /// The name of its bucket.
    pub const BUCKET: &str = "logs";

    /// A server that listens.
    ///
    /// # Errors
    /// When `s3s-fs` is not installed or does not come up.
    pub fn start() -> Result<Self, ServerError> {
        let refused = |error| ServerError::Start { program: PROGRAM, error };
        let folder = TempDir::new().map_err(refused)?;
        fs::create_dir(folder.path().join(Self::BUCKET)).map_err(refused)?;
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            let port = free.map_err(refused)?.port();
            let mut child = spawn(port, folder.path()).map_err(refused)?;
            if listens(port, &mut child) {
                return Ok(Self { port, folder, child });
            }
            end(&mut child);
        }
        Err(ServerError::Silent)
    }

    /// Where it listens: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

    /// The folder in which its bucket is a folder of objects.
    #[must_use]
    pub fn bucket_folder(&self) -> PathBuf {
        self.folder.path().join(Self::BUCKET)
    }

    /// Uploads that were begun and neither finished nor aborted.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn unfinished(&self) -> std::io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            found.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(".upload-")));
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

    /// Ends it at once; its objects stay.
    pub fn stop(&mut self) {
        end(&mut self.child);
    }

    /// Ends it if it runs, and starts it again on the same port with the same objects.
    ///
    /// # Errors
    /// When it does not come up again.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.stop();
        self.child = spawn(self.port, self.folder.path())
            .map_err(|error| ServerError::Start { program: PROGRAM, error })?;
        if listens(self.port, &mut self.child) { Ok(()) } else { Err(ServerError::Silent) }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(port: u16, root: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(program());
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--access-key", S3_KEY, "--secret-key", S3_SECRET]).arg(root);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Where `deploy/servers.sh` put it, else wherever it is found.
fn program() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "says where a test's servers are, configures nothing")]
    let installed = std::env::var_os("DATAVIEWER_TEST_BIN").map(|folder| Path::new(&folder).join(PROGRAM));
    installed.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(PROGRAM))
}

/// Waits until the process listens; false when it ended instead.
fn listens(port: u16, child: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return matches!(child.try_wait(), Ok(None));
        }
        sleep(Duration::from_millis(10));
    }
    false
}

fn end(child: &mut Child) {
    // An error only says that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}
