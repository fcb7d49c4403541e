//! Test days: a day at a track.

use sea_orm::{
    entity::prelude::*,
    sea_query::{ExprTrait, Order, Query, SelectStatement},
};

use crate::{
    id::{TestDayId, VehicleId},
    run,
};

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
    /// When the local date begins.
    pub start_at: i64,
    /// When the local date is over: 23, 24, 25 hours later.
    pub end_at: i64,
    /// When it was created.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The id of the day to which a `run` of the outer query belongs by its time: it begins within the day, and the day
/// is of its car or of any. A day of its own car goes first, then the newest. A run without a clock belongs to none.
#[must_use]
pub fn by_time() -> SelectStatement {
    let day = |column: Column| Expr::col((Entity, column));
    let driven = |column: run::Column| Expr::col((run::Entity, column));
    let same_car = day(Column::VehicleId).eq(driven(run::Column::VehicleId));
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(driven(run::Column::TimeSource).ne("RELATIVE"))
        .and_where(day(Column::StartAt).lte(driven(run::Column::StartAt)))
        .and_where(day(Column::EndAt).gt(driven(run::Column::StartAt)))
        .and_where(same_car.or(day(Column::VehicleId).is_null()))
        .order_by_expr(day(Column::VehicleId).is_null(), Order::Asc)
        .order_by((Entity, Column::CreatedAt), Order::Desc)
        .order_by((Entity, Column::Id), Order::Desc)
        .limit(1)
        .to_owned()
}
