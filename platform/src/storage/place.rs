//! One place of objects: a folder, or a bucket with a folder for copies.

use std::{
    fmt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, aws::AmazonS3,
    local::LocalFileSystem, multipart::MultipartStore, path::Path,
};

use uuid::Uuid;

use super::{KeyPrefix, ObjectKey, StorageError, blocking, bucket, folder, store_id};
use crate::config::storage::{BucketConfig, StorageConfig};

/// Raw logs and DBCs lie in one place, converted runs in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// Raw logs and DBCs.
    Uploads,
    /// Converted runs.
    Data,
}

impl Area {
    /// What its folder holds.
    fn prefixes(self) -> &'static [KeyPrefix] {
        match self {
            Self::Uploads => &[KeyPrefix::Uploads, KeyPrefix::Dbcs],
            Self::Data => &[KeyPrefix::Runs],
        }
    }
}

impl From<&ObjectKey> for Area {
    fn from(key: &ObjectKey) -> Self {
        match key {
            ObjectKey::Upload(_) | ObjectKey::Dbc(_) => Self::Uploads,
            ObjectKey::Conversion { .. } => Self::Data,
        }
    }
}

impl From<KeyPrefix> for Area {
    fn from(prefix: KeyPrefix) -> Self {
        match prefix {
            KeyPrefix::Uploads | KeyPrefix::Dbcs => Self::Uploads,
            KeyPrefix::Runs | KeyPrefix::Conversion { .. } => Self::Data,
        }
    }
}

/// Where the objects of an area are. Every operation ends in time.
pub(super) struct Place {
    /// Objects themselves, or copies of them in its `cache`.
    pub(super) folder: PathBuf,
    /// What holds the objects.
    pub(super) store: Arc<dyn ObjectStore>,
    /// Set when they lie in a bucket.
    pub(super) bucket: Option<Arc<AmazonS3>>,
    /// The same bucket, for objects that come part by part.
    pub(super) parts: Option<Arc<dyn MultipartStore>>,
    /// Stands before every key; empty for a folder.
    prefix: Path,
    timeout: Duration,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, prefix, .. } = self;
        f.debug_struct("Place")
            .field("folder", folder)
            .field("bucket", &self.bucket.is_some())
            .field("prefix", prefix)
            .finish_non_exhaustive()
    }
}

impl Place {
    pub(super) fn open(config: &StorageConfig, area: Area) -> Result<Self, StorageError> {
        let (folder, bucket) = match area {
            Area::Uploads => (&config.upload_folder, &config.upload_bucket),
            Area::Data => (&config.data_folder, &config.data_bucket),
        };
        let refused = |source| StorageError::new("make the folder", folder.display(), source);
        folder::make_private(folder).map_err(refused)?;
        match bucket {
            Some(bucket) => Self::in_bucket(folder, bucket, config.timeout),
            None => Self::in_folder(folder, area, config.timeout),
        }
    }

