//! Removing what a row names.

use super::{KeyPrefix, ObjectKey, Storage, StorageError};

impl Storage {
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
