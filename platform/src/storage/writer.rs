//! Writing one object, part by part, with back-pressure.

use bytes::Bytes;
use object_store::{ObjectStoreExt, WriteMultipart};

use super::{ObjectKey, Storage, StorageError};

/// Size of a part, and how many of them are on their way at once: what one writer holds in memory.
const PART_BYTES: usize = 1 << 20;
const PARTS_IN_FLIGHT: usize = 4;

/// Writes one object. Nobody sees it before [`ObjectWriter::finish`]; dropping the writer removes what was
/// written.
pub struct ObjectWriter {
    storage: Storage,
    key: ObjectKey,
    /// `None` once a write failed: parts may be missing, so it must not be finished.
    upload: Option<WriteMultipart>,
    bytes: u64,
}

impl ObjectWriter {
    pub(super) async fn begin(storage: Storage, key: ObjectKey) -> Result<Self, StorageError> {
        let upload = storage
            .store(&key)
            .put_multipart(&storage.path(&key)?)
            .await
            .map_err(|source| StorageError::new("begin", &key, source))?;
        let upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        Ok(Self { storage, key, upload: Some(upload), bytes: 0 })
    }

    /// Appends `bytes`; waits while too many parts are on their way.
    ///
    /// # Errors
    /// When a part could not be written; the object cannot be finished then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        let Some(upload) = &mut self.upload else { return Err(self.broken()) };
        if let Err(source) = upload.wait_for_capacity(PARTS_IN_FLIGHT).await {
            self.upload = None;
            return Err(StorageError::new("write", &self.key, source));
        }
        self.bytes += bytes.len() as u64;
        upload.put(bytes);
        Ok(())
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the object durable and visible, and returns its size in bytes.
    ///
    /// # Errors
    /// When a part could not be written, or the stored object has another size.
    pub async fn finish(mut self) -> Result<u64, StorageError> {
        let Some(upload) = self.upload.take() else { return Err(self.broken()) };
        upload.finish().await.map_err(|source| StorageError::new("finish", &self.key, source))?;
        let stored = self.storage.head(&self.key).await?;
        if stored == self.bytes {
            Ok(stored)
        } else {
            let what = format!("{} bytes written, {stored} stored", self.bytes);
            Err(StorageError::corrupt("finish", &self.key, what))
        }
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// When it could not be removed; nobody sees it all the same.
    pub async fn abort(mut self) -> Result<(), StorageError> {
        match self.upload.take() {
            Some(upload) => {
                upload.abort().await.map_err(|source| StorageError::new("abort", &self.key, source))
            }
            None => Ok(()),
        }
    }

    fn broken(&self) -> StorageError {
        StorageError::new("write", &self.key, "an earlier part could not be written")
    }
}
