//! Runs: one drive each.

use sea_orm::entity::prelude::*;

use crate::id::{BlobId, ConversionId, RunId, TestDayId, VehicleId};

/// One drive.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,
    /// The stored log it is made of.
    pub blob_id: BlobId,
    /// The log's name as the uploader had it: display text, never a path.
    pub file_name: String,
    /// The run's number on its day.
    pub number: Option<i32>,
    /// Its name.
    pub name: Option<String>,
    /// What kind of drive (Endurance, Skidpad …).
    pub kind: Option<String>,
    /// Free text.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Where it was driven.
    pub location: Option<String>,
    /// Who drove.
    pub driver: Option<String>,
    /// JSON list of words.
    #[sea_orm(column_type = "Text")]
    pub tags: String,
    /// The car.
    pub vehicle_id: Option<VehicleId>,
    /// The day it belongs to.
    pub test_day_id: Option<TestDayId>,
    /// The IANA zone its logger's clock was set to.
    pub time_zone: String,
    /// `RTC`, `RELATIVE` or `USER`; null before the first conversion.
    pub time_source: Option<String>,
    /// Time of the earliest frame; null before the first conversion.
    pub start_at: Option<i64>,
    /// Time of the latest frame.
    pub end_at: Option<i64>,
    /// Problems that the current conversion's report counts.
    pub warning_count: i32,
    /// What readers see.
    pub current_conversion_id: Option<ConversionId>,
    /// When it was created.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was deleted; it can be restored.
    pub deleted_at: Option<i64>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
