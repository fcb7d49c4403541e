//! Logs coming in: an owner row first, then the bytes straight into storage, then everything they mean in one
//! transaction. Before that commit nothing is promised; after it nothing is lost.

mod commit;
mod intake;
mod name;

use std::time::Instant;

use bytes::Bytes;
pub use commit::{CommitError, NewRunOfLog, commit};
use entity::{
    id::UploadId,
    upload::{self, NewUpload},
};
use futures::Stream;
use intake::Intake;
pub use intake::Pace;
use platform::{
    crashpoint,
    metrics::name as metric,
    runtime::Runtime,
    storage::{ObjectKey, ObjectWriter, StorageError},
};
use sea_orm::DbErr;
use tracing::Instrument;

/// A log about to come.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The id its upload will have.
    pub id: UploadId,
    /// The file's name as the uploader has it.
    pub file_name: String,
    /// Bytes that were announced.
    pub announced: Option<u64>,
    /// The slowest it may come.
    pub pace: Pace,
}

/// A log whose bytes are stored and belong to no run yet. A request that brought one carries it as its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedLog {
    /// Its upload.
    pub upload_id: UploadId,
    /// Its name: display text, never a path.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Where they are.
    pub object_key: ObjectKey,
}

/// Why a log was not received. Nothing of it remains.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// More bytes than allowed.
    #[error("the log has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Fewer bytes than a living client sends.
    #[error("the log comes slower than the server waits for")]
    TooSlow,
    /// The body is not whole, or no multipart body.
    #[error("the body is not a whole multipart body: {0}")]
    Body(#[from] multer::Error),
    /// The disk would be full.
    #[error("{free} bytes are free")]
    NoRoom {
        /// Bytes free for uploads.
        free: u64,
    },
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Streams a log into storage. Its memory is constant: one piece and the parts on their way to the disk.
///
/// # Errors
///
/// See [`ReceiveError`]; the object is removed and its row is `EXPIRED` then. When this future is dropped, or
/// the process ends, the sweeper does both later.
pub async fn receive<S>(runtime: &Runtime, arrival: Arrival, body: S) -> Result<ReceivedLog, ReceiveError>
where
    S: Stream<Item = Result<Bytes, multer::Error>> + Unpin,
{
    check_room(runtime, arrival.announced).await?;
    crashpoint!("A0");
    let Arrival { id, file_name, pace, .. } = arrival;
    let (file_name, object_key) = (name::shown(&file_name), ObjectKey::Upload(id));
    let span = tracing::info_span!("upload", upload.id = %id);
    begin(runtime, id, &object_key, &file_name).instrument(span.clone()).await?;
    crashpoint!("A1");
    let intake = Intake::new(body, runtime.config.limits.upload.bytes, pace);
    let began = Instant::now();
    match store(runtime, &object_key, intake).instrument(span).await {
        Ok((bytes, sha256)) => {
            let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(upload.id = %id, size_bytes = bytes, duration_ms, "log received");
            metrics::counter!(metric::STORED_BYTES, "what" => "log").increment(bytes);
            Ok(ReceivedLog { upload_id: id, file_name, bytes, sha256, object_key })
        }
        Err(error) => {
            tracing::info!(upload.id = %id, "log not received: {error}");
            metrics::counter!(metric::UPLOADS, "outcome" => "refused").increment(1);
            discard_unless_committed(runtime, id).await;
            Err(error)
        }
    }
}

async fn check_room(runtime: &Runtime, announced: Option<u64>) -> Result<(), ReceiveError> {
    let limits = &runtime.config.limits.upload;
    let announced = announced.unwrap_or_default();
    if announced > limits.bytes {
        return Err(ReceiveError::TooLarge { limit: limits.bytes });
    }
    let free = runtime.storage.free_upload_bytes().await?;
    if free < announced.saturating_add(limits.free_bytes) {
        return Err(ReceiveError::NoRoom { free });
    }
    Ok(())
}

async fn store<S>(
    runtime: &Runtime,
    key: &ObjectKey,
    mut intake: Intake<S>,
) -> Result<(u64, String), ReceiveError>
where
    S: Stream<Item = Result<Bytes, multer::Error>> + Unpin,
{
    let mut writer = runtime.storage.writer(key).await?;
    match copy(&mut intake, &mut writer).await {
        Ok(()) => {
            crashpoint!("A2");
            writer.finish().await?;
            crashpoint!("A3");
            Ok(intake.finish())
        }
        Err(error) => {
            if let Err(left) = writer.abort().await {
                tracing::warn!(error = %left, "staging of a refused upload left for the sweeper");
            }
            Err(error)
        }
    }
}

async fn copy<S>(intake: &mut Intake<S>, writer: &mut ObjectWriter) -> Result<(), ReceiveError>
where
    S: Stream<Item = Result<Bytes, multer::Error>> + Unpin,
{
    let received = metrics::counter!(metric::RECEIVED_BYTES);
    while let Some(piece) = intake.next().await? {
        received.increment(piece.len() as u64);
        writer.write(piece).await?;
    }
    Ok(())
}

/// The owner row: from here on the object is never garbage without an owner.
async fn begin(runtime: &Runtime, id: UploadId, key: &ObjectKey, file_name: &str) -> Result<(), DbErr> {
    let new = NewUpload {
        id,
        object_key: key.to_string(),
        file_name: file_name.to_owned(),
        expires_in: runtime.config.limits.upload.expiry,
    };
    let begun =
        runtime.database.transaction::<_, DbErr, _>(move |tx| Box::pin(upload::begin(tx, new.clone())));
    begun.await.map(drop)
}

/// Gives up the upload unless it was committed: its row is `EXPIRED`, then its bytes are removed.
pub(crate) async fn discard_unless_committed(runtime: &Runtime, id: UploadId) {
    let abandoned = runtime.database.transaction::<_, DbErr, _>(move |tx| Box::pin(upload::abandon(tx, id)));
    match abandoned.await {
        Ok(true) => remove(runtime, &ObjectKey::Upload(id)).await,
        Ok(false) => {}
        Err(error) => tracing::warn!(upload.id = %id, %error, "refused upload left for the sweeper"),
    }
}

async fn remove(runtime: &Runtime, key: &ObjectKey) {
    if let Err(error) = runtime.storage.delete(key).await {
        tracing::warn!(%error, "surplus object left for the sweeper");
    }
}
