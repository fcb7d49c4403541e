//! Vehicles: a car each.

use sea_orm::entity::prelude::*;

use crate::id::VehicleId;

/// A car.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vehicle")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VehicleId,
    /// Its name.
    #[sea_orm(unique)]
    pub name: String,
    /// The IANA zone its logger's clock is set to.
    pub time_zone: Option<String>,
    /// When it was created.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
