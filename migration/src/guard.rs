//! Whether a database is one that we may touch.

use std::collections::HashSet;

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, sea_query::Query},
};

use crate::{APPLIED_TABLE, MigrationError, known, m0001_tables, m0002_places};

/// Tables by which the original data viewer's database is known.
const ORIGINAL: [&str; 5] = ["datarunmeta", "datavariables", "datafilters", "testingdays", "intervals"];

/// The tables of each step, in the steps' order.
const TABLES: [&[&str]; 2] = [&m0001_tables::NAMES, &m0002_places::NAMES];

/// Whether the database is empty or ours; changes nothing.
///
/// # Errors
/// [`MigrationError`] when it belongs to the original installation, holds tables of our names that our
/// steps did not make, or was made by a newer version.
pub async fn check(db: &DatabaseConnection) -> Result<(), MigrationError> {
    let manager = SchemaManager::new(db);
    if let Some(table) = first_present(&manager, &ORIGINAL).await? {
        return Err(MigrationError::Original { table });
    }
    let applied = applied(db).await?;
    let known = known();
    if let Some(step) = applied.iter().find(|step| !known.contains(step)) {
        return Err(MigrationError::Newer { step: step.clone() });
    }
    for (step, tables) in known.iter().zip(TABLES) {
        if !applied.contains(step)
            && let Some(table) = first_present(&manager, tables).await?
        {
            return Err(MigrationError::Foreign { table });
        }
    }
    Ok(())
}

/// Names of the steps that the database has; empty when it never saw one.
pub(crate) async fn applied(db: &DatabaseConnection) -> Result<HashSet<String>, DbErr> {
    if !SchemaManager::new(db).has_table(APPLIED_TABLE).await? {
        return Ok(HashSet::new());
    }
    let rows = db.query_all(Query::select().column("version").from(APPLIED_TABLE)).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

async fn first_present(
    manager: &SchemaManager<'_>,
    tables: &[&'static str],
) -> Result<Option<&'static str>, DbErr> {
    for table in tables {
        if manager.has_table(table).await? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}
