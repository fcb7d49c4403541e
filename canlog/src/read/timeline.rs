//! The times of a log in file order: first and last, steps back, gaps, a clock that was never set.

use crate::frame::Micros;
use crate::report::{ProblemCode, TimeSource};

/// 2000-01-01T00:00:00Z; a clock before that was never set.
pub const YEAR_2000: Micros = 946_684_800_000_000;
/// The last microsecond that 64 bits of nanoseconds hold (in the year 2262).
pub(crate) const MAX_TIME: Micros = i64::MAX / 1_000;
/// A jump forward of more than this is a gap.
const GAP: u64 = 3_600_000_000;

/// What is worth saying about one stamp.
pub(super) struct TimeEvent {
    /// What it is.
    pub(super) code: ProblemCode,
    /// What was seen.
    pub(super) reason: String,
}

/// The times met so far.
#[derive(Default)]
pub(super) struct Timeline {
    span: Option<(Micros, Micros)>,
    last: Micros,
    back_steps: u64,
}

impl Timeline {
    /// The time before this one; `None` at the first.
    pub(super) fn last(&self) -> Option<Micros> {
        self.span.map(|_| self.last)
    }

    /// First and last time, whatever their order in the file.
    pub(super) fn span(&self) -> Option<(Micros, Micros)> {
        self.span
    }

    /// Steps back in file order.
    pub(super) fn back_steps(&self) -> u64 {
        self.back_steps
    }

    /// RELATIVE when not one stamp is of a clock that was set.
    pub(super) fn source(&self) -> TimeSource {
        match self.span {
            Some((_, end)) if end < YEAR_2000 => TimeSource::Relative,
            _ => TimeSource::Rtc,
        }
    }

    /// Takes in the next stamp. True when [`Timeline::irregular`] must look at it instead.
    #[inline]
    pub(super) fn advance(&mut self, time: Micros) -> bool {
        let step = time.wrapping_sub(self.last) as u64;
        match &mut self.span {
            Some((_, end)) if step <= GAP => {
                *end = time.max(*end);
                self.last = time;
                false
            }
            _ => true,
        }
    }

    /// Takes in a stamp that is the first, steps back or jumps, and says so.
    #[cold]
    pub(super) fn irregular(&mut self, time: Micros) -> Vec<TimeEvent> {
        let before = self.last();
        let mut events = Vec::new();
        if let Some(before) = before {
            events.push(self.step(before, time));
        }
        if time < YEAR_2000 && before.is_none_or(|before| before >= YEAR_2000) {
            let reason = "the logger's clock was not set: times count from the run's own zero".to_owned();
            events.push(TimeEvent { code: ProblemCode::TimeUnset, reason });
        }
        let (start, end) = self.span.unwrap_or((time, time));
        self.span = Some((start.min(time), end.max(time)));
        self.last = time;
        events
    }

    fn step(&mut self, before: Micros, time: Micros) -> TimeEvent {
        if time < before {
            self.back_steps += 1;
            let reason = format!("{} earlier than the one before", seconds(before - time));
            TimeEvent { code: ProblemCode::TimeBackwards, reason }
        } else {
            let reason = format!("{} later than the one before", seconds(time - before));
            TimeEvent { code: ProblemCode::TimeGap, reason }
        }
    }
}

fn seconds(step: Micros) -> String {
    let (whole, rest) = (step / 1_000_000, step % 1_000_000);
    format!("{whole}.{rest:06} s")
}
