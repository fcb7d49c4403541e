//! The one binary of the Data Viewer API: picks a role and hands over.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Fails only when somebody installed one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::Cli::parse().run()
}
