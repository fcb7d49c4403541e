//! Rows as files that other programs read.
//!
//! * The first column is `timestamp`, UTC, to the microsecond; then one a signal, of floats. What is missing (NaN)
//!   is an empty field of CSV, an absent key of NDJSON, else a null.
//! * Equal names are told apart by `_2`, `_3` …, one like the times' too.
//! * Written from the beginning to the end; memory is that of some thousand rows, whatever the length.

mod arrow;
mod parquet;
mod schema;
mod stamp;
mod text;

use std::io::{self, Write};

use crate::dbc::unique_names;
use crate::export::Rows;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableFormat {
    /// RFC 4180, but for lines that end in `\n`, with a line of names. Numbers always bear a point or an exponent:
    /// many readers settle on a column's type by its first rows. Infinities are `inf` and `-inf`.
    Csv,
    /// A JSON object a line. An infinity is null: JSON has no number for it.
    NdJson,
    /// The file format of Arrow IPC (Feather, version 2), not compressed. The unit of a column is its metadata
    /// `unit`.
    Arrow,
    /// As the files of messages are ([`crate::parquet`]), and with an Arrow schema: of the metadata's keys
    /// `dataviewer.signals` and `dataviewer.sorted`. A row group has a bounded number of values, not of rows.
    Parquet,
}

/// A column of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// What it is called, whatever letters that has.
    pub name: String,
    /// The unit of its values.
    pub unit: Option<String>,
}

/// Rows on their way into a file.
pub struct Table<W: Write> {
    file: File<W>,
    columns: usize,
}

enum File<W: Write> {
    Text(text::Text<W>),
    Arrow(arrow::Arrow<W>),
    Parquet(Box<parquet::Parquet<W>>),
}

impl<W: Write> Table<W> {
    /// A file of these columns, one an entry of [`Rows::columns`]. Nothing need be written yet.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(out: W, format: TableFormat, mut columns: Vec<TableColumn>) -> io::Result<Self> {
        let names = unique_names(&columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>());
        columns.iter_mut().zip(names).for_each(|(column, name)| column.name = name);
        let file = match format {
            TableFormat::Csv => File::Text(text::Text::csv(out, &columns)),
            TableFormat::NdJson => File::Text(text::Text::json(out, &columns)?),
            TableFormat::Arrow => File::Arrow(arrow::Arrow::new(out, schema::schema(&columns))?),
            TableFormat::Parquet => File::Parquet(Box::new(parquet::Parquet::new(out, &columns)?)),
        };
        Ok(Self { file, columns: columns.len() })
    }

    /// Adds rows. They may reach `out` later.
    ///
    /// # Errors
    /// When `out` cannot be written, when these are not the columns of the table, or a time has no year of four
    /// digits. The table is of no use afterwards.
    pub fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let whole = rows.columns.iter().all(|column| column.len() == rows.times.len());
        if rows.columns.len() != self.columns || !whole {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "rows of other columns than the table's",
            ));
        }
        match &mut self.file {
            File::Text(text) => text.write(rows),
            File::Arrow(arrow) => arrow.write(rows),
            File::Parquet(parquet) => parquet.write(rows),
        }
    }

    /// Writes what is left, and gives `out` back.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.file {
            File::Text(text) => text.finish(),
            File::Arrow(arrow) => arrow.finish(),
            File::Parquet(parquet) => parquet.finish(),
        }
    }
}
