//! Writing one object, part by part, with back-pressure.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{PutPayload, UploadPart};
use tokio::task::JoinSet;

use super::{
    ObjectKey, StorageError,
    parts::{self, Begun},
    place::Place,
};
use crate::database::Database;

/// Size of a part: what buckets want, and what a disk takes well.
const BUCKET_PART: usize = 8 << 20;
const FOLDER_PART: usize = 1 << 20;
/// Parts on their way at once: what one writer holds in memory, with one more that is being filled.
const IN_FLIGHT: usize = 4;

/// Writes one object. Nobody sees it before [`ObjectWriter::finish`]; dropping the writer removes what was
/// written.
pub struct ObjectWriter {
    place: Arc<Place>,
    key: ObjectKey,
    notes: Option<Database>,
    part_bytes: usize,
    /// The part that is being filled.
    filling: Vec<Bytes>,
    filled: usize,
    sent: Sent,
    bytes: u64,
}

/// What of the object is on its way.
enum Sent {
    /// Nothing: an object of less than a part is stored in one go.
    Nothing,
    /// Whole parts.
    Parts(Begun, JoinSet<Result<(), StorageError>>),
    /// A part may be missing, so it must not be finished.
    Broken,
}

impl ObjectWriter {
    pub(super) fn new(place: Arc<Place>, key: ObjectKey, notes: Option<Database>) -> Self {
        let part_bytes = if place.bucket.is_some() { BUCKET_PART } else { FOLDER_PART };
        let (filling, filled, sent) = (Vec::new(), 0, Sent::Nothing);
        Self { place, key, notes, part_bytes, filling, filled, sent, bytes: 0 }
    }

    /// Appends `bytes`; waits while too many parts are on their way.
    ///
    /// # Errors
    /// When a part could not be written; the object cannot be finished then.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), StorageError> {
        if let Sent::Broken = self.sent {
            return Err(self.broken());
        }
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(self.part_bytes - self.filled));
            self.filled += piece.len();
            self.filling.push(piece);
            if self.filled == self.part_bytes
                && let Err(error) = self.send().await
            {
                self.give_up().await;
                return Err(error);
            }
        }
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
        if let Sent::Broken = self.sent {
            return Err(self.broken());
        }
        if let Err(error) = self.complete().await {
            // An answer can be lost where the work was done. The key is ours alone, so the size proves it; in
            // a folder an error may mean that the bytes are not durable.
            let proved = self.place.bucket.is_some()
                && self.place.head(&self.key).await.is_ok_and(|stored| stored == self.bytes);
            if !proved {
                self.give_up().await;
                return Err(error);
            }
            tracing::warn!(%error, "the store has the object whose completion seemed to fail");
        }
        if let Sent::Parts(Begun { note: Some(note), .. }, _) =
            std::mem::replace(&mut self.sent, Sent::Nothing)
        {
            note.forget().await;
        }
        match self.place.head(&self.key).await? {
            stored if stored == self.bytes => Ok(stored),
            stored => {
                let what = format!("{} bytes written, {stored} stored", self.bytes);
                Err(StorageError::corrupt("finish", &self.key, what))
            }
        }
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// When it could not be removed; nobody sees it all the same.
    pub async fn abort(mut self) -> Result<(), StorageError> {
        match std::mem::replace(&mut self.sent, Sent::Broken) {
            Sent::Parts(begun, parts) => abort(&self.place, &self.key, begun, parts).await,
            Sent::Nothing | Sent::Broken => Ok(()),
        }
    }

    /// Sends the filled part on its way, once there is room for it.
    async fn send(&mut self) -> Result<(), StorageError> {
        if let Sent::Nothing = self.sent {
            let begun = parts::begin(&self.place, &self.key, self.notes.as_ref()).await?;
            self.sent = Sent::Parts(begun, JoinSet::new());
        }
        let payload = self.take_filled();
        let Sent::Parts(begun, parts) = &mut self.sent else { return Err(self.broken()) };
        while parts.len() >= IN_FLIGHT {
            settled(&self.key, parts.join_next().await)?;
        }
        parts.spawn(one(self.place.clone(), self.key.clone(), begun.upload.put_part(payload)));
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), StorageError> {
        if let Sent::Nothing = self.sent {
            let payload = self.take_filled();
            return self.place.put(&self.key, payload).await;
        }
        if self.filled > 0 {
            self.send().await?;
        }
        let Sent::Parts(begun, parts) = &mut self.sent else { return Err(self.broken()) };
        while let Some(part) = parts.join_next().await {
            settled(&self.key, Some(part))?;
        }
        self.place.timed("finish", &self.key, begun.upload.complete()).await.map(drop)
    }

    fn take_filled(&mut self) -> PutPayload {
        self.filled = 0;
        std::mem::take(&mut self.filling).into_iter().collect()
    }

    async fn give_up(&mut self) {
        if let Sent::Parts(begun, parts) = std::mem::replace(&mut self.sent, Sent::Broken)
            && let Err(error) = abort(&self.place, &self.key, begun, parts).await
        {
            tracing::warn!(%error, "parts of a failed object stay in the store");
        }
    }

    fn broken(&self) -> StorageError {
        StorageError::new("write", &self.key, "an earlier part could not be written")
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        if let Sent::Parts(begun, parts) = std::mem::replace(&mut self.sent, Sent::Broken)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (place, key) = (self.place.clone(), self.key.clone());
            runtime.spawn(async move {
                if let Err(error) = abort(&place, &key, begun, parts).await {
                    tracing::warn!(%error, "parts of an abandoned object stay in the store");
                }
            });
        }
    }
}

/// One part, in time.
async fn one(place: Arc<Place>, key: ObjectKey, part: UploadPart) -> Result<(), StorageError> {
    place.timed("write", &key, part).await?;
    crate::crashpoint!("part");
    Ok(())
}

fn settled(
    key: &ObjectKey,
    part: Option<Result<Result<(), StorageError>, tokio::task::JoinError>>,
) -> Result<(), StorageError> {
    part.unwrap_or(Ok(Ok(()))).map_err(|source| StorageError::new("write", key, source))?
}

/// A part that arrives after the abort would stay for ever: those on their way end first.
async fn abort(
    place: &Place,
    key: &ObjectKey,
    mut begun: Begun,
    mut parts: JoinSet<Result<(), StorageError>>,
) -> Result<(), StorageError> {
    while parts.join_next().await.is_some() {}
    place.timed("abort", key, begun.upload.abort()).await?;
    if let Some(note) = begun.note {
        note.forget().await;
    }
    Ok(())
}
