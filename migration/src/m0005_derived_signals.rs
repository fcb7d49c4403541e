//! Derived signals: saved expressions.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, string_len, string_len_null, uuid},
};

use crate::step::{create_table, long_text, unique};

/// All tables of this step.
pub(crate) const NAMES: [&str; 1] = ["derived_signal"];

/// The step.
pub(crate) struct DerivedSignals;

impl MigrationName for DerivedSignals {
    fn name(&self) -> &'static str {
        "0005_derived_signals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for DerivedSignals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("derived_signal")
            .col(uuid("id").primary_key())
            .col(string_len("name", 100))
            .col(long_text(manager, "expression").not_null())
            .col(string_len_null("unit", 50))
            .col(string_len_null("description", 1000))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        create_table(manager, table).await?;
        unique(manager, "derived_signal", &["name"]).await
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
