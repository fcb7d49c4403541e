//! An upload while its bytes come in.

use std::time::Duration;

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, entity::prelude::*};

use super::{ActiveModel, Column, Entity, Model, UploadState};
use crate::{clock, id::UploadId, tombstone};

/// A transfer that is about to begin.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// Its id; its object is named by it.
    pub id: UploadId,
    /// Where the bytes go.
    pub object_key: String,
    /// The file's name: display text, never a path.
    pub file_name: String,
    /// When it is given up unless committed.
    pub expires_in: Duration,
}

/// Registers an upload before its first byte is stored, so that garbage always has an owner.
///
/// # Errors
/// When the database refuses.
pub async fn begin(tx: &DatabaseTransaction, new: NewUpload) -> Result<Model, DbErr> {
    let now = clock::now(tx).await?;
    let upload = Model {
        id: new.id,
        state: UploadState::Receiving,
        object_key: new.object_key,
        file_name: new.file_name,
        bytes: 0,
        sha256: None,
        idempotency_key: None,
        blob_id: None,
        run_id: None,
        duplicate: false,
        created_at: now,
        expires_at: now.saturating_add(i64::try_from(new.expires_in.as_micros()).unwrap_or(i64::MAX)),
        committed_at: None,
    };
    Entity::insert(ActiveModel::from(upload.clone()).reset_all()).exec_without_returning(tx).await?;
    Ok(upload)
}

/// Gives an upload up whose transfer broke off; a tombstone names its object. `false` when it was not being
/// received any more: its object must stay then.
///
/// # Errors
/// When the database refuses.
pub async fn abandon(tx: &DatabaseTransaction, id: UploadId) -> Result<bool, DbErr> {
    match Entity::find_by_id(id).one(tx).await? {
        Some(upload) => expire(tx, &upload).await,
        None => Ok(false),
    }
}

/// Gives up to `page` uploads up whose time is over; tombstones name their objects.
///
/// # Errors
/// When the database refuses.
pub async fn expire_stale(tx: &DatabaseTransaction, page: u64) -> Result<Vec<Model>, DbErr> {
    let now = clock::now(tx).await?;
    let stale = Entity::find()
        .filter(Column::State.eq(UploadState::Receiving))
        .filter(Column::ExpiresAt.lt(now))
        .order_by_asc(Column::ExpiresAt)
        .limit(page)
        .all(tx)
        .await?;
    let mut expired = Vec::with_capacity(stale.len());
    for upload in stale {
        if expire(tx, &upload).await? {
            expired.push(Model { state: UploadState::Expired, ..upload });
        }
    }
    Ok(expired)
}

async fn expire(tx: &DatabaseTransaction, upload: &Model) -> Result<bool, DbErr> {
    let values =
        ActiveModel { state: Set(UploadState::Expired), ..<ActiveModel as ActiveModelTrait>::default() };
    if !super::end(tx, upload.id, values).await? {
        return Ok(false);
    }
    tombstone::bury(tx, &upload.object_key).await?;
    Ok(true)
}
