//! From values to messages: the way of a log that was decoded elsewhere. A file's columns must be known
//! before its first row, and such a log names them only as they come: one pass collects the names, a second
//! the values.

use std::sync::Arc;

use super::chunk::Log;
use super::frames::limit;
use super::pool::{Job, Pool, Rows, with_pool};
use super::settle::{Outcome, settle};
use super::target::Target;
use super::{ConvertError, Converted};
use crate::dbc::{Catalog, ValueKind, unique_names};
use crate::failure::FailureCode;
use crate::frame::{Batch, DecodedSignal, DecodedValue, Names};
use crate::manifest::ValueLabel;
use crate::parquet::{Description, FileNames, SignalEntry, Sinks};
use crate::progress::Progress;
use crate::report::FrameCounts;
use crate::table::{FrameRows, ValueRows};

/// Bytes that a value takes while it waits.
const VALUE_BYTES: usize = 12;

/// Converts a log of values.
pub(super) fn convert(
    mut log: Log,
    sinks: &Sinks,
    progress: &mut dyn FnMut(Progress),
) -> Result<Converted, ConvertError> {
    let mut batch = Batch::default();
    while log.next(&mut batch)? {
        progress(halfway(log.progress(0), 0));
    }
    let reader = log.rewind()?;
    let messages = messages(reader.names(), sinks, log.options.limits.signals)?;
    let gathered = with_pool(log.options.threads, sinks, |pool| {
        let mut gathering = Gathering::new(messages, reader.names(), log.options.limits.buffered_bytes);
        while log.next(&mut batch)? {
            gathering.take(&batch.values, pool)?;
            if gathering.records > log.options.limits.rows {
                let text = format!("the log has more than {} rows", log.options.limits.rows);
                return Err(limit(FailureCode::LimitRows, text));
            }
            let at = log.progress(gathering.records);
            progress(halfway(at, at.total));
        }
        gathering.flush_all(pool)?;
        Ok(gathering)
    })?;
    settle(log, gathered.outcome(), &Catalog::new(Vec::new()))
}

/// How far it is, where each of two passes is half of it.
fn halfway(at: Progress, before: u64) -> Progress {
    Progress { bytes: u64::midpoint(at.bytes, before), ..at }
}

/// A message of the log: where its rows go, and those that wait.
struct Message<'a> {
    target: Arc<Target<'a>>,
    rows: ValueRows,
    signals: usize,
    values: usize,
    groups: u64,
}

/// The messages that the first pass met, without a row.
fn messages<'a>(names: &Names, sinks: &'a Sinks<'a>, most: usize) -> Result<Vec<Message<'a>>, ConvertError> {
    if names.signals.len() > most {
        return Err(limit(FailureCode::LimitSignals, format!("the log has more than {most} signals")));
    }
    let mut signals: Vec<Vec<&DecodedSignal>> = vec![Vec::new(); names.messages.len()];
    for signal in &names.signals {
        signals[signal.message as usize].push(signal);
    }
    let mut stems = FileNames::default();
    let of = names.messages.iter().zip(signals);
    of.map(|(message, signals)| {
        let columns = unique_names(&signals.iter().map(|signal| signal.name.as_str()).collect::<Vec<_>>());
        let entries = signals.iter().zip(columns).map(|(signal, name)| entry(signal, name));
        let description =
            Description { bus: None, frame: None, message: message.name.clone(), signals: entries.collect() };
        let stem = stems.give(&description);
        let kinds = vec![ValueKind::Float64; signals.len()];
        let target = Target::new(description, &kinds, stem.clone(), (&[], sinks))
            .map_err(|source| ConvertError::Write { name: stem, source })?;
        let rows = ValueRows::new(signals.len());
        Ok(Message { target: Arc::new(target), rows, signals: signals.len(), values: 0, groups: 0 })
    })
    .collect()
}

fn entry(signal: &DecodedSignal, name: String) -> SignalEntry {
    let label = |(raw, label): (i32, &String)| ValueLabel {
        raw: raw.into(),
        value: Some(raw.into()),
        label: label.clone(),
    };
    let labels = (0..).zip(&signal.labels).map(label);
    let unit = Some(signal.unit.clone()).filter(|unit| !unit.is_empty());
    SignalEntry { name, unit, labels: labels.collect() }
}

/// Gathers values by message.
struct Gathering<'a> {
    messages: Vec<Message<'a>>,
    /// The column of each signal within its message.
    columns: Vec<usize>,
    records: u64,
    waiting_bytes: usize,
    most_bytes: usize,
}

impl<'a> Gathering<'a> {
    fn new(messages: Vec<Message<'a>>, names: &Names, most_bytes: usize) -> Self {
        let mut next = vec![0; messages.len()];
        let columns = names.signals.iter().map(|signal| {
            let next: &mut usize = &mut next[signal.message as usize];
            *next += 1;
            *next - 1
        });
        Self { columns: columns.collect(), messages, records: 0, waiting_bytes: 0, most_bytes }
    }

    fn take(&mut self, values: &[DecodedValue], pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        for value in values {
            let at = value.message as usize;
            if value.new_record {
                self.open(at, value, pool)?;
            }
            let message = &mut self.messages[at];
            message.rows.push(self.columns[value.signal as usize], value.value);
            message.values += 1;
            self.waiting_bytes += VALUE_BYTES;
        }
        Ok(())
    }

    /// Opens a record. Only here rows are handed on: those gathered are whole now.
    fn open(&mut self, at: usize, value: &DecodedValue, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        while self.waiting_bytes > self.most_bytes {
            self.flush_largest(pool)?;
        }
        let message = &self.messages[at];
        if message.rows.times.len() == FrameRows::most(message.signals) {
            self.flush(at, false, pool)?;
        }
        self.messages[at].rows.open(value.time);
        self.records += 1;
        Ok(())
    }

    fn flush(&mut self, at: usize, last: bool, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        let message = &mut self.messages[at];
        self.waiting_bytes -= std::mem::take(&mut message.values) * VALUE_BYTES;
        let rows = std::mem::replace(&mut message.rows, ValueRows::new(message.signals));
        let ordinal = message.groups;
        message.groups += 1;
        pool.submit(Job { target: Arc::clone(&message.target), ordinal, rows: Rows::Values(rows), last })
    }

    fn flush_largest(&mut self, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        let largest = self.messages.iter().enumerate().max_by_key(|(_, message)| message.values);
        largest.map(|(at, _)| at).map_or(Ok(()), |at| self.flush(at, false, pool))
    }

    fn flush_all(&mut self, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        (0..self.messages.len()).try_for_each(|at| self.flush(at, true, pool))
    }

    fn outcome(self) -> Outcome<'a> {
        let counts = FrameCounts { read: self.records, ..FrameCounts::default() };
        let targets = self.messages.into_iter().map(|message| message.target).collect();
        Outcome { counts, unknown: Vec::new(), targets }
    }
}
