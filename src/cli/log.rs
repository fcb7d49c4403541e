//! The process's log: one line an event on standard error, as text for people or as JSON.

use std::io::{self, IsTerminal};

use miette::{IntoDiagnostic, Result, WrapErr};
use platform::config::log::{LogConfig, LogFormat};
use tracing_subscriber::EnvFilter;

/// Starts logging as configured.
pub(crate) fn start(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.filter).into_diagnostic().wrap_err("DATAVIEWER_LOG")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| miette::miette!("the log cannot be started: {error}"))
}
