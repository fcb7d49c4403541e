//! Objects of which some ranges are read, without a copy of the whole.
//!
//! The SHA-256 of a part cannot be checked. The object must have the size that is expected, and the ETag, where the store
//! gives one, that the first range came with; and no name of ours is written twice. Small objects, and those of which much was read, are copied and proved instead.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use object_store::GetOptions;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{
    Expected, LocalFile, ObjectKey, Storage, StorageError,
    local_file::damaged,
    place::Place,
    read::{self, Version},
};

/// A range of at most so many bytes is kept: the end of a Parquet file is looked at more than once, and is often the
/// whole of it.
const KEPT_BYTES: usize = 64 << 10;
/// Objects of which it is known how much was read, at most.
const REMEMBERED: usize = 16_384;

/// An object to read ranges of: a local file, or one in a bucket, where each read is one request.
#[derive(Debug)]
pub enum RangedFile {
    /// It lies here, proved.
    Local(LocalFile),
    /// It lies in a bucket only.
    Remote(Remote),
}

/// The object, as a file if it lies here or shall.
pub(super) async fn open(
    storage: &Storage,
    key: &ObjectKey,
    expected: &Expected,
) -> Result<RangedFile, StorageError> {
    let place = storage.place(key);
    if place.bucket.is_none() || storage.amounts.ask_for_copy(key, expected.bytes) {
        return storage.local_file(key, Some(expected)).await.map(RangedFile::Local);
    }
    Ok(match storage.cache.find(place, key, expected).await {
        Some(copy) => RangedFile::Local(copy),
        None => RangedFile::Remote(Remote::new(place, key, expected, &storage.amounts)),
    })
}

/// An object in a bucket, read range by range: to be read on a thread that may wait.
#[derive(Debug)]
pub struct Remote {
    place: Arc<Place>,
    key: ObjectKey,
    bytes: u64,
    at: u64,
    version: Option<Version>,
    /// The last short range, and where it begins.
    kept: (u64, Bytes),
    amounts: Arc<Amounts>,
    runtime: Handle,
    stop: CancellationToken,
}

impl RangedFile {
    /// Reading fails once `stop` is cancelled, also while a bucket lets it wait.
    #[must_use]
    pub fn until(self, stop: &CancellationToken) -> Self {
        match self {
            Self::Local(file) => Self::Local(file),
            Self::Remote(object) => Self::Remote(Remote { stop: stop.clone(), ..object }),
        }
    }
}

/// How many bytes of objects were read by ranges.
#[derive(Debug, Default)]
pub(super) struct Amounts(Mutex<HashMap<ObjectKey, u64>>);

impl Amounts {
    /// Whether a copy of the object of this size is worth its while: a small one comes by one request anyway, and of
    /// this one much may have been read.
    pub(super) fn ask_for_copy(&self, key: &ObjectKey, bytes: u64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes <= KEPT_BYTES as u64 || known.get(key).is_some_and(|read| *read > bytes / 2)
    }

    fn add(&self, key: &ObjectKey, bytes: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(key) {
            known.clear();
        }
        *known.entry(key.clone()).or_default() += bytes;
    }
}

impl Remote {
    /// The object as it is expected; nothing is asked of the bucket yet.
    pub(super) fn new(
        place: &Arc<Place>,
        key: &ObjectKey,
        expected: &Expected,
        amounts: &Arc<Amounts>,
    ) -> Self {
        Self {
            place: place.clone(),
            key: key.clone(),
            bytes: expected.bytes,
            at: 0,
            version: None,
            kept: (0, Bytes::new()),
            amounts: amounts.clone(),
            runtime: Handle::current(),
            stop: CancellationToken::new(),
        }
    }

    /// The next bytes, `most` of them if there are so many.
    fn next(&mut self, most: usize) -> Result<Bytes, StorageError> {
        let end = self.bytes.min(self.at.saturating_add(most as u64));
        if self.at >= end {
            return Ok(Bytes::new());
        }
        if let Some(kept) = self.known(end) {
            return Ok(kept);
        }
        let options = GetOptions {
            range: Some((self.at..end).into()),
            if_match: self.version.as_ref().and_then(|version| version.e_tag.clone()),
            ..GetOptions::default()
        };
        let asked = read::range(&self.place, &self.key, self.at..end, options);
        let Some(answer) = self.runtime.block_on(self.stop.run_until_cancelled(asked)) else {
            return Err(StorageError::new(
                "read",
                &self.key,
                io::Error::other("nobody waits for it any more"),
            ));
        };
        let (bytes, version) = answer?;
        if version.bytes != self.bytes {
            return Err(damaged(&self.key, format!("{} bytes, not {}", version.bytes, self.bytes)));
        }
        // Not every store heeds the condition.
        if self.version.as_ref().is_some_and(|first| *first != version) {
            return Err(damaged(&self.key, "another object has its name now".to_owned()));
        }
        self.version = Some(version);
        self.amounts.add(&self.key, bytes.len() as u64);
        if bytes.len() <= KEPT_BYTES {
            self.kept = (self.at, bytes.clone());
        }
        Ok(bytes)
    }

    fn known(&self, end: u64) -> Option<Bytes> {
        let (start, kept) = &self.kept;
        let from = usize::try_from(self.at.checked_sub(*start)?).ok()?;
        let to = usize::try_from(end - start).ok()?;
        (to <= kept.len()).then(|| kept.slice(from..to))
    }
}

impl Read for Remote {
    /// One request, unless the bytes are known: ask for as many as are wanted.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.next(buffer.len()).map_err(|error| match self.stop.is_cancelled() {
            true => io::Error::new(io::ErrorKind::BrokenPipe, error),
            false => io::Error::other(error),
        })?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.bytes, by),
            SeekFrom::Current(by) => (self.at, by),
        };
        self.at = base.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Read for RangedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(object) => object.read(buffer),
        }
    }
}

impl Seek for RangedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Local(file) => file.seek(to),
            Self::Remote(object) => object.seek(to),
        }
    }
}
