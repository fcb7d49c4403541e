//! A runtime for tests: real parts on a temporary folder, which goes when it is dropped.

mod back_end;
pub mod crash;
mod faulty_parts;
mod faulty_store;
mod proxy;
pub mod seed;
pub mod servers;

use std::{io, ops::Deref};

pub use back_end::{BackEnd, TestDatabase};
pub use faulty_parts::FaultyParts;
pub use faulty_store::{Fault, FaultKind, FaultTime, Faults, FaultyStore};
pub use proxy::Proxy;
use tempfile::TempDir;

use crate::{
    config::{Config, ConfigError},
    runtime::{Runtime, StartError},
};

/// A runtime on a temporary folder with a migrated SQLite database.
#[derive(Debug)]
pub struct TestRuntime {
    runtime: Runtime,
    folder: TempDir,
}

/// Why there is no runtime to test with.
#[derive(Debug, thiserror::Error)]
pub enum TestRuntimeError {
    /// No temporary folder.
    #[error(transparent)]
    Folder(#[from] io::Error),
    /// A variable of the test's own.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The runtime.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The tables.
    #[error(transparent)]
    Migration(#[from] migration::MigrationError),
}

impl TestRuntime {
    /// Nothing set but the folders.
    ///
    /// # Errors
    /// When there is no runtime to test with.
    pub async fn start() -> Result<Self, TestRuntimeError> {
        Self::start_with(&[]).await
    }

    /// These variables over the folders. Nothing is read from the environment.
    ///
    /// # Errors
    /// When there is no runtime to test with, also because of a variable.
    pub async fn start_with(variables: &[(&str, &str)]) -> Result<Self, TestRuntimeError> {
        Self::start_in(TempDir::new()?, variables).await
    }

    /// As [`TestRuntime::start_with`], with its database on `back_end`.
    ///
    /// # Errors
    /// When there is no runtime to test with, also because of a variable.
    pub async fn start_on(back_end: BackEnd, variables: &[(&str, &str)]) -> Result<Self, TestRuntimeError> {
        let folder = TempDir::new()?;
        let url = back_end.fresh(folder.path()).await;
        let mut all = vec![("DATABASE_URL", url.as_str())];
        all.extend(variables);
        Self::start_in(folder, &all).await
    }

    async fn start_in(folder: TempDir, variables: &[(&str, &str)]) -> Result<Self, TestRuntimeError> {
        let inside = |name: &str| folder.path().join(name).display().to_string();
        let mut all = vec![
            ("UPLOAD_FOLDER".to_owned(), inside("data")),
            ("DATA_FOLDER".to_owned(), inside("data")),
            ("PORT".to_owned(), "0".to_owned()),
            ("DATAVIEWER_WORKERS".to_owned(), "1".to_owned()),
        ];
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let runtime = Runtime::start(Config::from_variables(all)?).await?;
        migration::up(runtime.database.write()).await?;
        Ok(Self { runtime, folder })
    }

    /// The temporary folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Deref for TestRuntime {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.runtime
    }
}
