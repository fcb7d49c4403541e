//! Rows as the files of messages have them.

use std::io::{self, Write};

use polars_parquet::write::{KeyValue, schema_to_metadata_key};

use super::TableColumn;
use crate::dbc::ValueKind;
use crate::export::Rows;
use crate::export::table::schema;
use crate::parquet::{self, Encoder, GroupWriter, SignalEntry, columns_metadata};
use crate::table::{Coder, MAX_ROWS, ValueRows};

/// Values of one row group, times among them: what is kept in memory at a time.
const MOST_CELLS: usize = 1 << 20;
/// Rows of a row group where there are thousands of columns: fewer would cost more than they hold.
const FEWEST_ROWS: usize = 1_024;

/// A file of row groups.
pub(super) struct Parquet<W: Write> {
    file: GroupWriter<W>,
    metadata: Vec<KeyValue>,
    encoder: Encoder,
    coder: Coder,
    /// Those of the next row group, and how many it takes.
    rows: ValueRows,
    most: usize,
    signals: usize,
}

impl<W: Write> Parquet<W> {
    pub(super) fn new(out: W, columns: &[TableColumn]) -> io::Result<Self> {
        let kinds: Vec<_> = columns.iter().map(|column| (&*column.name, ValueKind::Float64)).collect();
        let entry = |column: &TableColumn| SignalEntry {
            name: column.name.clone(),
            unit: column.unit.clone(),
            labels: Vec::new(),
        };
        let entries: Vec<_> = columns.iter().map(entry).collect();
        // Readers that know Arrow find the units in its schema.
        let mut metadata = vec![schema_to_metadata_key(&schema::schema(columns))];
        metadata.extend(columns_metadata(&entries, true)?);
        Ok(Self {
            file: GroupWriter::new(out, parquet::schema(&kinds)?),
            metadata,
            encoder: Encoder::new()?,
            coder: Coder::default(),
            rows: ValueRows::new(columns.len()),
            most: (MOST_CELLS / (columns.len() + 1)).clamp(FEWEST_ROWS, MAX_ROWS),
            signals: columns.len(),
        })
    }

    pub(super) fn write(&mut self, rows: &Rows) -> io::Result<()> {
        for (row, &time) in rows.times.iter().enumerate() {
            self.rows.open(time);
            for (signal, column) in rows.columns.iter().enumerate() {
                if !column[row].is_nan() {
                    self.rows.push(signal, column[row]);
                }
            }
            if self.rows.times.len() == self.most {
                self.group()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.rows.times.is_empty() {
            self.group()?;
        }
        let mut out = self.file.finish(self.metadata)?;
        out.flush()?;
        Ok(out)
    }

    fn group(&mut self) -> io::Result<()> {
        let rows = std::mem::replace(&mut self.rows, ValueRows::new(self.signals));
        let group = self.encoder.encode(&rows.decode(&mut self.coder), self.file.schema())?;
        self.file.write(group)
    }
}
