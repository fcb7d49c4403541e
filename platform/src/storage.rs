//! Stored objects: raw logs, DBC files, converted runs. Immutable, and no name is written twice.
//!
//! An area's objects lie in a folder, or in a bucket; then the folder holds copies of what was read.

mod bucket;
mod cache;
mod error;
pub mod folder;
mod garbage;
pub mod key;
mod local_file;
mod parts;
mod place;
mod ranged;
mod read;
mod store_id;
mod survey;
mod writer;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use cache::Cache;
pub use error::{StorageError, StorageErrorKind};
use futures::{Stream, StreamExt, TryStreamExt};
pub use key::{FileName, InvalidKey, KeyPrefix, ObjectKey};
use local_file::Verified;
pub use local_file::{Expected, LocalFile};
use object_store::signer::Signer;
pub use place::Area;
use place::Place;
pub use ranged::{RangedFile, Remote};
use reqwest::Method;
pub use survey::Found;
use url::Url;
use uuid::Uuid;
pub use writer::ObjectWriter;

use crate::{config::storage::StorageConfig, database::Database};

/// How long a place may take to answer a check.
const CHECK: Duration = Duration::from_secs(5);

/// Where objects are stored. Cheap to clone: all clones are the same places.
#[derive(Clone, Debug)]
pub struct Storage {
    uploads: Arc<Place>,
    data: Arc<Place>,
    cache: Arc<Cache>,
    verified: Arc<Verified>,
    amounts: Arc<ranged::Amounts>,
    /// Where uploads by parts are noted.
    notes: Option<Database>,
    #[cfg(feature = "testing")]
    faults: Arc<crate::testing::Faults>,
}

/// A stored object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: ObjectKey,
    /// Its size.
    pub bytes: u64,
}

impl Storage {
    /// Opens the folders, and makes those that do not exist. Buckets are not asked yet.
    ///
    /// # Errors
    /// When a folder cannot be made or used, or a bucket's settings are impossible.
    pub fn open(config: &StorageConfig) -> Result<Self, StorageError> {
        let (uploads, data) = (Place::open(config, Area::Uploads)?, Place::open(config, Area::Data)?);
        #[cfg(feature = "testing")]
        let faults = Arc::new(crate::testing::Faults::new(config.fault));
        #[cfg(feature = "testing")]
        let (uploads, data) = (uploads.with_faults(&faults), data.with_faults(&faults));
        let verified = Arc::<Verified>::default();
        let cache = Cache::open([&uploads, &data], config.cache_bytes, verified.clone())?;
        Ok(Self {
            uploads: Arc::new(uploads),
            data: Arc::new(data),
            cache: Arc::new(cache),
            verified,
            amounts: Arc::default(),
            notes: None,
            #[cfg(feature = "testing")]
            faults,
        })
    }

    /// Begins an object that is written part by part.
    ///
    /// # Errors
    /// When the store refuses.
    #[expect(clippy::unused_async, reason = "a store may want to be asked before the first part")]
    pub async fn writer(&self, key: &ObjectKey) -> Result<ObjectWriter, StorageError> {
        Ok(ObjectWriter::new(self.place(key).clone(), key.clone(), self.notes.clone()))
    }

