//! What happened to a job, in order: written in the transaction of the change itself.

use sea_orm::entity::prelude::*;

use crate::{id::JobId, job::JobState};

/// One change of a job's state.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_event")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// From 1, without gaps within a job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The state it entered.
    pub state: JobState,
    /// The token at that time.
    pub token: i64,
    /// Why, where the state alone does not say it (`crashed`, `lost`, `released`, …).
    pub reason: Option<String>,
    /// When.
    pub at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
