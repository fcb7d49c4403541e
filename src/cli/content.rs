//! Objects and files read whole.

use std::path::Path;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use platform::storage::{ObjectKey, Storage, StorageError};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{self, AsyncReadExt};

/// What bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: u64,
    /// Hex.
    pub(crate) sha256: String,
}

/// Counts and hashes what passes through.
#[derive(Default)]
pub(crate) struct Meter {
    bytes: u64,
    hash: Sha256,
}

impl Meter {
    pub(crate) fn take(&mut self, part: &[u8]) {
        self.bytes += part.len() as u64;
        self.hash.update(part);
    }

    pub(crate) fn finish(self) -> Content {
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Content { bytes: self.bytes, sha256 }
    }
}

/// The object's parts, from its first byte to its last.
///
/// # Errors
/// When there is no such object, or the store refuses.
pub(crate) async fn parts(
    storage: &Storage,
    key: &ObjectKey,
) -> Result<impl Stream<Item = Result<Bytes, StorageError>> + Send + use<>, StorageError> {
    let bytes = storage.head(key).await?;
    storage.read(key, 0..bytes).await
}

/// What the object is.
///
/// # Errors
/// As [`parts`].
pub(crate) async fn hash(storage: &Storage, key: &ObjectKey) -> Result<Content, StorageError> {
    let mut parts = std::pin::pin!(parts(storage, key).await?);
    let mut meter = Meter::default();
    while let Some(part) = parts.try_next().await? {
        meter.take(&part);
    }
    Ok(meter.finish())
}

/// The whole object, for small ones.
///
/// # Errors
/// As [`parts`].
pub(crate) async fn bytes(storage: &Storage, key: &ObjectKey) -> Result<Vec<u8>, StorageError> {
    let parts: Vec<Bytes> = parts(storage, key).await?.try_collect().await?;
    Ok(parts.concat())
}

/// What the file is.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn of_file(path: &Path) -> io::Result<Content> {
    let (mut file, mut meter) = (File::open(path).await?, Meter::default());
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(meter.finish()),
            read => meter.take(&buffer[..read]),
        }
    }
}
