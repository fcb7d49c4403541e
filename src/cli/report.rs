//! How a conversion tells the one who started it: JSON lines for a program, a bar for a person.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use canlog::convert::Converted;
use canlog::failure::Failure;
use canlog::progress::{ConvertLine, Progress};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle as BarStyle};

/// Lines a second are limited by this; a reader has no use for more.
const INTERVAL: Duration = Duration::from_millis(100);

/// Who is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// A program.
    Json,
    /// A person.
    #[default]
    Bar,
}

/// Tells how far a conversion is and how it ended.
pub(crate) struct Reporter {
    bar: Option<ProgressBar>,
    latest: Progress,
    told: Option<Instant>,
}

impl Reporter {
    pub(crate) fn new(style: ProgressStyle) -> Self {
        let bar = (style == ProgressStyle::Bar).then(|| {
            let shape = "{wide_bar} {percent:>3} % {binary_bytes_per_sec:>12} {eta:>4}";
            ProgressBar::new(0)
                .with_style(BarStyle::with_template(shape).unwrap_or_else(|_| BarStyle::default_bar()))
        });
        Self { bar, latest: Progress::default(), told: None }
    }

    pub(crate) fn progress(&mut self, at: Progress) {
        self.latest = at;
        if self.told.is_some_and(|told| told.elapsed() < INTERVAL) {
            return;
        }
        self.told = Some(Instant::now());
        match &self.bar {
            Some(bar) => {
                bar.set_length(at.total);
                bar.set_position(at.bytes);
            }
            None => print(&ConvertLine::Progress(at)),
        }
    }

    pub(crate) fn done(&self, converted: &Converted, out: &Path) {
        let Some(bar) = &self.bar else {
            return print(&ConvertLine::Done(Progress { bytes: self.latest.total, ..self.latest }));
        };
        bar.finish_and_clear();
        let report = &converted.report;
        say(&format!(
            "{}: {} frames read, {} decoded, {} of unknown id, {} skipped, {} bad lines; \
             {} samples in {} messages written to {}",
            report.format,
            report.frames.read,
            report.frames.decoded,
            report.frames.unknown_id,
            report.frames.skipped.total(),
            report.bad_lines,
            report.samples,
            converted.manifest.messages.len(),
            out.display(),
        ));
    }

    /// Nothing can be made of the log.
    pub(crate) fn failed(&self, failure: &Failure) {
        let Some(bar) = &self.bar else { return print(&ConvertLine::Failed(failure.clone())) };
        bar.finish_and_clear();
        let line = failure.line.map(|line| format!(" (line {line})")).unwrap_or_default();
        say(&format!("error: {}{line}", failure.message));
        if let Some(hint) = &failure.hint {
            say(&format!("hint: {hint}"));
        }
    }

    /// The command could not do its work; says so on standard error in both styles.
    pub(crate) fn refused(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        say(&format!("error: {text}"));
    }
}

/// One line on standard output. Without a reader there is nobody to tell, and no reason to stop.
fn print(line: &ConvertLine) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(&text).and_then(|()| stdout.flush());
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
