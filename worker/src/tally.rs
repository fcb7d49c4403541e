//! Executions, counted and timed.

use std::time::{Duration, Instant};

use metrics::{counter, histogram};
use platform::metrics::name;

use crate::execution::Execution;
use crate::outcome::{Outcome, Setback};
use crate::stop::StopReason;

/// An execution came to its end.
pub(crate) fn ended(outcome: &Outcome<()>, took: Duration) {
    let outcome = match outcome {
        Ok(()) => "converted",
        Err(Setback::Reject(_)) => "rejected",
        Err(Setback::Retry(_)) => "put_off",
        Err(Setback::Crashed(_)) => "crashed",
        Err(Setback::Stopped(StopReason::Cancelled)) => "cancelled",
        Err(Setback::Stopped(StopReason::Timeout)) => "timeout",
        Err(Setback::Stopped(StopReason::Shutdown)) => "shutdown",
        Err(Setback::Stopped(StopReason::Lost)) => "lost",
    };
    counter!(name::CONVERSIONS, "outcome" => outcome).increment(1);
    histogram!(name::CONVERSION_SECONDS, "outcome" => outcome).record(took);
}

/// The converter has read the whole log since `began`.
pub(crate) fn converted(execution: &Execution, began: Instant) {
    let (seconds, progress) = (began.elapsed().as_secs_f64(), execution.tracker.now());
    if seconds > 0.0 {
        histogram!(name::CONVERSION_FRAMES_PER_SECOND).record(progress.frames as f64 / seconds);
        histogram!(name::CONVERSION_BYTES_PER_SECOND).record(progress.bytes as f64 / seconds);
    }
}

/// So many bytes of a conversion are stored.
pub(crate) fn stored(bytes: u64) {
    counter!(name::STORED_BYTES, "what" => "conversion").increment(bytes);
}
