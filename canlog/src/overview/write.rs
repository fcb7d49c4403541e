//! Row groups of an overview, encoded and written.

use std::io::{self, Write};

use polars_arrow::array::{Array, PrimitiveArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_error::{PolarsError, PolarsResult};
use polars_parquet::read::ParquetError;
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, Encoding,
    FallibleStreamingIterator, FileWriter, KeyValue, ParquetType, StatisticsOptions, Version, WriteOptions,
    ZstdLevel, array_to_columns,
};

use crate::frame::Micros;
use crate::overview::cell::Value;
use crate::overview::layout::{FOOTER, Figure, Footer, TIMESTAMP, WIDTH};
use crate::overview::track::{Closed, Track};

/// Small pages of numbers that hardly repeat: higher levels gain little.
const ZSTD_LEVEL: i32 = 3;

type Pages = DynStreamingIterator<'static, CompressedPage, PolarsError>;

/// The file, and how many row groups it has.
pub(super) struct Sink<W: Write> {
    file: FileWriter<W>,
    options: WriteOptions,
    row_groups: usize,
}

impl<W: Write> Sink<W> {
    /// A file with the columns of these signals.
    pub(super) fn new(out: W, names: &[String], tracks: &[Track]) -> io::Result<Self> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(io::Error::other)?;
        let options = WriteOptions {
            statistics: StatisticsOptions::empty(),
            version: Version::V1,
            compression: CompressionOptions::Zstd(Some(level)),
            data_page_size: None,
        };
        let file = FileWriter::try_new(out, schema(names, tracks), options).map_err(io::Error::other)?;
        Ok(Self { file, options, row_groups: 0 })
    }

    /// Writes the finished cells of a level; returns the ordinal of the row group.
    pub(super) fn write(
        &mut self,
        width: Micros,
        starts: &[Micros],
        tracks: &mut [Track],
        level: usize,
    ) -> io::Result<usize> {
        let mut columns = vec![times(starts), integers(&vec![width; starts.len()])];
        for track in tracks {
            match track {
                Track::Float64(levels) => columns.extend(figures(levels.take(level))),
                Track::Int64(levels) => columns.extend(figures(levels.take(level))),
                Track::UInt64(levels) => columns.extend(figures(levels.take(level))),
            }
        }
        let fields = self.file.parquet_schema().fields();
        let pages = columns.iter().zip(fields).map(|(column, field)| self.encode(column, field));
        let pages = pages.collect::<PolarsResult<Vec<_>>>().map_err(io::Error::other)?;
        let pages = DynIter::new(pages.into_iter().flatten().map(Ok));
        self.file.write(starts.len() as u64, pages).map_err(into_io)?;
        self.row_groups += 1;
        Ok(self.row_groups - 1)
    }

    /// Writes the footer and gives the output back.
    pub(super) fn finish(mut self, footer: &Footer) -> io::Result<W> {
        let value = serde_json::to_string(footer).map_err(io::Error::other)?;
        let entry = KeyValue { key: FOOTER.to_owned(), value: Some(value) };
        self.file.end(Some(vec![entry])).map_err(into_io)?;
        Ok(self.file.into_inner())
    }

    fn encode(&self, column: &Column, field: &ParquetType) -> PolarsResult<Vec<Pages>> {
        let mut options = self.options;
        if column.encoding == Encoding::DeltaBinaryPacked {
            options.statistics = StatisticsOptions { null_count: false, ..StatisticsOptions::default() };
        }
        let columns = array_to_columns(column.array.as_ref(), field.clone(), options, &[column.encoding])?;
        let compressed = columns.into_iter().map(|pages| {
            let pages =
                pages.map(|page| page.map_err(|error| ParquetError::FeatureNotSupported(error.to_string())));
            let pages = Compressor::new_from_vec(pages, options.compression, Vec::new());
            DynStreamingIterator::new(pages.map_err(PolarsError::from))
        });
        Ok(compressed.collect())
    }
}

/// A column of a row group.
struct Column {
    array: Box<dyn Array>,
    encoding: Encoding,
}

fn schema(names: &[String], tracks: &[Track]) -> ArrowSchema {
    let utc = ArrowDataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields =
        vec![(TIMESTAMP.to_owned(), utc, false), (WIDTH.to_owned(), ArrowDataType::Int64, false)];
    for (name, track) in names.iter().zip(tracks) {
        let value = match track {
            Track::Float64(_) => ArrowDataType::Float64,
            Track::Int64(_) => ArrowDataType::Int64,
            Track::UInt64(_) => ArrowDataType::UInt64,
        };
        fields.extend(Figure::ALL.map(|figure| match figure {
            Figure::Count => (figure.column(name), ArrowDataType::Int64, false),
            Figure::Sum => (figure.column(name), ArrowDataType::Float64, true),
            _ => (figure.column(name), value.clone(), true),
        }));
    }
    let fields = fields.into_iter().map(|(name, kind, null)| Field::new(name.into(), kind, null));
    fields.map(|field| (field.name.clone(), field)).collect()
}

fn times(starts: &[Micros]) -> Column {
    Column { array: PrimitiveArray::from_slice(starts).boxed(), encoding: Encoding::DeltaBinaryPacked }
}

fn integers(values: &[i64]) -> Column {
    Column { array: PrimitiveArray::from_slice(values).boxed(), encoding: Encoding::RleDictionary }
}

fn figures<T: Value>(cells: Closed<T>) -> [Column; 6] {
    let filled = Bitmap::from_trusted_len_iter(cells.count.iter().map(|&count| count > 0));
    let filled = (filled.unset_bits() > 0).then_some(filled);
    [
        integers(&cells.count),
        values(cells.min, filled.as_ref()),
        values(cells.max, filled.as_ref()),
        values(cells.first, filled.as_ref()),
        values(cells.last, filled.as_ref()),
        values(cells.sum, filled.as_ref()),
    ]
}

fn values<T: Value>(values: Vec<T>, filled: Option<&Bitmap>) -> Column {
    let array = PrimitiveArray::from_vec(values).with_validity(filled.cloned());
    // Figures hardly repeat exactly: a dictionary in front of zstd gains nothing.
    Column { array: array.boxed(), encoding: Encoding::Plain }
}

fn into_io(error: PolarsError) -> io::Error {
    io::Error::other(error)
}
