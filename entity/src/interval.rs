//! Intervals: parts of a test day or of a run, such as laps and stints.

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*, sea_query::SimpleExpr};

use crate::id::{IntervalId, RunId, TestDayId};

/// A part of a test day or of a run: `start_at` is in it, `end_at` is not.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "time_interval")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IntervalId,
    /// The day, unless it is a run's.
    pub test_day_id: Option<TestDayId>,
    /// The run, unless it is a day's.
    pub run_id: Option<RunId>,
    /// When it begins.
    pub start_at: i64,
    /// When it is over.
    pub end_at: i64,
    /// What it is: LAP, SECTOR, STINT, NOTE …
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

/// What an interval or a marker is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A test day.
    Day(TestDayId),
    /// A run.
    Run(RunId),
}

impl Owner {
    /// The owner of a row by its two references, one of which is set.
    #[must_use]
    pub fn of(day: Option<TestDayId>, run: Option<RunId>) -> Option<Self> {
        day.map(Self::Day).or(run.map(Self::Run))
    }

    /// The day, if it is one.
    #[must_use]
    pub fn day(self) -> Option<TestDayId> {
        match self {
            Self::Day(id) => Some(id),
            Self::Run(_) => None,
        }
    }

    /// The run, if it is one.
    #[must_use]
    pub fn run(self) -> Option<RunId> {
        match self {
            Self::Run(id) => Some(id),
            Self::Day(_) => None,
        }
    }
}

/// The owner's intervals, as a condition.
#[must_use]
pub fn of(owner: Owner) -> SimpleExpr {
    match owner {
        Owner::Day(id) => Column::TestDayId.eq(id),
        Owner::Run(id) => Column::RunId.eq(id),
    }
}

/// Removes all intervals of the owner.
///
/// # Errors
/// When the database refuses.
pub async fn remove_all(tx: &DatabaseTransaction, owner: Owner) -> Result<(), DbErr> {
    Entity::delete_many().filter(of(owner)).exec(tx).await?;
    Ok(())
}
