//! Which objects are on their way into a bucket part by part: what a killed process leaves there is known by its
//! upload id alone, and no listing shows it.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::{create_table, index, long_text};

/// All tables of this step.
pub(crate) const NAMES: [&str; 1] = ["part_upload"];

/// The step.
pub(crate) struct Parts;

impl MigrationName for Parts {
    fn name(&self) -> &'static str {
        "0003_parts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Parts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("part_upload")
            .col(uuid("id").primary_key())
            .col(string_len("object_key", 255))
            // Each service has ids of its own making, some of several hundred characters.
            .col(long_text(manager, "upload_id").not_null())
            .col(big_integer("created_at"))
            .to_owned();
        create_table(manager, table).await?;
        index(manager, "part_upload", &["object_key"]).await?;
        index(manager, "part_upload", &["created_at"]).await
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
