//! The one binary of the Data Viewer API: picks a role and hands over.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
