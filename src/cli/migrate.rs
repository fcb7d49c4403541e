//! `dataviewer migrate`: brings the database's schema to where this version needs it, or back.

use clap::{Args, Subcommand};
use miette::{IntoDiagnostic, Result};
use platform::config::Config;
use platform::database::Database;

/// Bring the database to this version's schema (`serve` does so at start)
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    direction: Option<Direction>,
}

#[derive(Debug, Subcommand)]
enum Direction {
    /// Apply what is missing (the default)
    Up,
    /// Take steps back: their tables and all rows in them are gone
    Down {
        /// How many
        #[arg(long, default_value_t = 1)]
        steps: u32,
        /// Say that you mean it
        #[arg(long, required = true)]
        yes: bool,
    },
    /// List the steps and whether they are applied
    Status,
}

impl MigrateArgs {
    pub(crate) async fn run(self, config: Config) -> Result<()> {
        let database = Database::connect(&config.database).await.into_diagnostic()?;
        let connection = database.write();
        match self.direction.unwrap_or(Direction::Up) {
            Direction::Up => migration::up(connection).await.into_diagnostic()?,
            Direction::Down { steps, .. } => migration::down(connection, steps).await.into_diagnostic()?,
            Direction::Status => {}
        }
        for step in migration::status(connection).await.into_diagnostic()? {
            super::say(&format!("{} {}", if step.applied { "applied" } else { "missing" }, step.name));
        }
        database.close().await;
        Ok(())
    }
}
