//! Conversions: one attempt's output each, named by a new uuid for every execution.

mod collect;
mod publish;
mod retime;

pub use collect::{collect, discard};
pub use publish::{Publication, begin, publish};
use sea_orm::{DbErr, QuerySelect, entity::prelude::*};

use crate::{
    id::{ConversionId, JobId, RunId},
    job::{self, ConvertPayload},
    run,
};

/// One attempt's output.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversion")]
pub struct Model {
    /// Its id, new for every execution.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConversionId,
    /// The run it is of.
    pub run_id: RunId,
    /// The job that made it.
    pub job_id: JobId,
    /// The job's fencing token at that time.
    pub token: i64,
    /// Where its objects are (`runs/run=<uuid>/conversion=<uuid>`).
    pub key_prefix: String,
    /// Whether readers may see it.
    pub state: ConversionState,
    /// `manifest.json` as written.
    #[sea_orm(column_type = "Text", nullable)]
    pub manifest: Option<String>,
    /// `report.json` as written.
    #[sea_orm(column_type = "Text", nullable)]
    pub report: Option<String>,
    /// Size of all its objects.
    pub bytes: Option<i64>,
    /// When it was begun.
    pub created_at: i64,
    /// When its state last changed.
    pub state_at: i64,
}

/// The life of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConversionState {
    /// Being written; nobody reads it.
    Writing,
    /// What readers see.
    Published,
    /// Replaced by a newer one; readers that began earlier may still hold it.
    Superseded,
    /// Given up before it was published.
    Orphan,
    /// Its objects are gone, or will be: a tombstone names them.
    Deleted,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What the run's current conversion was asked for; `None` without one.
///
/// # Errors
/// When the database refuses.
pub async fn applied<C: ConnectionTrait>(
    conn: &C,
    run: &run::Model,
) -> Result<Option<ConvertPayload>, DbErr> {
    let Some(id) = run.current_conversion_id else { return Ok(None) };
    let job = Entity::find_by_id(id).select_only().column(Column::JobId).into_tuple().one(conn).await?;
    match job {
        Some(job) => asked(conn, job).await,
        None => Ok(None),
    }
}

/// What the job was asked for, if this version can read it.
async fn asked<C: ConnectionTrait>(conn: &C, job: JobId) -> Result<Option<ConvertPayload>, DbErr> {
    let job = job::Entity::find_by_id(job).one(conn).await?;
    Ok(job.and_then(|job| serde_json::from_str(&job.payload).ok()))
}
