//! Whether a database is one that we may touch.

use std::collections::HashSet;

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, sea_query::Query},
};

use crate::{
    APPLIED_TABLE, MigrationError, known, m0001_tables, m0002_places, m0003_parts, m0004_days,
    m0005_derived_signals, m0006_catalog, m0007_signing_key,
};

/// Tables by which the original data viewer's database is known.
const ORIGINAL: [&str; 5] = ["datarunmeta", "datavariables", "datafilters", "testingdays", "intervals"];

/// The tables of each step, in the steps' order.
const TABLES: [&[&str]; 7] = [
    &m0001_tables::NAMES,
    &m0002_places::NAMES,
    &m0003_parts::NAMES,
    &m0004_days::NAMES,
    &m0005_derived_signals::NAMES,
    &m0006_catalog::NAMES,
    &m0007_signing_key::NAMES,
];

/// Whether the database is empty or ours; changes nothing.
///
/// # Errors
/// [`MigrationError`] when it belongs to the original installation, holds tables of our names that our
/// steps did not make, or was made by a newer version.
pub async fn check(db: &DatabaseConnection) -> Result<(), MigrationError> {
    check_all(&SchemaManager::new(db)).await
}

/// As [`check`], within a transaction too.
pub(crate) async fn check_all(manager: &SchemaManager<'_>) -> Result<(), MigrationError> {
    if let Some(table) = first_present(manager, &ORIGINAL).await? {
        return Err(MigrationError::Original { table });
    }
    let applied = applied(manager).await?;
    let known = known();
    if let Some(step) = applied.iter().find(|step| !known.contains(step)) {
        return Err(MigrationError::Newer { step: step.clone() });
    }
    for (step, tables) in known.iter().zip(TABLES) {
        if !applied.contains(step)
            && let Some(table) = first_present(manager, tables).await?
            // Another process may have applied the step between the two looks.
            && !self::applied(manager).await?.contains(step)
        {
            // Where a change of the schema commits by itself, a step may have stopped half-way.
            let is_ours = manager.get_database_backend() == DbBackend::MySql
                && manager.has_table(APPLIED_TABLE).await?;
            let refusal = if is_ours {
                MigrationError::Interrupted { table }
            } else {
                MigrationError::Foreign { table }
            };
            return Err(refusal);
        }
    }
    Ok(())
}

/// Names of the steps that the database has; empty when it never saw one.
pub(crate) async fn applied(manager: &SchemaManager<'_>) -> Result<HashSet<String>, DbErr> {
    if !manager.has_table(APPLIED_TABLE).await? {
        return Ok(HashSet::new());
    }
    let rows =
        manager.get_connection().query_all(Query::select().column("version").from(APPLIED_TABLE)).await?;
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
