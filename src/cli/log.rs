//! The process's log: one line an event on standard error, as text for people or as JSON; and, when a collector
//! is named, its traces.

use std::io::{self, IsTerminal, Write};
use std::panic::{self, PanicHookInfo};

use miette::{IntoDiagnostic, Report, Result, WrapErr, miette};
use platform::config::Config;
use platform::config::log::LogFormat;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::traces::{self, Traces};

/// Starts logging and tracing as configured. What is returned delivers the last traces when it is dropped.
///
/// # Errors
/// When `DATAVIEWER_LOG` is no filter, or the traces cannot be set up.
pub(crate) fn start(config: &Config) -> Result<Traces> {
    let filter = EnvFilter::try_new(&config.log.filter).into_diagnostic().wrap_err("DATAVIEWER_LOG")?;
    let traces = Traces::start(config.traces.as_ref())?;
    let lines = lines(config.log.format).with_filter(filter);
    let started = tracing_subscriber::registry().with(lines).with(traces::layer(&traces)).try_init();
    started.map_err(|error| miette!("the log cannot be started: {error}"))?;
    if config.log.format == LogFormat::Json {
        panic::set_hook(Box::new(tell_panic));
    }
    Ok(traces)
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}

/// A panic is a line like any other: a reader of JSON would choke on the usual text.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("a panic without a text");
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "panic: {what}");
}

/// The last word of a process that failed, in the form of its log.
pub(crate) fn last_word(report: &Report, format: LogFormat) {
    let told = match format {
        LogFormat::Text => writeln!(io::stderr(), "{report:?}"),
        LogFormat::Json => {
            let causes: Vec<String> = report.chain().map(ToString::to_string).collect();
            let line = serde_json::json!({
                "timestamp": jiff::Timestamp::now().to_string(),
                "level": "ERROR",
                "target": "dataviewer",
                "message": causes.join(": "),
            });
            writeln!(io::stderr(), "{line}")
        }
    };
    // Without a reader there is nobody to tell.
    let _ = told;
}