    fn in_folder(folder: &FilePath, area: Area, timeout: Duration) -> Result<Self, StorageError> {
        for prefix in area.prefixes() {
            let inside = folder.join(prefix.to_string());
            folder::make_private_here(&inside)
                .map_err(|source| StorageError::new("make the folder", inside.display(), source))?;
        }
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|source| StorageError::new("open the folder", folder.display(), source))?;
        let store = Arc::new(store.with_fsync(true).with_automatic_cleanup(true));
        let (folder, prefix) = (folder.to_owned(), Path::default());
        Ok(Self { folder, store, bucket: None, parts: None, prefix, timeout })
    }

    fn in_bucket(folder: &FilePath, config: &BucketConfig, timeout: Duration) -> Result<Self, StorageError> {
        let refused =
            |source: object_store::Error| StorageError::new("open the bucket", &config.name, source);
        let s3 = Arc::new(bucket::open(config).map_err(refused)?);
        let prefix = Path::parse(&config.prefix).map_err(|source| refused(source.into()))?;
        let (folder, store, parts) = (folder.to_owned(), s3.clone(), s3.clone());
        Ok(Self { folder, store, bucket: Some(s3), parts: Some(parts), prefix, timeout })
    }

    /// The object's name in the store.
    pub(super) fn path(&self, key: &ObjectKey) -> Path {
        self.under_prefix(&key.to_string())
    }

    fn under_prefix(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }

    /// The object as a file of this host; `None` when it lies in a bucket.
    pub(super) fn local_path(&self, key: &ObjectKey) -> Option<PathBuf> {
        self.bucket.is_none().then(|| self.folder.join(key.to_string()))
    }

    /// Awaits `work` as long as an operation may take.
    pub(super) async fn timed<T>(
        &self,
        operation: &'static str,
        key: &(impl ToString + ?Sized),
        work: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, StorageError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done.map_err(|source| StorageError::new(operation, key.to_string(), source)),
            Err(_) => Err(StorageError::late(operation, key, self.timeout)),
        }
    }

    pub(super) async fn put(&self, key: &ObjectKey, payload: PutPayload) -> Result<(), StorageError> {
        self.timed("store", key, self.store.put(&self.path(key), payload)).await.map(drop)
    }

    /// Size in bytes.
    pub(super) async fn head(&self, key: &ObjectKey) -> Result<u64, StorageError> {
        self.timed("look at", key, self.store.head(&self.path(key))).await.map(|meta| meta.size)
    }

    pub(super) async fn get(&self, key: &ObjectKey, options: GetOptions) -> Result<GetResult, StorageError> {
        self.timed("read", key, self.store.get_opts(&self.path(key), options)).await
    }

    /// Removes the object; one that is not there is fine.
    pub(super) async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let path = self.path(key);
        let deleted = async {
            match self.store.delete(&path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        };
        self.timed("delete", key, deleted).await
    }

    /// Everything under the prefix whose name is one of ours, with its size.
    pub(super) fn list(
        self: &Arc<Self>,
        prefix: KeyPrefix,
    ) -> BoxStream<'static, Result<(ObjectKey, u64), StorageError>> {
        let listed = self.store.list(Some(&self.under_prefix(&prefix.to_string())));
        let next = move |(place, mut listed): (Arc<Self>, BoxStream<'static, _>)| async move {
            let mut next = async || place.timed("list", &prefix, listed.next().map(Option::transpose)).await;
            while let Some(ObjectMeta { location, size, .. }) = next().await? {
                if let Some(key) = place.key(&location) {
                    return Ok(Some(((key, size), (place, listed))));
                }
            }
            Ok(None)
        };
        futures::stream::try_unfold((self.clone(), listed), next).boxed()
    }

    fn key(&self, location: &Path) -> Option<ObjectKey> {
        let parts: Path = location.prefix_match(&self.prefix)?.collect();
        parts.as_ref().parse().ok()
    }

    /// Bytes that can still be written to the folder.
    pub(super) async fn free_bytes(&self) -> Result<u64, StorageError> {
        let folder = self.folder.clone();
        let free = blocking(move || folder::free_bytes(&folder)).await;
        free.map_err(|source| StorageError::new("measure", self.folder.display(), source))
    }

    /// The id that marks the folder; `None` when the objects lie in a bucket.
    pub(super) async fn store_id(&self) -> Result<Option<Uuid>, StorageError> {
        if self.bucket.is_some() {
            return Ok(None);
        }
        let folder = self.folder.clone();
        let id = blocking(move || store_id::of(&folder)).await;
        id.map(Some).map_err(|source| StorageError::new("mark the folder", self.folder.display(), source))
    }

    /// Whether the place answers within `time`.
    pub(super) async fn check(&self, time: Duration) -> Result<(), StorageError> {
        let asked = async {
            match &self.bucket {
                None => self.free_bytes().await.map(drop),
                Some(s3) => bucket::answers(s3)
                    .await
                    .map_err(|source| StorageError::new("ask the bucket", "for a name", source)),
            }
        };
        let late = |_| StorageError::late("check", &self.folder.display().to_string(), time);
        tokio::time::timeout(time, asked).await.map_err(late)?
    }

    /// The same place, with faults in front of its store.
    #[cfg(feature = "testing")]
    pub(super) fn with_faults(mut self, faults: &Arc<crate::testing::Faults>) -> Self {
        self.store = Arc::new(crate::testing::FaultyStore::new(self.store, faults.clone()));
        self.parts =
            self.parts.map(|parts| Arc::new(crate::testing::FaultyParts::new(parts, faults.clone())) as _);
        self
    }
}
