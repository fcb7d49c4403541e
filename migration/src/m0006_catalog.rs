//! The catalogue of signals over all runs, and an index by which a signal's figures are added up.

use sea_orm_migration::{
    prelude::*,
    schema::{string_len, uuid, uuid_null},
    sea_orm::prelude::Uuid,
};
use sha2::{Digest, Sha256};

use crate::step::{create_table, index, long_text};

/// All tables of this step.
pub(crate) const NAMES: [&str; 1] = ["catalog_signal"];

/// The step.
pub(crate) struct SignalCatalog;

impl MigrationName for SignalCatalog {
    fn name(&self) -> &'static str {
        "0006_catalog"
    }
}

/// All that the figures of the catalogue need of a signal: its row is not read.
const FIGURES: [&str; 5] = ["catalog_id", "run_id", "count", "first_at", "last_at"];

#[async_trait::async_trait]
impl MigrationTrait for SignalCatalog {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        catalog(manager).await?;
        let reference = uuid_null("catalog_id");
        manager.alter_table(Table::alter().table("signal").add_column(reference).to_owned()).await?;
        fill(manager).await?;
        index(manager, "signal", &FIGURES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = format!("ix_signal_{}", FIGURES.join("_"));
        manager.drop_index(Index::drop().name(name).table("signal").to_owned()).await?;
        manager.alter_table(Table::alter().table("signal").drop_column("catalog_id").to_owned()).await?;
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

async fn catalog(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("catalog_signal")
        .col(uuid("id").primary_key())
        .col(uuid("entry_id"))
        .col(string_len("beginning", 100))
        .col(long_text(manager, "message").not_null())
        .col(long_text(manager, "name").not_null())
        .col(long_text(manager, "unit").null())
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "catalog_signal", &["entry_id"]).await?;
    index(manager, "catalog_signal", &["beginning", "entry_id"]).await
}

/// Takes in the signals of the runs that are there.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let all = Query::select().distinct().columns(["message", "name", "unit"]).from("signal").to_owned();
    for row in db.query_all(&all).await? {
        let (message, name): (String, String) = (row.try_get("", "message")?, row.try_get("", "name")?);
        let unit: Option<String> = row.try_get("", "unit")?;
        let beginning: String = name.chars().take(100).collect();
        let ids = (id(&[Some(&message), Some(&name), unit.as_deref()]), id(&[Some(&message), Some(&name)]));
        let mut insert = Query::insert();
        insert
            .into_table("catalog_signal")
            .columns(["id", "entry_id", "beginning", "message", "name", "unit"])
            .values_panic([
                ids.0.into(),
                ids.1.into(),
                beginning.into(),
                message.into(),
                name.into(),
                unit.into(),
            ]);
        db.execute(&insert).await?;
    }
    let of = |table, column| Expr::col((table, column));
    let same = |column| of("catalog_signal", column).eq(of("signal", column));
    let no_unit = of("catalog_signal", "unit").is_null().and(of("signal", "unit").is_null());
    let beginning =
        Expr::from(Func::cust("SUBSTR").args([of("signal", "name"), Expr::val(1), Expr::val(100)]));
    let found = Query::select()
        .column(("catalog_signal", "id"))
        .from("catalog_signal")
        // By the index.
        .and_where(of("catalog_signal", "beginning").eq(beginning))
        .and_where(same("name"))
        .and_where(same("message"))
        .and_where(same("unit").or(no_unit))
        .to_owned();
    db.execute(Query::update().table("signal").value("catalog_id", Expr::from(found))).await?;
    Ok(())
}

/// As `entity::catalog_signal` makes it.
fn id(parts: &[Option<&str>]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(part.unwrap_or_default().as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    // As a UUID of one's own making (version 8) is marked.
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}
