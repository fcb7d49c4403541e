//! How the tables came to be: one module a step, applied in order, each with its way back.
//!
//! Schema builder only, integer microseconds for time, lengths that every back end can index: the same
//! steps run on SQLite, MariaDB and PostgreSQL.

mod guard;
mod m0001_tables;
mod m0002_places;
mod m0003_parts;
mod m0004_days;
mod m0005_derived_signals;
mod m0006_catalog;
mod m0007_signing_key;
mod step;
mod turn;

pub use guard::check;
use sea_orm_migration::{
    MigratorTrait, SchemaManager,
    prelude::{DynIden, IntoIden},
    sea_orm::{DatabaseConnection, DbErr},
};
use turn::Turn;

/// The table that remembers which steps were applied.
const APPLIED_TABLE: &str = "dataviewer_migration";

/// Why the schema could not be brought to where it should be.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database belongs to the original installation.
    #[error(
        "the database holds the original data viewer's table `{table}`; it is not reused: \
         point DATABASE_URL at a new, empty database"
    )]
    Original {
        /// The table that gave it away.
        table: &'static str,
    },
    /// A table of ours which our steps did not make.
    #[error(
        "the database holds a table `{table}` that this program did not make; \
         point DATABASE_URL at a new, empty database"
    )]
    Foreign {
        /// The table that gave it away.
        table: &'static str,
    },
    /// A step stopped half-way, where the back end cannot take it back.
    #[error(
        "an earlier start was stopped while it made the tables (`{table}` is there, its step is not noted); \
         nothing was stored yet: drop the database, make it again, and start again"
    )]
    Interrupted {
        /// A table of the step.
        table: &'static str,
    },
    /// A step was applied that this version does not know.
    #[error(
        "the database was made by a newer version (it knows the step `{step}`); start that version instead"
    )]
    Newer {
        /// The unknown step.
        step: String,
    },
    /// The database refused.
    #[error("the database could not be migrated: {0}")]
    Database(#[from] DbErr),
}

/// One step and whether it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its permanent name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Applies all steps that are missing, after [`check`]. Several processes may do so at once: they take turns.
///
/// # Errors
/// [`MigrationError`] when the database is not ours, is newer than we are, or refuses.
pub async fn up(db: &DatabaseConnection) -> Result<(), MigrationError> {
    let turn = Turn::begin(db).await?;
    let outcome = match guard::check_all(&SchemaManager::new(turn.connection())).await {
        Ok(()) => Migrator::up(turn.connection(), None).await.map_err(MigrationError::from),
        Err(refusal) => Err(refusal),
    };
    turn.end(outcome).await
}

/// Takes the last `steps` steps back: **their tables and all rows in them are gone.**
///
/// # Errors
/// As [`up`].
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<(), MigrationError> {
    let turn = Turn::begin(db).await?;
    let outcome = match guard::check_all(&SchemaManager::new(turn.connection())).await {
        Ok(()) => Migrator::down(turn.connection(), Some(steps)).await.map_err(MigrationError::from),
        Err(refusal) => Err(refusal),
    };
    turn.end(outcome).await
}

/// All steps in order. Changes nothing, not even an empty database.
///
/// # Errors
/// As [`up`].
pub async fn status(db: &DatabaseConnection) -> Result<Vec<Step>, MigrationError> {
    check(db).await?;
    let applied = guard::applied(&SchemaManager::new(db)).await?;
    Ok(known().into_iter().map(|name| Step { applied: applied.contains(&name), name }).collect())
}

/// The steps' names, in order.
fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![
            Box::new(m0001_tables::Tables),
            Box::new(m0002_places::Places),
            Box::new(m0003_parts::Parts),
            Box::new(m0004_days::Days),
            Box::new(m0005_derived_signals::DerivedSignals),
            Box::new(m0006_catalog::SignalCatalog),
            Box::new(m0007_signing_key::SigningKey),
        ]
    }

    fn migration_table_name() -> DynIden {
        APPLIED_TABLE.into_iden()
    }
}
