//! Conversions: one attempt's output each, named by a new uuid for every execution.

mod collect;
mod publish;

pub use collect::{collect, discard};
pub use publish::{Publication, begin, publish};
use sea_orm::entity::prelude::*;

use crate::id::{ConversionId, JobId, RunId};

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
