//! Configuration: one section a file, each with its variables in its module's text.
//!
//! Nothing else reads the environment. A `.env` file in the working directory is read too; the process's own
//! variables win. An empty value counts as unset. An unknown `DATAVIEWER_*` or a malformed value stops the
//! start and names the variable.

pub mod broker;
pub mod database;
pub mod dbc;
pub mod expressions;
#[cfg(feature = "testing")]
pub mod faults;
pub mod http;
pub mod limits;
pub mod links;
pub mod log;
pub mod operations;
pub mod storage;
pub mod time_zone;
pub mod traces;
mod variables;
pub mod worker;

use std::collections::BTreeMap;

use variables::Variables;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens and what it shows.
    pub http: http::HttpConfig,
    /// The SQL database.
    pub database: database::DatabaseConfig,
    /// The folders.
    pub storage: storage::StorageConfig,
    /// How API and workers wake each other.
    pub broker: broker::BrokerConfig,
    /// How conversions are run.
    pub worker: worker::WorkerConfig,
    /// What a client may ask for.
    pub limits: limits::LimitsConfig,
    /// Links that are good for some minutes.
    pub links: links::LinksConfig,
    /// The zone of logs whose upload names none.
    pub time_zone: time_zone::TimeZoneConfig,
    /// The default DBC.
    pub dbc: dbc::DbcConfig,
    /// What is logged.
    pub log: log::LogConfig,
    /// Faults that a test asks for.
    #[cfg(feature = "testing")]
    pub faults: faults::FaultsConfig,
    /// What the people who run the service can ask it.
    pub operations: operations::OperationsConfig,
    /// Where traces go, if anywhere.
    pub traces: Option<traces::TracesConfig>,
}

/// A variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// Its name.
    pub variable: String,
    /// What is wrong with it. Never holds the value of a variable that may contain a password.
    pub problem: String,
}

impl Config {
    /// Reads the process's environment and `.env` in the working directory.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(variables::environment()?)
    }

    /// Reads the given variables and nothing else.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(variables.into_iter().collect::<BTreeMap<_, _>>());
        let storage = storage::StorageConfig::read(&mut variables)?;
        let config = Self {
            http: http::HttpConfig::read(&mut variables)?,
            database: database::DatabaseConfig::read(&mut variables, &storage)?,
            storage,
            broker: broker::BrokerConfig::read(&mut variables)?,
            worker: worker::WorkerConfig::read(&mut variables)?,
            limits: limits::LimitsConfig::read(&mut variables)?,
            links: links::LinksConfig::read(&mut variables)?,
            time_zone: time_zone::TimeZoneConfig::read(&mut variables)?,
            dbc: dbc::DbcConfig::read(&mut variables)?,
            log: log::LogConfig::read(&mut variables)?,
            #[cfg(feature = "testing")]
            faults: faults::FaultsConfig::read(&mut variables)?,
            operations: operations::OperationsConfig::read(&mut variables)?,
            traces: traces::TracesConfig::read(&mut variables)?,
        };
        variables.refuse_unknown()?;
        Ok(config)
    }
}
