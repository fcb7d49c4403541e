//! A log, chunk by chunk.

use std::io::{self, Read};

use super::{ConvertError, ConvertOptions, Source};
use crate::failure::{Failure, FailureCode};
use crate::format::{HEAD_BYTES, Sniffed, sniff};
use crate::frame::{Batch, Micros};
use crate::progress::Progress;
use crate::read::{MAX_TIME, ReadOptions, Reader};

/// Bytes read at once: what frames they hold stays in a core's cache until it is sorted.
const CHUNK: usize = 256 << 10;

/// A log being read.
pub(super) struct Log<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) options: &'a ConvertOptions,
    pub(super) reader: Reader,
    pub(super) sniffed: Sniffed,
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    filled: usize,
    ended: bool,
    pub(super) read: u64,
}

impl<'a> Log<'a> {
    /// Opens the log and finds out its format.
    pub(super) fn open(source: &'a Source<'a>, options: &'a ConvertOptions) -> Result<Self, ConvertError> {
        let mut input = (source.open)().map_err(ConvertError::Read)?;
        let mut buffer = vec![0; CHUNK.max(2 * HEAD_BYTES)];
        let filled = fill(&mut *input, &mut buffer[..HEAD_BYTES]).map_err(ConvertError::Read)?;
        let sniffed = sniff(&buffer[..filled])?;
        let reader = Reader::new(sniffed.format, &sniffed.also, &read_options(options));
        Ok(Self { source, options, reader, sniffed, input, buffer, filled, ended: false, read: 0 })
    }

    /// Starts again at the beginning, with a new reader.
    pub(super) fn rewind(&mut self) -> Result<Reader, ConvertError> {
        self.input = (self.source.open)().map_err(ConvertError::Read)?;
        (self.filled, self.ended, self.read) = (0, false, 0);
        let reader = Reader::new(self.sniffed.format, &self.sniffed.also, &read_options(self.options));
        Ok(std::mem::replace(&mut self.reader, reader))
    }

    /// Reads the next chunk into `batch`, which is cleared; false when there was none.
    pub(super) fn next(&mut self, batch: &mut Batch) -> Result<bool, ConvertError> {
        batch.clear();
        if self.ended {
            return Ok(false);
        }
        let room = &mut self.buffer[self.filled..];
        let more = fill(&mut *self.input, room).map_err(ConvertError::Read)?;
        self.ended = more < room.len();
        self.filled += more;
        let used = self.reader.read(&self.buffer[..self.filled], self.ended, batch).min(self.filled);
        self.shift(batch)?;
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
        self.read += used as u64;
        if used == 0 && self.filled == self.buffer.len() {
            let text = "a record does not fit the buffer";
            return Err(ConvertError::Read(io::Error::new(io::ErrorKind::InvalidData, text)));
        }
        Ok(true)
    }

    /// Moves the batch's times as told.
    fn shift(&self, batch: &mut Batch) -> Result<(), ConvertError> {
        let shift = self.options.shift;
        if shift == 0 {
            return Ok(());
        }
        let fits = |time: Micros| time.checked_add(shift).is_some_and(|time| (0..=MAX_TIME).contains(&time));
        if !self.reader.span().is_none_or(|(start, end)| fits(start) && fits(end)) {
            return Err(ConvertError::Failure(out_of_range()));
        }
        batch.frames.iter_mut().for_each(|frame| frame.time += shift);
        batch.values.iter_mut().for_each(|value| value.time += shift);
        Ok(())
    }

    /// How far it is.
    pub(super) fn progress(&self, frames: u64) -> Progress {
        let total = self.source.bytes;
        Progress { bytes: self.read.min(total), total, frames, warnings: self.reader.warnings() }
    }
}

fn out_of_range() -> Failure {
    Failure {
        code: FailureCode::TimeRange,
        message: "Moved by the shift that was set, some times would lie before 1970 or after 2262."
            .to_owned(),
        hint: Some("Set another start or shift.".to_owned()),
        line: None,
    }
}

fn read_options(options: &ConvertOptions) -> ReadOptions {
    ReadOptions { time_zone: options.time_zone.clone(), ..ReadOptions::default() }
}

/// Reads until `buffer` is full or the log ends.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