    /// Stores `bytes`, durable and visible on return.
    ///
    /// # Errors
    /// When the store refuses; nothing is left of the object then, as far as the store can be asked.
    pub async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), StorageError> {
        let mut writer = self.writer(key).await?;
        writer.write(bytes).await?;
        let stored = writer.finish().await.map(drop);
        if stored.is_err()
            && let Err(error) = self.delete(key).await
        {
            tracing::warn!(%error, "an object that was not stored for sure stays in the store");
        }
        stored
    }

    /// Stores the file at `path`, durable and visible on return, and returns its size in bytes.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses.
    pub async fn put_file(&self, key: &ObjectKey, path: &Path) -> Result<u64, StorageError> {
        let mut writer = self.writer(key).await?;
        let mut parts = read::file(path, key).await?;
        while let Some(part) = parts.next().await {
            writer.write(part?).await?;
        }
        writer.finish().await
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// [`StorageErrorKind::Missing`] when there is no such object.
    pub async fn head(&self, key: &ObjectKey) -> Result<u64, StorageError> {
        self.place(key).head(key).await
    }

    /// The object's bytes in `range` (all of them: `0..head`), in parts of at most 2 MiB. Ends with an error
    /// when the object turns out shorter.
    ///
    /// # Errors
    /// When there is no such object, or the range lies outside it.
    pub async fn read(
        &self,
        key: &ObjectKey,
        range: std::ops::Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, StorageError>> + Send + use<>, StorageError> {
        read::object(self.place(key), key, range).await
    }

    /// All bytes of the object as it is expected, in parts of at most 2 MiB; the last comes once the SHA-256 of
    /// all is right, else an error in its place.
    ///
    /// # Errors
    /// When there is no such object, or it has another size.
    pub async fn read_whole(
        &self,
        key: &ObjectKey,
        expected: &Expected,
    ) -> Result<impl Stream<Item = Result<Bytes, StorageError>> + Send + use<>, StorageError> {
        read::whole(self.place(key), key, expected).await
    }

    /// Copies the object to the new file `path` and returns its size in bytes.
    ///
    /// # Errors
    /// When there is no such object, or the file cannot be written.
    pub async fn fetch_to(&self, key: &ObjectKey, path: &Path) -> Result<u64, StorageError> {
        read::fetch(self.place(key), key, path).await.map(|(bytes, _)| bytes)
    }

    /// The object as an open file of this host, fetched from its bucket when need be; it stays readable while it
    /// is held. With `expected`, its size is compared each time and its SHA-256 once a process.
    ///
    /// # Errors
    /// [`StorageErrorKind::Missing`] when there is no such object, [`StorageErrorKind::Corrupt`] when it is not
    /// what was expected.
    pub async fn local_file(
        &self,
        key: &ObjectKey,
        expected: Option<&Expected>,
    ) -> Result<LocalFile, StorageError> {
        match self.local_path(key) {
            Some(path) => self.verified.open(key, path, expected).await,
            None => self.cache.open_copy(self.place(key), key, expected).await,
        }
    }

    /// The object to read ranges of. What lies in a bucket is not copied for it, unless it is small or much of it was
    /// read before.
    ///
    /// # Errors
    /// As [`Storage::local_file`]; for what stays in the bucket they come by the first read.
    pub async fn ranged_file(
        &self,
        key: &ObjectKey,
        expected: &Expected,
    ) -> Result<RangedFile, StorageError> {
        ranged::open(self, key, expected).await
    }

    /// The object as a file of this host; `None` when it lies in a bucket.
    #[must_use]
    pub fn local_path(&self, key: &ObjectKey) -> Option<PathBuf> {
        self.place(key).local_path(key)
    }

    /// An address under which anybody may read the object for the time `ttl`, at most 7 days; `None` when it lies
    /// in a folder.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn signed_url(&self, key: &ObjectKey, ttl: Duration) -> Result<Option<Url>, StorageError> {
        let place = self.place(key);
        let Some(s3) = &place.bucket else { return Ok(None) };
        place.timed("sign", key, s3.signed_url(Method::GET, &place.path(key), ttl)).await.map(Some)
    }

    /// Removes the object, its copy here, and whatever a killed writer left of it in a folder. One that is not
    /// there is fine.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let place = self.place(key);
        place.delete(key).await?;
        let Some(path) = place.local_path(key) else { return self.cache.remove(place, key).await };
        let leftovers =
            blocking(move || folder::staging_files(&path)?.iter().try_for_each(std::fs::remove_file));
        leftovers.await.map_err(|source| StorageError::new("delete", key, source))
    }

    /// All objects under `prefix`; names that are none of ours are left out.
    pub fn list(&self, prefix: KeyPrefix) -> impl Stream<Item = Result<Listed, StorageError>> + Send + use<> {
        self.area(prefix.into()).list(prefix).map_ok(|(key, bytes)| Listed { key, bytes })
    }

    /// Bytes that can still be written where uploads go; a bucket has no end.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub async fn free_upload_bytes(&self) -> Result<u64, StorageError> {
        match self.uploads.bucket {
            Some(_) => Ok(u64::MAX),
            None => self.uploads.free_bytes().await,
        }
    }

    /// Whether both places answer.
    ///
    /// # Errors
    /// When one does not, or not within a few seconds.
    pub async fn check(&self) -> Result<(), StorageError> {
        tokio::try_join!(self.uploads.check(CHECK), self.data.check(CHECK)).map(drop)
    }

    /// The id that marks the area's folder, made when there is none; `None` when a bucket holds the area.
    ///
    /// # Errors
    /// When its file cannot be read or made.
    pub async fn store_id(&self, area: Area) -> Result<Option<Uuid>, StorageError> {
        self.area(area).store_id().await
    }

    /// Bytes of the copies of buckets' objects that lie here.
    #[must_use]
    pub fn cached_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// The faults that tests inject.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn faults(&self) -> &crate::testing::Faults {
        &self.faults
    }

    fn place(&self, key: &ObjectKey) -> &Arc<Place> {
        self.area(key.into())
    }

    fn area(&self, area: Area) -> &Arc<Place> {
        match area {
            Area::Uploads => &self.uploads,
            Area::Data => &self.data,
        }
    }
}

/// Runs file system work where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
