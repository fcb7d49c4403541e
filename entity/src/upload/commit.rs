//! The commit point: from here on an upload cannot be lost.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, QuerySelect, entity::prelude::*};

use super::{ActiveModel, Column, Entity, Model, UploadState};
use crate::{
    blob, clock,
    id::{JobId, RunId, UploadId},
    job::{self, ConvertPayload, NewJob},
    run::{self, NewRun},
    tombstone,
};

/// An upload whose bytes are stored and durable.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The upload.
    pub upload_id: UploadId,
    /// Its bytes.
    pub bytes: i64,
    /// Their SHA-256, hex.
    pub sha256: String,
    /// The run to make of it.
    pub run: NewRun,
    /// Makes another run even when the bytes are known.
    pub as_new_run: bool,
    /// The caller's key for a safe repeat.
    pub idempotency_key: Option<String>,
}

/// What an upload became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The upload; for a repeat under the same key, the first one.
    pub upload_id: UploadId,
    /// The run, new or found.
    pub run_id: RunId,
    /// The run's newest job.
    pub job_id: JobId,
    /// Whether the run was there before, and is unchanged.
    pub duplicate: bool,
    /// The object that this upload stored and nobody refers to: the same bytes were there before. A tombstone
    /// names it.
    pub surplus: Option<String>,
}

/// How a commit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is done.
    Committed(Committed),
    /// The upload is not being received any more (it was given up): send it again.
    NotReceiving,
    /// The key was used for other bytes before.
    KeyReused,
}

/// Makes blob, run and job of an upload, or finds the run that these bytes are already. Whatever the outcome, a
/// repeat gives the same answer.
///
/// # Errors
/// When the database refuses, also because a vehicle, test day or DBC of the run does not exist.
pub async fn commit(tx: &DatabaseTransaction, commit: Commit) -> Result<CommitOutcome, DbErr> {
    let Some(upload) = Entity::find_by_id(commit.upload_id).lock_exclusive().one(tx).await? else {
        return Ok(CommitOutcome::NotReceiving);
    };
    if let Some(earlier) = earlier(tx, &upload, &commit).await? {
        return repeated(tx, &upload, &earlier, &commit).await;
    }
    if upload.state != UploadState::Receiving {
        return Ok(CommitOutcome::NotReceiving);
    }
    let blob = blob::put(tx, &commit.sha256, &upload.object_key, commit.bytes).await?;
    let known = if commit.as_new_run { None } else { run::of_blob(tx, blob.id).await? };
    let duplicate = known.is_some();
    let run = match known {
        Some(run) => run,
        None => new_run(tx, &blob, &upload, &commit.run).await?,
    };
    close(tx, &upload, &commit, (blob.id, run.id, duplicate)).await?;
    let surplus = (blob.object_key != upload.object_key).then_some(upload.object_key);
    if let Some(key) = &surplus {
        tombstone::bury(tx, key).await?;
    }
    committed(tx, upload.id, run.id, duplicate, surplus).await
}

/// What was committed under the key before, so that a repeat need not send its bytes.
///
/// # Errors
/// When the database refuses.
pub async fn committed_under<C: ConnectionTrait>(conn: &C, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::IdempotencyKey.eq(key))
        .filter(Column::State.eq(UploadState::Committed))
        .one(conn)
        .await
}

/// Whether the upload was committed.
///
/// # Errors
/// When the database refuses.
pub async fn is_committed<C: ConnectionTrait>(conn: &C, id: UploadId) -> Result<bool, DbErr> {
    let row = Entity::find_by_id(id).one(conn).await?;
    Ok(row.is_some_and(|row| row.state == UploadState::Committed))
}

/// This upload, if its commit is being repeated, or the one that was committed under the same key.
async fn earlier(tx: &DatabaseTransaction, upload: &Model, commit: &Commit) -> Result<Option<Model>, DbErr> {
    if upload.state == UploadState::Committed {
        return Ok(Some(upload.clone()));
    }
    match &commit.idempotency_key {
        Some(key) => committed_under(tx, key).await,
        None => Ok(None),
    }
}

async fn repeated(
    tx: &DatabaseTransaction,
    upload: &Model,
    earlier: &Model,
    commit: &Commit,
) -> Result<CommitOutcome, DbErr> {
    let (Some(run), true) = (earlier.run_id, earlier.sha256.as_ref() == Some(&commit.sha256)) else {
        return Ok(CommitOutcome::KeyReused);
    };
    let is_other = earlier.id != upload.id;
    if is_other {
        super::abandon(tx, upload.id).await?;
    }
    let surplus = is_other.then(|| upload.object_key.clone());
    committed(tx, earlier.id, run, is_other || earlier.duplicate, surplus).await
}

async fn new_run(
    tx: &DatabaseTransaction,
    blob: &blob::Model,
    upload: &Model,
    new: &NewRun,
) -> Result<run::Model, DbErr> {
    let run = run::insert(tx, blob.id, &upload.file_name, new).await?;
    let payload = ConvertPayload::of(&run, new.dbcs.clone());
    job::enqueue(tx, NewJob { run_id: run.id, payload }).await?;
    Ok(run)
}

async fn close(
    tx: &DatabaseTransaction,
    upload: &Model,
    commit: &Commit,
    (blob_id, run_id, duplicate): (crate::id::BlobId, RunId, bool),
) -> Result<(), DbErr> {
    let values = ActiveModel {
        state: Set(UploadState::Committed),
        bytes: Set(commit.bytes),
        sha256: Set(Some(commit.sha256.clone())),
        idempotency_key: Set(commit.idempotency_key.clone()),
        blob_id: Set(Some(blob_id)),
        run_id: Set(Some(run_id)),
        duplicate: Set(duplicate),
        committed_at: Set(Some(clock::now(tx).await?)),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    // The row is locked and was being received: anything else means that the transaction is wrong.
    if super::end(tx, upload.id, values).await? { Ok(()) } else { Err(DbErr::RecordNotUpdated) }
}

async fn committed(
    tx: &DatabaseTransaction,
    upload_id: UploadId,
    run_id: RunId,
    duplicate: bool,
    surplus: Option<String>,
) -> Result<CommitOutcome, DbErr> {
    let newest = job::newest(tx, run_id).await?;
    let job = newest.ok_or_else(|| DbErr::RecordNotFound(format!("a job of {run_id}")))?;
    Ok(CommitOutcome::Committed(Committed { upload_id, run_id, job_id: job.id, duplicate, surplus }))
}
