//! The roles of the binary, one file each.

mod api;
mod backup;
mod binding;
mod client;
mod confine;
mod content;
mod convert;
mod demo;
mod fsck;
mod health;
mod inventory;
mod log;
mod migrate;
mod output;
mod places;
mod report;
mod restore;
mod serve;
mod service;
mod signals;
mod traces;
mod upload;
mod worker;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::{IntoDiagnostic, Result, WrapErr};
use platform::config::Config;
use platform::config::log::LogFormat;

/// Receives CAN logs, converts them by DBC to Parquet, and answers GraphQL about them
#[derive(Debug, Parser)]
#[command(name = "dataviewer", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and convert what is uploaded (the default)
    Serve,
    /// Serve the API alone; conversions are done by `dataviewer worker`, here or on other machines
    Api,
    /// Convert what `dataviewer api` receives, here or on another machine
    Worker,
    Convert(convert::ConvertArgs),
    Upload(upload::UploadArgs),
    /// Serve, with a sample DBC and a made-up drive sent through the API
    Demo,
    Migrate(migrate::MigrateArgs),
    Fsck(fsck::FsckArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    /// Ask the server on this machine whether it lives; the exit code says
    Health,
}

impl Cli {
    /// Plays the role; the exit code is the process's.
    pub(crate) fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Serve) {
            // Knows no configuration: it runs in an empty environment as a worker's child.
            Command::Convert(args) => args.run(),
            Command::Fsck(args) => args.run(),
            Command::Serve => with_config(|config| blocking(serve::run(config))),
            Command::Api => with_config(|config| blocking(api::run(config))),
            Command::Worker => with_config(|config| blocking(worker::run(config))),
            Command::Upload(args) => end(blocking(args.run()), LogFormat::Text),
            Command::Demo => with_config(|config| blocking(demo::run(config))),
            Command::Migrate(args) => with_config(|config| blocking(args.run(config))),
            Command::Health => with_config(|config| health::check(&config).into_diagnostic()),
            Command::Backup(args) => with_config(|config| blocking(args.run(config))),
            Command::Restore(args) => with_config(|config| blocking(args.run(config))),
        }
    }
}

fn with_config(role: impl FnOnce(Config) -> Result<()>) -> ExitCode {
    match Config::from_env().into_diagnostic().wrap_err("the configuration cannot be used") {
        Err(report) => end(Err(report), LogFormat::Text),
        Ok(config) => {
            let format = config.log.format;
            end(role(config), format)
        }
    }
}

/// The exit code, and why it is not 0.
fn end(played: Result<()>, format: LogFormat) -> ExitCode {
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            log::last_word(&report, format);
            ExitCode::FAILURE
        }
    }
}

fn blocking<T>(role: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?.block_on(role)
}

/// One line on standard output. Without a reader there is nobody to tell, and no reason to stop.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
