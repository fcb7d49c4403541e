//! Bounds of test days, intervals, markers, and by how much a person moved a run's times.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, string_len_null, uuid, uuid_null},
};

use crate::step::{create_table, index, reference};

/// All tables of this step, in the order in which they are made.
pub(crate) const NAMES: [&str; 2] = ["time_interval", "marker"];

/// The step.
pub(crate) struct Days;

impl MigrationName for Days {
    fn name(&self) -> &'static str {
        "0004_days"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Days {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        bounds(manager).await?;
        shift(manager).await?;
        interval(manager).await?;
        marker(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in NAMES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        manager
            .drop_index(Index::drop().name("ix_test_day_start_at_id").table("test_day").to_owned())
            .await?;
        // SQLite changes one column a statement.
        for (table, column) in [("test_day", "start_at"), ("test_day", "end_at"), ("run", "time_shift")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// The turn is one already.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

/// A day's local midnights in UTC. Nothing could make a day before this step, so there is nothing to fill in.
async fn bounds(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in ["start_at", "end_at"] {
        let bound = big_integer(column).default(0).to_owned();
        manager.alter_table(Table::alter().table("test_day").add_column(bound).to_owned()).await?;
    }
    index(manager, "test_day", &["start_at", "id"]).await
}

async fn shift(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let shift = big_integer_null("time_shift");
    manager.alter_table(Table::alter().table("run").add_column(shift).to_owned()).await
}

/// `interval` alone is a reserved word.
async fn interval(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("time_interval")
        .col(uuid("id").primary_key())
        .col(uuid_null("test_day_id"))
        .col(uuid_null("run_id"))
        .col(big_integer("start_at"))
        .col(big_integer("end_at"))
        .col(string_len_null("kind", 50))
        .col(string_len_null("description", 1000))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("time_interval", "test_day_id", "test_day"))
        .foreign_key(&mut reference("time_interval", "run_id", "run"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "time_interval", &["test_day_id", "start_at"]).await?;
    index(manager, "time_interval", &["run_id", "start_at"]).await
}

async fn marker(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("marker")
        .col(uuid("id").primary_key())
        .col(uuid_null("test_day_id"))
        .col(uuid_null("run_id"))
        .col(big_integer("at"))
        .col(string_len_null("kind", 50))
        .col(string_len_null("description", 1000))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("marker", "test_day_id", "test_day"))
        .foreign_key(&mut reference("marker", "run_id", "run"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "marker", &["test_day_id", "at"]).await?;
    index(manager, "marker", &["run_id", "at"]).await
}
