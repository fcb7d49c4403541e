//! Words that the steps share: references, indexes, texts without a limit.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{
        DbBackend, DbErr,
        sea_query::{ColumnDef, ForeignKey, ForeignKeyCreateStatement, Index, IntoIden},
    },
};

/// A text of any length. MariaDB's plain TEXT ends at 64 KiB, too short for a manifest.
pub(crate) fn long_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match manager.get_database_backend() {
        DbBackend::MySql => column.custom("longtext".into_iden()),
        _ => column.text(),
    };
    column
}

/// A column of `table` that holds the id of a row of `target`.
pub(crate) fn reference(
    table: &'static str,
    column: &'static str,
    target: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("fk_{table}_{column}")).from(table, column).to(target, "id").to_owned()
}

/// An index over `columns`, named after them.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create(manager, table, columns, false).await
}

/// An index over `columns` in which no combination occurs twice (NULL does not count).
pub(crate) async fn unique(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create(manager, table, columns, true).await
}

async fn create(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create().name(format!("ix_{table}_{}", columns.join("_"))).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
