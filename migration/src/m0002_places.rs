//! Which installation this is, which folders are its own, which objects must still go, and which trace led to a job.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::{create_table, index};

/// All tables of this step, in the order in which they are made.
pub(crate) const NAMES: [&str; 3] = ["instance", "store", "tombstone"];

/// The step.
pub(crate) struct Places;

impl MigrationName for Places {
    fn name(&self) -> &'static str {
        "0002_places"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Places {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        instance(manager).await?;
        store(manager).await?;
        tombstone(manager).await?;
        trace(manager).await?;
        // Whoever removes an object looks for the log that was stored in it.
        index(manager, "blob", &["object_key"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("ix_blob_object_key").table("blob").to_owned()).await?;
        manager.alter_table(Table::alter().table("job").drop_column("trace").to_owned()).await?;
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

async fn instance(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("instance")
        .col(uuid("id").primary_key())
        .col(big_integer("created_at"))
        .to_owned();
    create_table(manager, table).await
}

async fn store(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("store")
        .col(uuid("id"))
        .col(string_len("area", 16))
        .col(big_integer("created_at"))
        // One folder may hold both areas.
        .primary_key(Index::create().col("area").col("id"))
        .to_owned();
    create_table(manager, table).await
}

async fn tombstone(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("tombstone")
        .col(string_len("object_key", 255).primary_key())
        .col(big_integer("delete_after"))
        .col(big_integer("created_at"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "tombstone", &["delete_after"]).await
}

/// The trace that led to a job, as the W3C's `traceparent`.
async fn trace(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table("job").add_column(string_len_null("trace", 64)).to_owned()).await
}
