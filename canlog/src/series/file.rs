//! Single columns of single row groups of a Parquet file: all that a series has to read.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use polars_arrow::array::{Array, PrimitiveArray};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_error::PolarsError;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, Filter, PageReader, PhysicalType,
    PrimitiveConvertedType, column_iter_to_arrays,
};

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::cache::{Chunk, Key};
use crate::series::input::{Input, Kept};
use crate::series::view::{Numbers, View};

/// The column of times, in message files and in overviews.
const TIMESTAMP: &str = "timestamp";
/// Bytes read from the end of a file at first: most footers are shorter.
const FIRST_READ: u64 = 64 << 10;

/// An open Parquet file with its footer.
pub(crate) struct ColumnFile<R> {
    reader: R,
    kept: Option<Kept>,
    metadata: Arc<FileMetadata>,
}

impl<R: Read + Seek> ColumnFile<R> {
    /// Reads the footer.
    pub(crate) fn open(input: Input<R>) -> Result<Self, SeriesError> {
        let Input { mut reader, kept } = input;
        let read = || {
            let metadata = deserialize_metadata(footer(&mut reader)?.into()).map_err(PolarsError::from)?;
            Ok(Chunk::Footer(Arc::new(metadata)))
        };
        match through(kept.as_ref(), None, "", read)? {
            Chunk::Footer(metadata) => Ok(Self { reader, kept, metadata }),
            Chunk::Integers(_) | Chunk::Numbers(_) => Err(mistaken()),
        }
    }

    /// The file, of which no decoded column is kept from now on: what is read once from end to end would push out
    /// what is asked for again.
    pub(crate) fn passing(self) -> Self {
        Self { kept: None, ..self }
    }

    /// Whether what so many numbers take may be kept: what does not fit would only push out itself.
    pub(crate) fn keeps(&self, numbers: u64) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.cache.has_room_for(8 * numbers))
    }

    /// How many row groups there are.
    pub(crate) fn row_groups(&self) -> usize {
        self.metadata.row_groups.len()
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.row_groups.iter().map(|group| group.num_rows() as u64).sum()
    }

    /// How many rows a row group has.
    pub(crate) fn rows_of(&self, group: usize) -> usize {
        self.metadata.row_groups.get(group).map_or(0, |group| group.num_rows())
    }

    /// Whether there is a column of this name.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.metadata.schema_descr.fields().iter().any(|field| field.get_field_info().name == name)
    }

    /// The text that the footer holds under `key`.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.key_value_metadata.as_ref()?;
        entries.iter().find(|entry| entry.key == key)?.value.as_deref()
    }

    /// First and last time of a row group by its statistics; `None` when it has none.
    pub(crate) fn time_range(&self, group: usize) -> Option<(Micros, Micros)> {
        let statistics = self.chunk(group, TIMESTAMP).ok()?.statistics(&self.metadata.footer_buf)?.ok()?;
        let times = statistics.as_int64()?;
        Some((times.min_value?, times.max_value?))
    }

    /// The times of all rows, end excluded.
    pub(crate) fn extent(&self) -> Result<Range<Micros>, SeriesError> {
        let mut extent: Option<(Micros, Micros)> = None;
        for group in (0..self.row_groups()).filter(|&group| self.rows_of(group) > 0) {
            let Some((first, last)) = self.time_range(group) else {
                return Err(SeriesError::malformed(
                    "a row group does not tell its first and last time".to_owned(),
                ));
            };
            extent = Some(extent.map_or((first, last), |all| (first.min(all.0), last.max(all.1))));
        }
        Ok(extent.map_or(0..0, |(first, last)| first..last.saturating_add(1)))
    }

    /// Whether a column surely has a value in every row.
    pub(crate) fn is_full(&self, name: &str) -> bool {
        let nulls = |group| {
            let statistics = self.chunk(group, name).ok()?.statistics(&self.metadata.footer_buf)?.ok()?;
            statistics.null_count()
        };
        (0..self.row_groups()).all(|group| nulls(group) == Some(0))
    }

    /// All times of a row group.
    pub(crate) fn times(&mut self, group: usize) -> Result<View<Vec<Micros>>, SeriesError> {
        let rows = 0..self.rows_of(group);
        self.integers(group, TIMESTAMP, rows)
    }

    /// Integers without nulls.
    pub(crate) fn integers(
        &mut self,
        group: usize,
        name: &str,
        rows: Range<usize>,
    ) -> Result<View<Vec<i64>>, SeriesError> {
        let kept = self.kept.clone();
        let some = kept.is_none().then(|| rows.clone());
        self.is_wanted()?;
        match through(kept.as_ref(), Some(group), name, || self.decode_integers(group, name, some))? {
            Chunk::Integers(chunk) => Ok(View::of(chunk, shown(kept.is_some(), rows))),
            Chunk::Numbers(_) | Chunk::Footer(_) => Err(mistaken()),
        }
    }

    /// Numbers of any type as floats.
    pub(crate) fn numbers(
        &mut self,
        group: usize,
        name: &str,
        rows: Range<usize>,
    ) -> Result<View<Numbers>, SeriesError> {
        let kept = self.kept.clone();
        let some = kept.is_none().then(|| rows.clone());
        self.is_wanted()?;
        match through(kept.as_ref(), Some(group), name, || self.decode_numbers(group, name, some))? {
            Chunk::Numbers(chunk) => Ok(View::of(chunk, shown(kept.is_some(), rows))),
            Chunk::Integers(_) | Chunk::Footer(_) => Err(mistaken()),
        }
    }

    /// Asks the reader where it is, which fails when nobody waits for it any more: else what is kept would be computed
    /// with to the end.
    fn is_wanted(&mut self) -> Result<(), SeriesError> {
        self.reader.stream_position()?;
        Ok(())
    }

    fn decode_integers(
        &mut self,
        group: usize,
        name: &str,
        rows: Option<Range<usize>>,
    ) -> Result<Chunk, SeriesError> {
        let mut all = Vec::new();
        for array in self.arrays(group, name, rows)? {
            all.extend_from_slice(primitive::<i64>(array.as_ref(), name)?.values());
        }
        Ok(Chunk::Integers(Arc::new(all)))
    }

    fn decode_numbers(
        &mut self,
        group: usize,
        name: &str,
        rows: Option<Range<usize>>,
    ) -> Result<Chunk, SeriesError> {
        let (mut values, mut filled) = (Vec::new(), MutableBitmap::new());
        for array in &self.arrays(group, name, rows)? {
            let array = array.as_ref();
            match array.dtype() {
                ArrowDataType::Int64 => {
                    values.extend(primitive::<i64>(array, name)?.values().iter().map(|&value| value as f64));
                }
                ArrowDataType::UInt64 => {
                    values.extend(primitive::<u64>(array, name)?.values().iter().map(|&value| value as f64));
                }
                _ => values.extend_from_slice(primitive::<f64>(array, name)?.values()),
            }
            match array.validity() {
                Some(bits) => filled.extend_from_bitmap(bits),
                None => filled.extend_constant(array.len(), true),
            }
        }
        Ok(Chunk::Numbers(Arc::new(Numbers::new(values, filled.into()))))
    }

    fn chunk(&self, group: usize, name: &str) -> Result<&ColumnChunkMetadata, SeriesError> {
        let group = self.metadata.row_groups.get(group);
        let chunk = group.and_then(|group| group.columns_under_root_iter(name)?.next());
        chunk.ok_or_else(|| SeriesError::malformed(format!("no column {name:?} where one is expected")))
    }

    /// The pages of a column chunk, and the type of its numbers.
    pub(super) fn pages(
        &mut self,
        group: usize,
        name: &str,
    ) -> Result<(BasicDecompressor, ArrowDataType), SeriesError> {
        let range = self.chunk(group, name)?.byte_range();
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.reader.seek(SeekFrom::Start(range.start))?;
        self.reader.read_exact(&mut bytes)?;
        let chunk = self.chunk(group, name)?;
        let primitive = &chunk.descriptor().descriptor.primitive_type;
        let kind = match (primitive.physical_type, primitive.converted_type) {
            (PhysicalType::Double, _) => ArrowDataType::Float64,
            (PhysicalType::Int64, Some(PrimitiveConvertedType::Uint64)) => ArrowDataType::UInt64,
            (PhysicalType::Int64, _) => ArrowDataType::Int64,
            _ => return Err(SeriesError::malformed(format!("column {name:?} does not hold 64-bit numbers"))),
        };
        let pages = PageReader::new(Cursor::new(bytes.into()), chunk, Vec::new(), usize::MAX);
        Ok((BasicDecompressor::new(pages, Vec::new()), kind))
    }

    fn arrays(
        &mut self,
        group: usize,
        name: &str,
        rows: Option<Range<usize>>,
    ) -> Result<Vec<Box<dyn Array>>, SeriesError> {
        let (pages, kind) = self.pages(group, name)?;
        let primitive = &self.chunk(group, name)?.descriptor().descriptor.primitive_type;
        let field = Field::new(name.into(), kind, true);
        let filter = rows.map(Filter::Range);
        Ok(column_iter_to_arrays(vec![pages], vec![primitive], field, filter)?.0)
    }
}

