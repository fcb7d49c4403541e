//! The table of what was tried: `deploy/faults.sh` gathers its rows.

use std::io::{self, Write};
use std::time::Duration;

/// Whether the long form was asked for: counts on demand instead of those of every change.
pub(crate) fn long() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a knob of these tests alone")]
    std::env::var("DATAVIEWER_FAULTS").is_ok_and(|form| form == "long")
}

/// `short`, or `on_demand` in the long form.
pub(crate) fn count(short: usize, on_demand: usize) -> usize {
    if long() { on_demand } else { short }
}

/// A row: the test's id, what was done to what, what came of it.
pub(crate) fn row(id: &str, done: &str, outcome: &str) {
    // Past the capture of output: the rows of tests that pass are what the table is made of.
    let _ = writeln!(io::stdout(), "\nFAULTS | {id} | {done} | {outcome} |");
}

/// Of many times: the median, the 99th of a hundred, the longest.
pub(crate) fn spread(times: &[Duration]) -> String {
    let mut times = times.to_vec();
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    format!("p50 {:.0?}, p99 {:.0?}, max {:.0?} (n = {})", at(0.5), at(0.99), at(1.0), times.len())
}
