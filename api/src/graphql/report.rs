//! `ConversionReport`: what was read of a log, what was skipped, and why.

use async_graphql::{Enum, Object, SimpleObject};
use canlog::report::{Problem, ProblemSample, Report, UnknownId};

use super::{
    run_time::seconds,
    scalar::{DateTime, Int64},
};

/// What was read of a log.
#[derive(Clone, Debug)]
pub(crate) struct ConversionReport(pub(crate) Report);

/// What was read of a log, what was skipped, and why: every line is accounted for.
/// `frames.read = frames.decoded + frames.unknownId + frames.skipped`; bad lines are apart.
#[Object]
impl ConversionReport {
    /// The log's format as recognised by its bytes, e.g. `candump`.
    async fn format(&self) -> &str {
        &self.0.format
    }

    /// Bytes of the log.
    async fn bytes(&self) -> Int64 {
        self.0.bytes.into()
    }

    /// Lines of the log; 0 for a binary format.
    async fn lines(&self) -> Int64 {
        self.0.lines.into()
    }

    /// Lines that were no frame, header, comment or empty line.
    async fn bad_lines(&self) -> Int64 {
        self.0.bad_lines.into()
    }

    /// Frames by what became of them.
    async fn frames(&self) -> FrameCounts {
        let (frames, skipped) = (self.0.frames, self.0.frames.skipped);
        FrameCounts {
            read: frames.read.into(),
            decoded: frames.decoded.into(),
            unknown_id: frames.unknown_id.into(),
            skipped: skipped.total().into(),
            skipped_error: skipped.error.into(),
            skipped_remote: skipped.remote.into(),
            skipped_unusable: skipped.unusable.into(),
        }
    }

    /// Values written, over all signals.
    async fn samples(&self) -> Int64 {
        self.0.samples.into()
    }

    /// Steps back in time from one frame to the next. The frames stay at their recorded times.
    async fn back_steps(&self) -> Int64 {
        self.0.back_steps.into()
    }

    /// Where the times come from.
    async fn time_source(&self) -> TimeSource {
        self.0.time_source.into()
    }

    /// Seconds that were added to the log's own times; null when they were taken as they are.
    async fn time_shift(&self) -> Option<f64> {
        self.0.time_shift.map(seconds)
    }

    /// Time of the earliest frame.
    async fn start(&self) -> Option<DateTime> {
        self.0.start.map(DateTime)
    }

    /// Time of the latest frame.
    async fn end(&self) -> Option<DateTime> {
        self.0.end.map(DateTime)
    }

    /// Ids that no DBC knows, most frequent first, at most 100.
    async fn unknown_ids(&self) -> Vec<UnknownFrameId> {
        self.0.unknown_ids.iter().map(UnknownFrameId::from).collect()
    }

    /// What deserves attention, one entry a code.
    async fn problems(&self) -> Vec<ConversionProblem> {
        self.0.problems.iter().map(ConversionProblem::from).collect()
    }
}

/// Frames by what became of them.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct FrameCounts {
    /// All frames of the log.
    read: Int64,
    /// Frames of a known message: each is a row of its file, also a short one.
    decoded: Int64,
    /// Frames whose id no DBC knows.
    unknown_id: Int64,
    /// Frames that carry no values: the three below.
    skipped: Int64,
    /// Error frames.
    skipped_error: Int64,
    /// Remote requests.
    skipped_remote: Int64,
    /// Frames of a known message of which not one signal could be read.
    skipped_unusable: Int64,
}

/// An id that no DBC knows.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct UnknownFrameId {
    /// The bus in the log's own text; null where the format has none.
    bus: Option<String>,
    /// The id without flag bits.
    frame_id: u32,
    /// Whether it is of the 29-bit kind.
    extended: bool,
    /// How many frames carried it.
    frames: Int64,
}

impl From<&UnknownId> for UnknownFrameId {
    fn from(id: &UnknownId) -> Self {
        Self { bus: id.bus.clone(), frame_id: id.frame_id, extended: id.extended, frames: id.frames.into() }
    }
}

/// Something that deserves attention in a run that can be read all the same.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ConversionProblem {
    /// What it is.
    code: ConversionProblemCode,
    /// How often it occurred.
    count: Int64,
    /// The first 100.
    samples: Vec<ConversionProblemSample>,
}

impl From<&Problem> for ConversionProblem {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.into(),
            count: problem.count.into(),
            samples: problem.samples.iter().map(ConversionProblemSample::from).collect(),
        }
    }
}

/// One occurrence of a problem.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ConversionProblemSample {
    /// Line number, from 1, in a line format.
    line: Option<Int64>,
    /// Byte offset, from 0, in a binary format.
    byte_offset: Option<Int64>,
    /// The text there, at most 200 characters.
    text: String,
    /// What was expected.
    reason: String,
}

impl From<&ProblemSample> for ConversionProblemSample {
    fn from(sample: &ProblemSample) -> Self {
        Self {
            line: sample.line.map(Int64::from),
            byte_offset: sample.byte_offset.map(Int64::from),
            text: sample.text.clone(),
            reason: sample.reason.clone(),
        }
    }
}

/// Where a run's times come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "canlog::report::TimeSource")]
pub(crate) enum TimeSource {
    /// The logger's clock.
    Rtc,
    /// No clock was set: times count from the run's own zero, shown from 1970-01-01.
    Relative,
    /// Set by a person afterwards.
    User,
}

impl TimeSource {
    /// By the word in the tables.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "RELATIVE" => Self::Relative,
            "USER" => Self::User,
            _ => Self::Rtc,
        }
    }
}

/// What can be wrong with a log that can be read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "canlog::report::ProblemCode")]
pub(crate) enum ConversionProblemCode {
    /// Lines that are no frame.
    BadLines,
    /// The log ends in the middle of a record.
    TruncatedInput,
    /// More than one format fits the beginning of the log.
    AmbiguousFormat,
    /// Two DBCs, or two messages of one, claim the same frame.
    DbcConflict,
    /// Frames too short for some of their signals.
    SignalOutOfPayload,
    /// The logger's clock was never set.
    TimeUnset,
    /// A frame is stamped earlier than the one before it.
    TimeBackwards,
    /// A jump forward of more than an hour.
    TimeGap,
    /// A stamp that no calendar has, or outside 1970 to 2262.
    TimeRange,
    /// Frames of one id with equal time and payload.
    DuplicateFrames,
    /// Text that was neither UTF-8 nor CP1252 as it should be.
    EncodingReplaced,
}
