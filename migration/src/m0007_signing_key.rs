//! The key that links are signed with, for installations that are given none.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::create_table;

/// All tables of this step.
pub(crate) const NAMES: [&str; 1] = ["signing_key"];

/// The step.
pub(crate) struct SigningKey;

impl MigrationName for SigningKey {
    fn name(&self) -> &'static str {
        "0007_signing_key"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SigningKey {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("signing_key")
            .col(integer("id").primary_key())
            .col(string_len("secret", 64))
            .col(big_integer("created_at"))
            .to_owned();
        create_table(manager, table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in NAMES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    /// The turn is one already.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
