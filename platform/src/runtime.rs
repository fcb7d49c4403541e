//! The concrete handles of a process, built once in `main` and again, differently, in tests.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    broker::{Broker, BrokerError},
    config::Config,
    database::{ConnectError, Database},
    metrics::Metrics,
    storage::{Storage, StorageError},
};

/// Everything that a role works with. Cheap to clone: all clones are the same handles.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// What was set.
    pub config: Arc<Config>,
    /// The SQL database.
    pub database: Database,
    /// Stored objects.
    pub storage: Storage,
    /// Wake-ups and progress.
    pub broker: Broker,
    /// What was counted and timed.
    pub metrics: Metrics,
    /// Cancelled when the process is to stop.
    pub shutdown: CancellationToken,
}

/// Why a process could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The folders.
    #[error("the storage cannot be used: {0}")]
    Storage(#[from] StorageError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl Runtime {
    /// Opens what `config` names, and makes folders and the database file where they do not exist. Migrates
    /// nothing: that is for the role to decide.
    ///
    /// # Errors
    /// [`StartError`] when the database or a folder cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        #[cfg(feature = "testing")]
        crate::testing::crash::arm(&config.faults);
        let database = Database::connect(&config.database).await?;
        Ok(Self {
            storage: Storage::open(&config.storage)?.noting_in(&database),
            database,
            broker: Broker::connect(&config.broker).await?,
            metrics: Metrics::of_process(),
            shutdown: CancellationToken::new(),
            config: Arc::new(config),
        })
    }
}