/// From the cache where there is one, else by `read`.
fn through(
    kept: Option<&Kept>,
    group: Option<usize>,
    column: &str,
    read: impl FnOnce() -> Result<Chunk, SeriesError>,
) -> Result<Chunk, SeriesError> {
    let Some(kept) = kept else { return read() };
    kept.cache.get(Key { file: Arc::clone(&kept.file), group, column: column.to_owned() }, read)
}

/// Which rows of a decoded chunk are those wanted: what is not kept was decoded for them alone.
fn shown(kept: bool, rows: Range<usize>) -> Range<usize> {
    if kept { rows } else { 0..rows.len() }
}

fn mistaken() -> SeriesError {
    SeriesError::malformed("one name was given to two files".to_owned())
}

/// The footer, its length and the closing magic.
fn footer<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, SeriesError> {
    let size = reader.seek(SeekFrom::End(0))?;
    let tail = tail_of(reader, size.min(FIRST_READ))?;
    let [.., l0, l1, l2, l3, b'P', b'A', b'R', b'1'] = tail[..] else {
        return Err(SeriesError::malformed("not a Parquet file".to_owned()));
    };
    let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3])) + 8;
    match tail.len().checked_sub(length as usize) {
        Some(start) => Ok(tail[start..].to_vec()),
        None if length <= size => tail_of(reader, length),
        None => Err(SeriesError::malformed("its footer is longer than the file".to_owned())),
    }
}

fn tail_of<R: Read + Seek>(reader: &mut R, length: u64) -> Result<Vec<u8>, SeriesError> {
    let mut bytes = vec![0; length as usize];
    reader.seek(SeekFrom::End(-(length as i64)))?;
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn primitive<'a, T: polars_arrow::types::NativeType>(
    array: &'a dyn Array,
    name: &str,
) -> Result<&'a PrimitiveArray<T>, SeriesError> {
    let array = array.as_any().downcast_ref();
    array.ok_or_else(|| SeriesError::malformed(format!("column {name:?} has another type than expected")))
}
