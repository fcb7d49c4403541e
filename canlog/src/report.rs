//! `report.json`: what was read, what was skipped, and why. Every line of a log is accounted for here.

use serde::{Deserialize, Serialize};

use crate::frame::Micros;

/// The content of `report.json`.
///
/// `frames.read = frames.decoded + frames.unknown_id + frames.skipped.total()`; bad lines are apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The log's format as sniffed.
    pub format: String,
    /// Bytes of the log.
    pub bytes: u64,
    /// Lines of the log (0 for a binary format).
    pub lines: u64,
    /// Lines that were no frame, header, comment or empty line.
    pub bad_lines: u64,
    /// Frames by what became of them.
    pub frames: FrameCounts,
    /// Values written, over all signals.
    pub samples: u64,
    /// Steps back in time, from one frame to the next in file order.
    pub back_steps: u64,
    /// Where the times come from.
    pub time_source: TimeSource,
    /// Microseconds that were added to the log's own times; null when they were taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_shift: Option<Micros>,
    /// Time of the earliest frame.
    pub start: Option<Micros>,
    /// Time of the latest frame.
    pub end: Option<Micros>,
    /// Ids that no DBC knows, most frequent first, at most 100.
    pub unknown_ids: Vec<UnknownId>,
    /// What deserves the user's attention, one entry a code.
    pub problems: Vec<Problem>,
}

/// Frames by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameCounts {
    /// All frames of the log.
    pub read: u64,
    /// Frames of a known message (each is a row, also a short one).
    pub decoded: u64,
    /// Frames whose id no DBC knows.
    pub unknown_id: u64,
    /// Frames that carry no values.
    pub skipped: SkippedFrames,
}

/// Frames that carry no values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedFrames {
    /// Error frames.
    pub error: u64,
    /// Remote requests.
    pub remote: u64,
    /// Known messages of which not one signal could be read.
    pub unusable: u64,
}

impl SkippedFrames {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.error + self.remote + self.unusable
    }
}

/// Where a run's times come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimeSource {
    /// The logger's clock.
    #[default]
    Rtc,
    /// No clock was set: times count from the run's own zero, stored from 1970-01-01.
    Relative,
    /// Set by a person afterwards.
    User,
}

/// An id that no DBC knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownId {
    /// The wire; null where the format has none.
    pub bus: Option<String>,
    /// The id without flag bits.
    pub frame_id: u32,
    /// Whether it is of the 29-bit kind.
    pub extended: bool,
    /// How many frames carried it.
    pub frames: u64,
}

/// What deserves the user's attention in a run that is READY all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it is.
    pub code: ProblemCode,
    /// How often it occurred.
    pub count: u64,
    /// The first 100.
    pub samples: Vec<ProblemSample>,
}

/// One occurrence of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemSample {
    /// Line number, from 1, in a line format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset, from 0, in a binary format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_offset: Option<u64>,
    /// The text there, at most 200 characters, control characters replaced.
    pub text: String,
    /// What was expected.
    pub reason: String,
}

/// The closed set of problem codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProblemCode {
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
    /// Frames stamped as the one before them of the same bus and id.
    DuplicateFrames,
    /// Text that was neither UTF-8 nor CP1252 as it should be.
    EncodingReplaced,
}
