//! Removing what a row names, and all of a prefix.

use futures::TryStreamExt;

use super::{KeyPrefix, ObjectKey, Storage, StorageError, blocking, folder};

/// Objects removed at once.
const REMOVALS: usize = 8;

impl Storage {
    /// Removes all objects under `prefix`, their copies here, and what killed writers left in a folder; returns
    /// how many objects. A name that is none of ours is never touched.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete_prefix(&self, prefix: KeyPrefix) -> Result<u64, StorageError> {
        let removals = self.list(prefix).map_ok(|object| async move { self.delete(&object.key).await });
        let removed = removals.try_buffer_unordered(REMOVALS);
        let deleted = removed.try_fold(0, async |count, ()| Ok(count + 1)).await?;
        let place = self.area(prefix.into());
        let folder = match place.bucket {
            None => place.folder.join(prefix.to_string()),
            Some(_) => return Ok(deleted),
        };
        let swept = blocking(move || folder::sweep(&folder, prefix));
        swept.await.map_err(|source| StorageError::new("delete", prefix, source))?;
        Ok(deleted)
    }

    /// Removes the object of this name, or all objects of the conversion whose prefix it is, and whatever killed
    /// writers left of them. Anything else is none of ours and stays: whole areas are never garbage.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn delete_named(&self, name: &str) -> Result<(), StorageError> {
        if let Ok(key) = name.parse::<ObjectKey>() {
            return self.delete(&key).await;
        }
        match name.parse::<KeyPrefix>() {
            Ok(prefix @ KeyPrefix::Conversion { .. }) => self.delete_prefix(prefix).await.map(drop),
            _ => {
                tracing::error!(name, "what is to be removed is no name of ours");
                Ok(())
            }
        }
    }
}
