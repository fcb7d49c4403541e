//! Objects that come part by part. A folder keeps such an object beside its name until it is whole. A bucket knows it
//! by an upload id, which is noted in the database as long as the upload is neither completed nor aborted: only with
//! it can the parts be removed that a killed process left.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use entity::part_upload;
use futures::FutureExt;
use object_store::{
    Error, MultipartId, MultipartUpload, ObjectStoreExt, PutPayload, PutResult, Result, UploadPart,
    multipart::{MultipartStore, PartId},
    path::Path,
};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{ObjectKey, Storage, StorageError, StorageErrorKind, place::Place};
use crate::database::Database;

/// An upload by parts that is under way.
pub(super) struct Begun {
    pub(super) upload: Box<dyn MultipartUpload>,
    /// Of an upload into a bucket, when somebody keeps notes.
    pub(super) note: Option<Note>,
}

/// Begins the object; its note is durable before its first part.
pub(super) async fn begin(
    place: &Place,
    key: &ObjectKey,
    notes: Option<&Database>,
) -> std::result::Result<Begun, StorageError> {
    let path = place.path(key);
    let Some(store) = &place.parts else {
        let upload = place.timed("begin", key, place.store.put_multipart(&path)).await?;
        return Ok(Begun { upload, note: None });
    };
    let id = place.timed("begin", key, store.create_multipart(&path)).await?;
    let mut upload = BucketUpload { store: store.clone(), path, id, sent: 0, stored: Arc::default() };
    let Some(database) = notes else { return Ok(Begun { upload: Box::new(upload), note: None }) };
    match Note::make(database, key, &upload.id).await {
        Ok(note) => Ok(Begun { upload: Box::new(upload), note: Some(note) }),
        Err(error) => {
            // Whether or not the note was made: nothing is left that it could be of.
            if let Err(left) = place.timed("abort", key, upload.abort()).await {
                tracing::warn!(error = %left, "an upload that could not be noted stays in the bucket");
            }
            Err(StorageError::new("note the parts of", key, error))
        }
    }
}

/// A row that tells the collector of an upload by parts.
pub(super) struct Note {
    database: Database,
    id: Uuid,
}

impl Note {
    async fn make(database: &Database, key: &ObjectKey, upload_id: &str) -> std::result::Result<Self, DbErr> {
        let (id, key, upload_id) = (Uuid::now_v7(), key.to_string(), upload_id.to_owned());
        let noted = database.transaction(move |tx| {
            let (key, upload_id) = (key.clone(), upload_id.clone());
            Box::pin(async move { part_upload::note(tx, id, &key, &upload_id).await })
        });
        noted.await?;
        Ok(Self { database: database.clone(), id })
    }

    /// Nothing is left to remove. A note that stays does no harm: the collector finds nothing either.
    pub(super) async fn forget(self) {
        let id = self.id;
        let forgotten =
            self.database.transaction::<_, DbErr, _>(move |tx| Box::pin(part_upload::forget(tx, id)));
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "the note of a finished upload stays for the collector");
        }
    }
}

impl Storage {
    /// Notes uploads by parts into buckets in `database` from now on. Without, what a killed process leaves of them
    /// is for the buckets' own lifecycle rules to remove.
    #[must_use]
    pub fn noting_in(mut self, database: &Database) -> Self {
        self.notes = Some(database.clone());
        self
    }

    /// Removes the parts of an upload into a bucket whose writer is gone. One that was completed, or that is gone
    /// itself, is fine.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn abort_upload(
        &self,
        key: &ObjectKey,
        upload_id: &str,
    ) -> std::result::Result<(), StorageError> {
        let place = self.place(key);
        let Some(store) = &place.parts else { return Ok(()) };
        let (path, id) = (place.path(key), upload_id.to_owned());
        match place.timed("abort", key, store.abort_multipart(&path, &id)).await {
            Err(error) if error.kind != StorageErrorKind::Missing => {
                // Some servers deny what they do not know any more. No name is written twice, so an object proves
                // that its upload was completed.
                place.head(key).await.map(drop).map_err(|_| error)
            }
            _ => Ok(()),
        }
    }
}

/// An upload by parts into a bucket.
struct BucketUpload {
    store: Arc<dyn MultipartStore>,
    path: Path,
    id: MultipartId,
    sent: usize,
    stored: Arc<Mutex<Vec<(usize, PartId)>>>,
}

impl std::fmt::Debug for BucketUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketUpload")
            .field("path", &self.path)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for BucketUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let (store, path, id) = (self.store.clone(), self.path.clone(), self.id.clone());
        let (index, stored) = (self.sent, self.stored.clone());
        self.sent += 1;
        async move {
            let part = store.put_part(&path, &id, index, payload).await?;
            stored.lock().unwrap_or_else(PoisonError::into_inner).push((index, part));
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stored.sort_unstable_by_key(|(index, _)| *index);
        if stored.len() != self.sent {
            let source = format!("{} of {} parts are stored", stored.len(), self.sent).into();
            return Err(Error::Generic { store: "bucket", source });
        }
        let parts = stored.into_iter().map(|(_, part)| part).collect();
        self.store.complete_multipart(&self.path, &self.id, parts).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.store.abort_multipart(&self.path, &self.id).await
    }
}
