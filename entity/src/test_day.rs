//! Test days: a day at a track.

use sea_orm::entity::prelude::*;

use crate::id::{TestDayId, VehicleId};

/// A day at a track.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "test_day")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TestDayId,
    /// The local date, `YYYY-MM-DD`.
    pub date: String,
    /// Where.
    pub location: Option<String>,
    /// The track's IANA zone.
    pub time_zone: String,
    /// The car, when the day is one car's.
    pub vehicle_id: Option<VehicleId>,
    /// When it was created.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
