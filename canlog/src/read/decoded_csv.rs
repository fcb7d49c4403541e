//! Logs that another tool decoded: `timestamp[,datetime],sender,msg_name,sig_name,sig_val,units`, one value a
//! row. Rows in a row with equal time, sender and message are one record.

use crate::frame::{Batch, DecodedValue, Micros};

use super::clock::LocalClock;
use super::decoded_names::{DecodedNames, Place, ValueRow};
use super::digits::milliseconds;
use super::fields;
use super::ledger::Ledger;
use super::problems::BadLine;
use super::stamp;

/// Columns that a row may have.
const MAX_COLUMNS: usize = 16;

/// Reads already decoded values.
pub(super) struct DecodedCsv {
    columns: Option<Columns>,
    clock: LocalClock,
    names: DecodedNames,
    record: Record,
}

#[derive(Clone, Copy)]
struct Columns {
    count: usize,
    timestamp: usize,
    date_time: Option<usize>,
    sender: Option<usize>,
    message: usize,
    signal: usize,
    value: usize,
    unit: Option<usize>,
}

/// The record that the rows before belong to, and which record each signal was last seen in.
#[derive(Default)]
struct Record {
    number: u64,
    key: Option<(Micros, u32)>,
    seen: Vec<u64>,
}

impl DecodedCsv {
    /// At the beginning of a log with at most so many signals.
    pub(super) fn new(clock: LocalClock, max_signals: usize) -> Self {
        Self { columns: None, clock, names: DecodedNames::new(max_signals), record: Record::default() }
    }

    /// Reads one line.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        self.row(text, ledger, batch).or_else(|bad| {
            self.columns = Some(fields::look_again(text, bad, ledger, Columns::from_header)?);
            Ok(())
        })
    }

    #[inline]
    fn row(&mut self, text: &[u8], ledger: &mut Ledger, batch: &mut Batch) -> Result<(), BadLine> {
        let columns =
            self.columns.ok_or(BadLine::new("a row before the header timestamp,…,sig_name,sig_val"))?;
        let row = fields::all::<MAX_COLUMNS>(text, columns.count)?.map(fields::bare);
        if ledger.unterminated() && columns.value + 1 == columns.count {
            return Err(BadLine::truncated("the log ends within this value"));
        }
        let time = self.time(&row, columns, ledger)?;
        let optional = |column: Option<usize>| column.map_or(&b""[..], |column| row[column]);
        let (place, value) = self.names.find(
            &ValueRow {
                sender: optional(columns.sender),
                message: row[columns.message],
                signal: row[columns.signal],
                unit: optional(columns.unit),
                value: row[columns.value],
            },
            ledger,
            text,
        )?;
        ledger.stamp(time, text);
        ledger.understood += 1;
        let Place { message, signal } = place;
        let new_record = self.record.opens(time, message, signal);
        batch.values.push(DecodedValue { time, message, signal, value, new_record });
        Ok(())
    }

    /// The date and time where a row has one, else the milliseconds.
    fn time(
        &mut self,
        row: &[&[u8]; MAX_COLUMNS],
        columns: Columns,
        ledger: &mut Ledger,
    ) -> Result<Micros, BadLine> {
        match columns.date_time.map(|column| row[column]) {
            Some(text) if !text.is_empty() => stamp::date_time(text, &mut self.clock, ledger),
            _ => milliseconds(row[columns.timestamp]),
        }
    }
}

impl Columns {
    fn from_header(names: &[String]) -> Option<Self> {
        let place = |name| fields::place(names, name);
        let columns = Self {
            count: names.len(),
            timestamp: place("timestamp")?,
            date_time: place("datetime"),
            sender: place("sender"),
            message: place("msg_name")?,
            signal: place("sig_name")?,
            value: place("sig_val")?,
            unit: place("units"),
        };
        (names.len() <= MAX_COLUMNS).then_some(columns)
    }
}

impl Record {
    /// Whether a value opens a new record: another time or message, or a signal that this one has already.
    #[inline]
    fn opens(&mut self, time: Micros, message: u32, signal: u32) -> bool {
        let place = signal as usize;
        if self.seen.len() <= place {
            self.seen.resize(place + 1, 0);
        }
        let new = self.key != Some((time, message)) || self.seen[place] == self.number;
        self.number += u64::from(new);
        self.key = Some((time, message));
        self.seen[place] = self.number;
        new
    }
}
