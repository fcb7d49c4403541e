//! Words that the steps share: references, indexes, texts without a limit.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{
        ConnectionTrait, DbBackend, DbErr, Statement,
        sea_query::{
            ColumnDef, ForeignKey, ForeignKeyCreateStatement, Index, IntoIden, TableCreateStatement,
        },
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

/// Makes a table in which texts are the same only when all their bytes are: on MariaDB and MySQL, whose default
/// takes `A` for `a` and leaves blanks at the end out of account, that has to be said.
pub(crate) async fn create_table(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::MySql {
        let collation = if is_mariadb(manager).await? { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        table.engine("InnoDB").character_set("utf8mb4").collate(collation);
    }
    manager.create_table(table).await
}

async fn is_mariadb(manager: &SchemaManager<'_>) -> Result<bool, DbErr> {
    let version = Statement::from_string(DbBackend::MySql, "SELECT VERSION() AS version");
    let row = manager.get_connection().query_one_raw(version).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("version".to_owned()))?;
    Ok(row.try_get::<String>("", "version")?.contains("MariaDB"))
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
