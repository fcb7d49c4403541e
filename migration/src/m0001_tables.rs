//! The first tables: what is driven with, what was driven, and the work on it.

mod drive;
mod garage;
mod work;

use sea_orm_migration::prelude::*;

/// All tables of this step, in the order in which they are made.
pub(crate) const NAMES: [&str; 12] = [
    "vehicle",
    "test_day",
    "dbc",
    "vehicle_dbc",
    "blob",
    "run",
    "run_dbc",
    "upload",
    "job",
    "job_event",
    "conversion",
    "signal",
];

/// The step.
pub(crate) struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "0001_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        garage::up(manager).await?;
        drive::up(manager).await?;
        work::up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in NAMES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    /// The turn is one already.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
