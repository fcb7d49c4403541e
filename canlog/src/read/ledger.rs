//! What every line reader keeps over a whole log: names, times, problems, and how it hands on a frame.

use crate::frame::{Batch, BusIndex, Frame, FrameKind, IdKind, Micros, Names};
use crate::report::ProblemCode;

use super::buses::Buses;
use super::line::LineKind;
use super::problems::{BadLine, Problems};
use super::timeline::Timeline;

/// The id bits of a frame id as SocketCAN writes it; the three above are flags.
const ID_MASK: u32 = 0x1FFF_FFFF;
const ERROR_FLAG: u32 = 0x2000_0000;
const REMOTE_FLAG: u32 = 0x4000_0000;
const EXTENDED_FLAG: u32 = 0x8000_0000;

/// Slots of the table of last payload lengths.
const LENGTH_SLOTS: usize = 4_096;

/// What a frame's id says.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// The id without flag bits.
    pub(super) id: u32,
    /// What the log says about the id.
    pub(super) id_kind: IdKind,
    /// Data, remote or error.
    pub(super) kind: FrameKind,
}

impl Head {
    /// From an id with SocketCAN's flag bits; `id_kind` where they do not say it.
    #[inline]
    pub(super) fn new(raw: u32, id_kind: IdKind) -> Self {
        if raw <= ID_MASK {
            return Self { id: raw, id_kind, kind: FrameKind::Data };
        }
        let kind = match raw {
            _ if raw & ERROR_FLAG != 0 => FrameKind::Error,
            _ if raw & REMOTE_FLAG != 0 => FrameKind::Remote,
            _ => FrameKind::Data,
        };
        let id_kind = if raw & EXTENDED_FLAG != 0 { IdKind::Extended } else { id_kind };
        Self { id: raw & ID_MASK, id_kind, kind }
    }
}

/// One frame as a line gives it.
pub(super) struct Row<'a> {
    /// When the logger stamped it.
    pub(super) time: Micros,
    /// The wire, where the format names one.
    pub(super) bus: Option<BusIndex>,
    /// The id and what it says.
    pub(super) head: Head,
    /// The payload.
    pub(super) payload: &'a [u8],
}

/// The state all line readers share.
pub(super) struct Ledger {
    /// Names met so far.
    pub(super) names: Names,
    /// Finds the wire by its name.
    pub(super) buses: Buses,
    /// The times so far.
    pub(super) timeline: Timeline,
    /// The problems so far.
    pub(super) problems: Problems,
    /// Lines that were no frame.
    pub(super) bad_lines: u64,
    /// Lines understood: frames, values, headers.
    pub(super) understood: u64,
    line: u64,
    line_kind: LineKind,
    lengths: Box<[u8; LENGTH_SLOTS]>,
}

impl Ledger {
    /// At the beginning of a log.
    pub(super) fn new(max_buses: usize) -> Self {
        Self {
            names: Names::default(),
            buses: Buses::new(max_buses),
            timeline: Timeline::default(),
            problems: Problems::default(),
            bad_lines: 0,
            understood: 0,
            line: 0,
            line_kind: LineKind::Whole,
            lengths: Box::new([u8::MAX; LENGTH_SLOTS]),
        }
    }

    /// Goes on to the line of this number.
    #[inline]
    pub(super) fn turn_to(&mut self, line: u64, kind: LineKind) {
        self.line = line;
        self.line_kind = kind;
    }

    /// Whether the log ends in this line without a line end.
    #[inline]
    pub(super) fn unterminated(&self) -> bool {
        self.line_kind == LineKind::Unterminated
    }

    /// Hands on the frame of the line `text`.
    #[inline]
    pub(super) fn frame(&mut self, text: &[u8], row: &Row<'_>, batch: &mut Batch) {
        let Head { id, id_kind, kind } = row.head;
        self.stamp(row.time, text);
        self.understood += 1;
        let payload = if kind == FrameKind::Data { row.payload } else { &[] };
        let (offset, len) = (batch.payload.len() as u32, payload.len() as u8);
        self.lengths[slot(id)] = len;
        batch.payload.extend_from_slice(payload);
        batch.frames.push(Frame { time: row.time, id, offset, len, id_kind, kind, bus: row.bus });
    }

    /// Takes in a time.
    #[inline]
    pub(super) fn stamp(&mut self, time: Micros, text: &[u8]) {
        if self.timeline.advance(time) {
            self.irregular(time, text);
        }
    }

    /// Refuses the last line of a log when it may be cut: it has no line end, and its payload is shorter
    /// than the last one of its id (than 8 bytes when the id is new).
    #[inline]
    pub(super) fn check_whole(&self, head: Head, len: usize) -> Result<(), BadLine> {
        if !self.unterminated() || head.kind != FrameKind::Data {
            return Ok(());
        }
        let needed = match self.lengths[slot(head.id)] {
            u8::MAX => 8,
            known => usize::from(known),
        };
        if len < needed {
            return Err(BadLine::truncated("the log ends within this row"));
        }
        Ok(())
    }

    /// Notes what is irregular about a stamp.
    #[cold]
    fn irregular(&mut self, time: Micros, text: &[u8]) {
        for event in self.timeline.irregular(time) {
            self.note(event.code, text, || event.reason);
        }
    }

    /// Counts a problem of the present line.
    pub(super) fn note(&mut self, code: ProblemCode, text: &[u8], reason: impl FnOnce() -> String) {
        self.problems.add(code, self.line, text, reason);
    }

    /// Counts the present line as bad.
    #[cold]
    pub(super) fn refuse(&mut self, text: &[u8], bad: BadLine) {
        self.bad_lines += 1;
        let bad = match bad.code {
            ProblemCode::BadLines if self.unterminated() => BadLine::truncated(bad.reason),
            _ => bad,
        };
        self.note(bad.code, text, || bad.reason.to_owned());
    }
}

#[inline]
fn slot(id: u32) -> usize {
    (id ^ (id >> 12)) as usize % LENGTH_SLOTS
}
