//! Rows of one message while they wait for their row group, and how they become columns.

use super::{Coder, ColumnValues, MAX_ROWS, Scale};
use crate::dbc::{Fit, MessagePlan, Row};
use crate::frame::Micros;

/// Frames of one message, undecoded: decoding a column at a time is several times faster than a row.
#[derive(Debug)]
pub(crate) struct FrameRows {
    pub(crate) times: Vec<Micros>,
    /// `STRIDE` bytes a row, zeros behind a shorter payload.
    payload: Payload,
    lengths: Vec<u8>,
    /// Every row holds every signal.
    whole: bool,
}

#[derive(Debug)]
enum Payload {
    /// Of messages whose signals all lie in the first eight bytes.
    Words(Vec<[u8; 8]>),
    /// Of any other.
    Long(Vec<[u8; 64]>),
}

/// Decoded rows of one message.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// When each row's frame was stamped.
    pub(crate) times: Vec<Micros>,
    /// A column a signal.
    pub(crate) columns: Vec<ColumnValues>,
    /// Rows without one readable signal, left out.
    pub(crate) unusable: u64,
    /// Rows too short for some of their signals.
    pub(crate) short: u64,
    /// The times of the first of them.
    pub(crate) short_times: Vec<Micros>,
}

/// Rows of a log that was decoded elsewhere.
#[derive(Debug, Default)]
pub(crate) struct ValueRows {
    pub(crate) times: Vec<Micros>,
    columns: Vec<RawColumn>,
}

/// Samples of a column before they are coded.
#[derive(Clone, Debug, Default)]
struct RawColumn {
    rows: Vec<u32>,
    raw: Vec<u64>,
}

/// Rows kept as examples of a problem.
pub(crate) const EXAMPLES: usize = 100;

impl FrameRows {
    /// Room for `capacity` rows of a message.
    pub(crate) fn new(plan: &MessagePlan, capacity: usize) -> Self {
        let payload = if plan.is_in_words() {
            Payload::Words(Vec::with_capacity(capacity))
        } else {
            Payload::Long(Vec::with_capacity(capacity))
        };
        let (times, lengths) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        Self { times, payload, lengths, whole: true }
    }

    /// Most rows before a table of them grows too large.
    pub(crate) fn most(signals: usize) -> usize {
        ((1 << 22) / signals.max(1)).clamp(1_024, MAX_ROWS)
    }

    /// Bytes that one row takes while it waits.
    pub(crate) fn row_bytes(&self) -> usize {
        match self.payload {
            Payload::Words(_) => 8 + 1 + 8,
            Payload::Long(_) => 8 + 1 + 64,
        }
    }

    /// Takes a frame.
    #[inline]
    pub(crate) fn push(&mut self, time: Micros, data: &[u8], plan: &MessagePlan) {
        self.times.push(time);
        self.lengths.push(data.len() as u8);
        self.whole &= data.len() >= plan.whole();
        match &mut self.payload {
            Payload::Words(words) => words.push(data.first_chunk().copied().unwrap_or_else(|| padded(data))),
            Payload::Long(long) => long.push(padded(data)),
        }
    }

    /// Decodes the rows.
    pub(crate) fn decode(self, plan: &MessagePlan, coder: &mut Coder) -> Table {
        match &self.payload {
            Payload::Words(words) if self.whole => {
                let mut raw = Vec::with_capacity(words.len());
                let columns = plan.signals.iter().enumerate().map(|(at, signal)| {
                    raw.clear();
                    plan.extract_column(at, words, &mut raw);
                    ColumnValues { rows: None, cells: coder.cells(&mut raw, Scale::Signal(signal)) }
                });
                Table { columns: columns.collect(), times: self.times, ..Table::default() }
            }
            _ => self.decode_rows(plan, coder),
        }
    }

    /// The way for short, long and multiplexed frames.
    fn decode_rows(self, plan: &MessagePlan, coder: &mut Coder) -> Table {
        let mut table = Table::default();
        let mut columns = vec![RawColumn::default(); plan.signals.len()];
        let mut row = Row::default();
        for (at, time) in self.times.iter().enumerate() {
            let fit = plan.extract(self.data(at), &mut row);
            if fit == Fit::Nothing {
                table.unusable += 1;
                continue;
            }
            if fit == Fit::Short {
                table.short += 1;
                if table.short_times.len() < EXAMPLES {
                    table.short_times.push(*time);
                }
            }
            let index = table.times.len() as u32;
            table.times.push(*time);
            for (signal, column) in columns.iter_mut().enumerate() {
                if row.has(signal) {
                    column.push(index, row.raw[signal]);
                }
            }
        }
        let rows = table.times.len();
        let coded = columns.into_iter().zip(&plan.signals);
        table.columns =
            coded.map(|(column, signal)| column.cells(rows, coder, Scale::Signal(signal))).collect();
        table
    }

    fn data(&self, row: usize) -> &[u8] {
        let length = usize::from(self.lengths[row]);
        match &self.payload {
            Payload::Words(words) => &words[row][..length.min(8)],
            Payload::Long(long) => &long[row][..length.min(64)],
        }
    }
}

impl ValueRows {
    /// No row yet, of so many signals.
    pub(crate) fn new(signals: usize) -> Self {
        Self { times: Vec::new(), columns: vec![RawColumn::default(); signals] }
    }

    /// Opens a row.
    pub(crate) fn open(&mut self, time: Micros) {
        self.times.push(time);
    }

    /// Puts a value into the open row, where the signal has none yet.
    pub(crate) fn push(&mut self, signal: usize, value: f64) {
        let row = self.times.len().saturating_sub(1) as u32;
        debug_assert!(self.columns[signal].rows.last().is_none_or(|last| *last < row));
        self.columns[signal].push(row, value.to_bits());
    }

    /// Codes the columns.
    pub(crate) fn decode(self, coder: &mut Coder) -> Table {
        let rows = self.times.len();
        let columns = self.columns.into_iter().map(|column| column.cells(rows, coder, Scale::Bits));
        Table { columns: columns.collect(), times: self.times, ..Table::default() }
    }
}

impl RawColumn {
    #[inline]
    fn push(&mut self, row: u32, raw: u64) {
        self.rows.push(row);
        self.raw.push(raw);
    }

    fn cells(mut self, rows: usize, coder: &mut Coder, scale: Scale) -> ColumnValues {
        let cells = coder.cells(&mut self.raw, scale);
        ColumnValues { rows: (self.rows.len() < rows).then_some(self.rows), cells }
    }
}

fn padded<const N: usize>(data: &[u8]) -> [u8; N] {
    let mut padded = [0; N];
    let length = data.len().min(N);
    padded[..length].copy_from_slice(&data[..length]);
    padded
}
