//! Uploads: one transfer of a log each; the owner row of its object until the blob is committed.

mod commit;
mod receive;

pub use commit::{Commit, CommitOutcome, Committed, commit, committed_under, is_committed};
pub use receive::{NewUpload, abandon, begin, expire_stale};
use sea_orm::{DatabaseTransaction, entity::prelude::*};

use crate::id::{BlobId, RunId, UploadId};

/// One transfer of a log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    /// Where it is in its life.
    pub state: UploadState,
    /// Where the bytes go (`uploads/<uuid>`).
    pub object_key: String,
    /// The file's name as the uploader had it: display text, never a path.
    pub file_name: String,
    /// Bytes received; final once committed.
    pub bytes: i64,
    /// SHA-256, hex, once known.
    pub sha256: Option<String>,
    /// The caller's key for a safe repeat.
    #[sea_orm(unique)]
    pub idempotency_key: Option<String>,
    /// The stored log it became.
    pub blob_id: Option<BlobId>,
    /// The run it became, or found.
    pub run_id: Option<RunId>,
    /// Whether the bytes were known already.
    pub duplicate: bool,
    /// When it began.
    pub created_at: i64,
    /// When it is given up unless committed.
    pub expires_at: i64,
    /// When it was committed.
    pub committed_at: Option<i64>,
}

/// The life of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UploadState {
    /// Bytes are coming in.
    Receiving,
    /// A run exists; its log is stored.
    Committed,
    /// Given up; its bytes are removed.
    Expired,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Ends the transfer, with these values. `false`, and nothing changed, when it had ended before.
async fn end(tx: &DatabaseTransaction, id: UploadId, values: ActiveModel) -> Result<bool, DbErr> {
    let received = Entity::update_many()
        .set(values)
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(UploadState::Receiving));
    Ok(received.exec(tx).await?.rows_affected == 1)
}
