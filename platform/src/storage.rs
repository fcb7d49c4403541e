//! Stored objects: raw logs, DBC files, converted runs. Immutable, and no name is written twice.

mod error;
pub mod folder;
pub mod key;
mod local_file;
mod read;
mod store_id;
mod writer;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
pub use error::{StorageError, StorageErrorKind};
use futures::{Stream, StreamExt, TryStreamExt};
pub use key::{FileName, InvalidKey, KeyPrefix, ObjectKey};
use local_file::Verified;
pub use local_file::{Expected, LocalFile};
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem};
use url::Url;
use uuid::Uuid;
pub use writer::ObjectWriter;

use crate::config::storage::StorageConfig;

/// Where objects are stored.
#[derive(Clone, Debug)]
pub struct Storage {
    uploads: Arc<LocalFileSystem>,
    data: Arc<LocalFileSystem>,
    upload_folder: PathBuf,
    data_folder: PathBuf,
    verified: Arc<Verified>,
}

/// Raw logs and DBCs lie in one place, converted runs in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// Raw logs and DBCs.
    Uploads,
    /// Converted runs.
    Data,
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
    /// Opens the folders, and makes those that do not exist.
    ///
    /// # Errors
    /// When a folder cannot be made or used.
    pub fn open(config: &StorageConfig) -> Result<Self, StorageError> {
        for (root, prefix) in [
            (&config.upload_folder, KeyPrefix::Uploads),
            (&config.upload_folder, KeyPrefix::Dbcs),
            (&config.data_folder, KeyPrefix::Runs),
        ] {
            let folder = root.join(prefix.to_string());
            folder::make_private_here(&folder)
                .map_err(|source| StorageError::new("make the folder", folder.display(), source))?;
        }
        Ok(Self {
            uploads: local(&config.upload_folder)?,
            data: local(&config.data_folder)?,
            upload_folder: config.upload_folder.clone(),
            data_folder: config.data_folder.clone(),
            verified: Arc::default(),
        })
    }

    /// Begins an object that is written part by part.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn writer(&self, key: &ObjectKey) -> Result<ObjectWriter, StorageError> {
        ObjectWriter::begin(self.clone(), key.clone()).await
    }

    /// Stores `bytes`, durable and visible on return.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), StorageError> {
        self.store(key)
            .put(&self.path(key)?, bytes.into())
            .await
            .map(|_| ())
            .map_err(|source| StorageError::new("store", key, source))
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
        let found = self.store(key).head(&self.path(key)?).await;
        found.map(|meta| meta.size).map_err(|source| StorageError::new("look at", key, source))
    }

    /// The object's bytes in `range` (all of them: `0..head`), in parts of at most 256 KiB. Ends with an error
    /// when the object turns out shorter.
    ///
    /// # Errors
    /// When there is no such object, or the range lies outside it.
    pub async fn read(
        &self,
        key: &ObjectKey,
        range: std::ops::Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, StorageError>> + Send + use<>, StorageError> {
        read::object(self, key, range).await
    }

    /// Copies the object to the new file `path` and returns its size in bytes.
    ///
    /// # Errors
    /// When there is no such object, or the file cannot be written.
    pub async fn fetch_to(&self, key: &ObjectKey, path: &Path) -> Result<u64, StorageError> {
        read::fetch(self, key, path).await
    }

    /// The object as an open file of this host, which stays readable while it is held. With `expected`, its size
    /// is compared each time and its SHA-256 once a process.
    ///
    /// # Errors
    /// [`StorageErrorKind::Missing`] when there is no such object, [`StorageErrorKind::Corrupt`] when it is not
    /// what was expected.
    pub async fn local_file(
        &self,
        key: &ObjectKey,
        expected: Option<&Expected>,
    ) -> Result<LocalFile, StorageError> {
        let path = self.store(key).path_to_filesystem(&self.path(key)?);
        let path = path.map_err(|source| StorageError::new("name", key, source))?;
        self.verified.open(key, path, expected).await
    }

    /// An address under which anybody may read the object for the time `ttl`; `None` when it lies in a folder.
    ///
    /// # Errors
    /// When it cannot be signed.
    #[expect(clippy::unused_async, reason = "a bucket's credentials may have to be fetched")]
    pub async fn signed_url(&self, _key: &ObjectKey, _ttl: Duration) -> Result<Option<Url>, StorageError> {
        Ok(None)
    }

    /// Whether the places answer.
    ///
    /// # Errors
    /// When one does not, or not within a few seconds.
    pub async fn check(&self) -> Result<(), StorageError> {
        self.free_upload_bytes().await.map(drop)
    }

    /// The id that marks the area's folder, made when there is none; `None` when a bucket holds the area.
    ///
    /// # Errors
    /// When its file cannot be read or made.
    pub async fn store_id(&self, area: Area) -> Result<Option<Uuid>, StorageError> {
        let folder = match area {
            Area::Uploads => self.upload_folder.clone(),
            Area::Data => self.data_folder.clone(),
        };
        let name = folder.display().to_string();
        let id = blocking(move || store_id::of(&folder)).await;
        id.map(Some).map_err(|source| StorageError::new("mark the folder", name, source))
    }

    /// Gives up uploads to a bucket that were begun longer than `older` ago and never finished; returns how many.
    ///
    /// # Errors
    /// When the store refuses.
    #[expect(clippy::unused_async, reason = "a bucket is asked over the network")]
    pub async fn abort_stale_uploads(&self, _older: Duration) -> Result<u64, StorageError> {
        Ok(0)
    }

    /// The object as a file of this host, for readers that need one; `None` when it lies elsewhere.
    #[must_use]
    pub fn local_path(&self, key: &ObjectKey) -> Option<PathBuf> {
        let path = object_store::path::Path::parse(key.to_string()).ok()?;
        self.store(key).path_to_filesystem(&path).ok()
    }

    /// Removes the object and whatever a killed writer left of it. One that is not there is fine.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let refused = |source: object_store::Error| StorageError::new("delete", key, source);
        match self.store(key).delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(refused(error)),
        }
        let Some(path) = self.local_path(key) else { return Ok(()) };
        let leftovers =
            blocking(move || folder::staging_files(&path)?.iter().try_for_each(std::fs::remove_file));
        leftovers.await.map_err(|source| StorageError::new("delete", key, source))
    }

    /// Removes all objects under `prefix`, and what killed writers left there; returns how many objects.
    /// A name that is none of ours is never touched.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete_prefix(&self, prefix: KeyPrefix) -> Result<u64, StorageError> {
        let mut deleted = 0;
        let mut listed = std::pin::pin!(self.list(prefix));
        while let Some(object) = listed.try_next().await? {
            self.delete(&object.key).await?;
            deleted += 1;
        }
        let root = match prefix {
            KeyPrefix::Uploads | KeyPrefix::Dbcs => &self.upload_folder,
            KeyPrefix::Runs | KeyPrefix::Conversion { .. } => &self.data_folder,
        };
        let folder = root.join(prefix.to_string());
        let swept = blocking(move || folder::sweep(&folder, prefix));
        swept.await.map_err(|source| StorageError::new("delete", prefix, source))?;
        Ok(deleted)
    }

    /// All objects under `prefix`; names that are none of ours are left out.
    pub fn list(&self, prefix: KeyPrefix) -> impl Stream<Item = Result<Listed, StorageError>> + Send + use<> {
        let path = object_store::path::Path::from(prefix.to_string());
        let listed = self.prefix_store(prefix).list(Some(&path));
        listed.map_err(move |source| StorageError::new("list", prefix, source)).try_filter_map(
            |meta| async move {
                let key = meta.location.as_ref().parse().ok();
                Ok(key.map(|key| Listed { key, bytes: meta.size }))
            },
        )
    }

    /// Bytes that can still be written where uploads go.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub async fn free_upload_bytes(&self) -> Result<u64, StorageError> {
        let folder = self.upload_folder.clone();
        let free = blocking(move || folder::free_bytes(&folder)).await;
        free.map_err(|source| StorageError::new("measure", self.upload_folder.display(), source))
    }

    fn store(&self, key: &ObjectKey) -> &Arc<LocalFileSystem> {
        match key {
            ObjectKey::Upload(_) | ObjectKey::Dbc(_) => &self.uploads,
            ObjectKey::Conversion { .. } => &self.data,
        }
    }

    fn prefix_store(&self, prefix: KeyPrefix) -> &Arc<LocalFileSystem> {
        match prefix {
            KeyPrefix::Uploads | KeyPrefix::Dbcs => &self.uploads,
            KeyPrefix::Runs | KeyPrefix::Conversion { .. } => &self.data,
        }
    }

    fn path(&self, key: &ObjectKey) -> Result<object_store::path::Path, StorageError> {
        object_store::path::Path::parse(key.to_string())
            .map_err(|source| StorageError::new("name", key, source))
    }
}

fn local(folder: &Path) -> Result<Arc<LocalFileSystem>, StorageError> {
    let store = LocalFileSystem::new_with_prefix(folder)
        .map_err(|source| StorageError::new("open the folder", folder.display(), source))?;
    Ok(Arc::new(store.with_fsync(true).with_automatic_cleanup(true)))
}

/// Runs file system work where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
