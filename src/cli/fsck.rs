//! `dataviewer fsck`: compares the tables with the storage, in both directions, and looks for rows that contradict
//! each other. It may run beside a working service.
//!
//! Exit codes: 0 clean, 1 there are findings, 2 it could not look.

mod age;
mod parts;
mod referenced;
mod report;
mod state;
mod stray;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use miette::{IntoDiagnostic, Result, WrapErr};
use platform::config::Config;

use super::places::Places;
use report::Reporter;

/// Compare the database with the storage: what is missing, damaged, left over
#[derive(Clone, Debug, Args)]
pub(crate) struct FsckArgs {
    /// Read every object and compare its SHA-256 too
    #[arg(long)]
    deep: bool,
    /// Remove objects and staging files that nothing refers to
    #[arg(long)]
    repair: bool,
    /// Leave alone what nothing refers to but is younger than this, e.g. 30m, 72h, 7d
    #[arg(long, value_name = "TIME", default_value = "72h", value_parser = age::parse)]
    older_than: Duration,
    /// One JSON object a line on standard output: findings, then the summary
    #[arg(long)]
    json: bool,
}

const FINDINGS: u8 = 1;
const COULD_NOT_LOOK: u8 = 2;

impl FsckArgs {
    /// Looks; the exit code says what was found.
    pub(crate) fn run(self) -> ExitCode {
        let config = Config::from_env().into_diagnostic().wrap_err("the configuration cannot be used");
        match config.and_then(|config| super::blocking(self.check(config))) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(FINDINGS),
            Err(trouble) => {
                let _ = writeln!(io::stderr(), "{trouble:?}");
                ExitCode::from(COULD_NOT_LOOK)
            }
        }
    }

    /// Whether all is well.
    async fn check(&self, config: Config) -> Result<bool> {
        let places = Places::open(&config).await?;
        let mut reporter = Reporter::new(self.json);
        state::check(&places, &mut reporter).await.wrap_err("the tables cannot be read")?;
        referenced::check(&places, self.deep, &mut reporter).await.wrap_err("objects cannot be looked at")?;
        let limit = stray::Limit { older_than: self.older_than, repair: self.repair };
        // First: an object that is there tells of an upload that was completed.
        parts::check(&places, limit, &mut reporter).await.wrap_err("uploads by parts cannot be looked at")?;
        stray::check(&places, limit, &mut reporter).await.wrap_err("the storage cannot be listed")?;
        places.database.close().await;
        reporter.finish().into_diagnostic()
    }
}
