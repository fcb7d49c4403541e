//! Markers: instants of a test day or of a run.

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    id::{MarkerId, RunId, TestDayId},
    interval::Owner,
};

/// An instant of a test day or of a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "marker")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MarkerId,
    /// The day, unless it is a run's.
    pub test_day_id: Option<TestDayId>,
    /// The run, unless it is a day's.
    pub run_id: Option<RunId>,
    /// The instant.
    pub at: i64,
    /// What it is, in a word.
    pub kind: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The owner's markers, as a condition.
#[must_use]
pub fn of(owner: Owner) -> SimpleExpr {
    match owner {
        Owner::Day(id) => Column::TestDayId.eq(id),
        Owner::Run(id) => Column::RunId.eq(id),
    }
}

/// Removes all markers of the owner.
///
/// # Errors
/// When the database refuses.
pub async fn remove_all(tx: &DatabaseTransaction, owner: Owner) -> Result<(), DbErr> {
    Entity::delete_many().filter(of(owner)).exec(tx).await?;
    Ok(())
}
