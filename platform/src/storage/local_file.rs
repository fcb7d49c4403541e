//! Objects as open files of this host, proved to be what was stored.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{ObjectKey, StorageError, blocking, cache::Pin};

/// What an object is known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
}

/// An object as an open file. It stays readable while this is held, whatever happens to its name.
#[derive(Debug)]
pub struct LocalFile {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// Keeps a copy from being removed while it is read.
    pub(super) pin: Option<Pin>,
}

impl LocalFile {
    /// Where the file is now, e.g. to link it; the name may go at any time.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

impl Read for LocalFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for LocalFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Files remembered as verified, at most.
const REMEMBERED: usize = 16_384;

/// Files whose SHA-256 was found right, as they were then: hashing is once a file and process.
#[derive(Debug, Default)]
pub(super) struct Verified(Mutex<HashMap<ObjectKey, (Stamp, String)>>);

/// Changes whenever somebody writes to a file or puts another in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl From<&Metadata> for Stamp {
    fn from(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
        }
    }
}

impl Verified {
    fn knows(&self, key: &ObjectKey, stamp: Stamp, sha256: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|(then, found)| *then == stamp && found == sha256)
    }

    fn remember(&self, key: &ObjectKey, stamp: Stamp, sha256: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key.clone(), (stamp, sha256.to_owned()));
    }

    /// Remembers the file at `path` as verified: it was hashed on its way there.
    pub(super) async fn vouch(&self, key: &ObjectKey, path: &Path, sha256: &str) -> io::Result<()> {
        let found = tokio::fs::metadata(path).await?;
        self.remember(key, Stamp::from(&found), sha256);
        Ok(())
    }

    /// Opens the file at `path`, which must be what is expected of `key`.
    pub(super) async fn open(
        &self,
        key: &ObjectKey,
        path: PathBuf,
        expected: Option<&Expected>,
    ) -> Result<LocalFile, StorageError> {
        let refused = |source: io::Error| StorageError::new("open", key, source);
        let (file, found) = blocking(move || {
            let file = LocalFile { file: File::open(&path)?, path, pin: None };
            let found = file.file.metadata()?;
            Ok((file, found))
        })
        .await
        .map_err(refused)?;
        let Some(expected) = expected else { return Ok(file) };
        if found.len() != expected.bytes {
            return Err(damaged(key, format!("{} bytes, not {}", found.len(), expected.bytes)));
        }
        let stamp = Stamp::from(&found);
        if self.knows(key, stamp, &expected.sha256) {
            return Ok(file);
        }
        let (file, sha256) = hash(file).await.map_err(refused)?;
        if sha256 != expected.sha256 {
            return Err(damaged(key, format!("SHA-256 {sha256}, not {}", expected.sha256)));
        }
        self.remember(key, stamp, &sha256);
        Ok(file)
    }
}

/// The object is not what was stored.
pub(super) fn damaged(key: &ObjectKey, what: String) -> StorageError {
    StorageError::corrupt("verify", key, format!("the object is damaged: {what}"))
}

/// The file, at its start again, and its SHA-256. Hashing ends with this future.
async fn hash(mut file: LocalFile) -> io::Result<(LocalFile, String)> {
    let dropped = CancellationToken::new();
    let _guard = dropped.clone().drop_guard();
    blocking(move || {
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 << 10]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                _ if dropped.is_cancelled() => return Err(io::ErrorKind::Interrupted.into()),
                read => hash.update(&buffer[..read]),
            }
        }
        file.rewind()?;
        Ok((file, hex(hash)))
    })
    .await
}

/// As the tables hold it.
pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
