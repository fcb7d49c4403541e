//! Logs into frames: a state machine over bytes, in chunks of any size, in bounded memory.
//!
//! No line ends a log. What is no frame is counted, and the first ones of a kind are kept with their line
//! number, text and what was expected.

mod buses;
mod candump;
pub(crate) mod candump_text;
mod clock;
mod decoded_csv;
mod decoded_names;
mod digits;
mod elapsed_csv;
mod fields;
mod ledger;
mod line;
mod problems;
mod run_on_csv;
mod stamp;
pub(crate) mod team_csv;
mod timeline;

use jiff::tz::TimeZone;

use crate::format::Format;
use crate::frame::{Batch, Micros, Names};
use crate::report::{Problem, ProblemCode, TimeSource};

use candump::Candump;
use candump_text::CandumpText;
use clock::LocalClock;
use decoded_csv::DecodedCsv;
use elapsed_csv::ElapsedCsv;
use ledger::Ledger;
use line::{LineKind, Lines};
use problems::BadLine;
use run_on_csv::RunOnCsv;
use team_csv::TeamCsv;
pub(crate) use timeline::MAX_TIME;
pub use timeline::YEAR_2000;

/// Bytes of a line kept as a sample of a problem.
const SAMPLE_BYTES: usize = 200;

/// How to read a log, and how much a log may ask for.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The zone of a logger with a local clock; stamps since the epoch do not ask for it.
    pub time_zone: TimeZone,
    /// A longer line is a bad line. A caller's buffer must be able to hold more bytes than this.
    pub max_line_bytes: usize,
    /// Interfaces (`can0` …) of one log; a frame of a further one is a bad line. At most 65,536.
    pub max_buses: usize,
    /// Signals of an already decoded log; a value of a further one is a bad line.
    pub max_signals: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { time_zone: TimeZone::UTC, max_line_bytes: 64 * 1024, max_buses: 1_024, max_signals: 100_000 }
    }
}

/// What was read, apart from the frames themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadReport {
    /// Lines of the log.
    pub lines: u64,
    /// Lines that were no frame, value, header, comment or empty line.
    pub bad_lines: u64,
    /// Steps back in time, from one frame to the next in file order.
    pub back_steps: u64,
    /// Where the times come from.
    pub time_source: TimeSource,
    /// Time of the earliest frame; null without frames.
    pub start: Option<Micros>,
    /// Time of the latest frame.
    pub end: Option<Micros>,
    /// One entry a code.
    pub problems: Vec<Problem>,
}

/// Reads one log.
pub struct Reader {
    lines: Lines,
    ledger: Ledger,
    rows: Rows,
}

/// The readers, one a format.
enum Rows {
    TeamCsv(TeamCsv),
    ElapsedCsv(ElapsedCsv),
    RunOnCsv(RunOnCsv),
    DecodedCsv(DecodedCsv),
    Candump(Candump),
    CandumpText(CandumpText),
}

impl Reader {
    /// A reader for a log in `format`; `also` are the other formats that its beginning fits.
    #[must_use]
    pub fn new(format: Format, also: &[Format], options: &ReadOptions) -> Self {
        let mut ledger = Ledger::new(options.max_buses);
        if !also.is_empty() {
            let others: Vec<_> = also.iter().map(|other| other.name()).collect();
            ledger.note(ProblemCode::AmbiguousFormat, b"", || {
                format!("read as {}; some lines are {}", format.name(), others.join(", "))
            });
        }
        let clock = LocalClock::new(options.time_zone.clone());
        let rows = match format {
            Format::TeamCsv => Rows::TeamCsv(TeamCsv::new(clock)),
            Format::ElapsedCsv => Rows::ElapsedCsv(ElapsedCsv::new()),
            Format::RunOnCsv => Rows::RunOnCsv(RunOnCsv::new()),
            Format::DecodedCsv => Rows::DecodedCsv(DecodedCsv::new(clock, options.max_signals)),
            Format::Candump => Rows::Candump(Candump::new(clock)),
            Format::CandumpText => Rows::CandumpText(CandumpText::new(clock, false)),
            Format::CandumpTextDelta => Rows::CandumpText(CandumpText::new(clock, true)),
        };
        Self { lines: Lines::new(options.max_line_bytes), ledger, rows }
    }

    /// Reads the whole records of `bytes`, the log's next bytes, and appends what they hold to `batch`.
    ///
    /// Returns the bytes used: up to the end of the last whole record, all of them when `last`. The rest
    /// must come again at the beginning of the next call, with more after it. More than
    /// [`ReadOptions::max_line_bytes`] bytes are never returned unused. How a log is cut into calls makes
    /// no difference to what is read.
    pub fn read(&mut self, bytes: &[u8], last: bool, batch: &mut Batch) -> usize {
        let Self { lines, ledger, rows } = self;
        let chunk = (bytes, last);
        match rows {
            Rows::TeamCsv(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
            Rows::ElapsedCsv(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
            Rows::RunOnCsv(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
            Rows::DecodedCsv(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
            Rows::Candump(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
            Rows::CandumpText(rows) => {
                each_line(lines, ledger, chunk, |text, ledger| rows.line(text, ledger, batch))
            }
        }
    }

    /// Names met so far.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.ledger.names
    }

    /// Earliest and latest time so far.
    pub(crate) fn span(&self) -> Option<(Micros, Micros)> {
        self.ledger.timeline.span()
    }

    /// Problems met so far.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.ledger.problems.count()
    }

    /// Lines understood so far: frames, values, headers.
    pub(crate) fn understood(&self) -> u64 {
        self.ledger.understood
    }

    /// What was read. Call it after the last [`Reader::read`].
    #[must_use]
    pub fn finish(self) -> ReadReport {
        let Ledger { timeline, problems, bad_lines, .. } = self.ledger;
        ReadReport {
            lines: self.lines.count(),
            bad_lines,
            back_steps: timeline.back_steps(),
            time_source: timeline.source(),
            start: timeline.span().map(|(start, _)| start),
            end: timeline.span().map(|(_, end)| end),
            problems: problems.into_vec(),
        }
    }
}

/// Hands each line of a chunk to `row`; what it cannot read is passed over when empty or a comment, and
/// counted otherwise.
#[inline]
fn each_line(
    lines: &mut Lines,
    ledger: &mut Ledger,
    (bytes, last): (&[u8], bool),
    mut row: impl FnMut(&[u8], &mut Ledger) -> Result<(), BadLine>,
) -> usize {
    let mut at = 0;
    while let Some(line) = lines.next(bytes, &mut at, last) {
        ledger.turn_to(line.number, line.kind);
        if line.kind == LineKind::TooLong {
            ledger.refuse(line.text, BadLine::new("longer than a line may be"));
            continue;
        }
        let text = if line.number == 1 { without_mark(line.text) } else { line.text };
        if let Err(bad) = row(text, ledger)
            && !is_quiet(text)
        {
            ledger.refuse(text, bad);
        }
    }
    at
}

/// Without UTF-8's byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Empty, or a comment.
fn is_quiet(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), None | Some(b'#'))
}
