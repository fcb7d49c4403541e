//! Single columns of single row groups of a Parquet file: all that a series has to read.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

use polars_arrow::array::{Array, PrimitiveArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_error::PolarsError;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, Filter, PageReader, PhysicalType,
    PrimitiveConvertedType, column_iter_to_arrays,
};

use crate::frame::Micros;
use crate::series::SeriesError;

/// The column of times, in message files and in overviews.
const TIMESTAMP: &str = "timestamp";
/// Bytes read from the end of a file at first: most footers are shorter.
const FIRST_READ: u64 = 64 << 10;

/// An open Parquet file with its footer.
pub(crate) struct ColumnFile<R> {
    reader: R,
    metadata: FileMetadata,
}

/// Numbers of a column; where `filled` is false the number means nothing.
pub(crate) struct Numbers {
    /// One a row.
    pub values: Vec<f64>,
    /// Which rows have a value; `None` when all have.
    pub filled: Option<Bitmap>,
}

impl<R: Read + Seek> ColumnFile<R> {
    /// Reads the footer.
    pub(crate) fn open(mut reader: R) -> Result<Self, SeriesError> {
        let footer = footer(&mut reader)?;
        let metadata = deserialize_metadata(footer.into()).map_err(PolarsError::from)?;
        Ok(Self { reader, metadata })
    }

    /// How many row groups there are.
    pub(crate) fn row_groups(&self) -> usize {
        self.metadata.row_groups.len()
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.row_groups.iter().map(|group| group.num_rows() as u64).sum()
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

    /// All times of a row group.
    pub(crate) fn times(&mut self, group: usize) -> Result<Vec<Micros>, SeriesError> {
        self.integers(group, TIMESTAMP, None)
    }

    /// Integers without nulls: all rows of a row group, or some.
    pub(crate) fn integers(
        &mut self,
        group: usize,
        name: &str,
        rows: Option<Range<usize>>,
    ) -> Result<Vec<i64>, SeriesError> {
        let mut all = Vec::new();
        for array in self.arrays(group, name, rows)? {
            all.extend_from_slice(primitive::<i64>(array.as_ref(), name)?.values());
        }
        Ok(all)
    }

    /// Numbers of any type as floats.
    pub(crate) fn numbers(
        &mut self,
        group: usize,
        name: &str,
        rows: Range<usize>,
    ) -> Result<Numbers, SeriesError> {
        let arrays = self.arrays(group, name, Some(rows))?;
        let mut values = Vec::new();
        let mut filled = polars_arrow::bitmap::MutableBitmap::new();
        for array in &arrays {
            match array.dtype() {
                ArrowDataType::Int64 => {
                    values.extend(
                        primitive::<i64>(array.as_ref(), name)?.values().iter().map(|&value| value as f64),
                    );
                }
                ArrowDataType::UInt64 => {
                    values.extend(
                        primitive::<u64>(array.as_ref(), name)?.values().iter().map(|&value| value as f64),
                    );
                }
                _ => values.extend_from_slice(primitive::<f64>(array.as_ref(), name)?.values()),
            }
            match array.validity() {
                Some(bits) => filled.extend_from_bitmap(bits),
                None => filled.extend_constant(array.len(), true),
            }
        }
        let filled = Bitmap::from(filled);
        Ok(Numbers { values, filled: (filled.unset_bits() > 0).then_some(filled) })
    }

    fn chunk(&self, group: usize, name: &str) -> Result<&ColumnChunkMetadata, SeriesError> {
        let group = self.metadata.row_groups.get(group);
        let chunk = group.and_then(|group| group.columns_under_root_iter(name)?.next());
        chunk.ok_or_else(|| SeriesError::malformed(format!("no column {name:?} where one is expected")))
    }

    fn arrays(
        &mut self,
        group: usize,
        name: &str,
        rows: Option<Range<usize>>,
    ) -> Result<Vec<Box<dyn Array>>, SeriesError> {
        let range = self.chunk(group, name)?.byte_range();
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.reader.seek(SeekFrom::Start(range.start))?;
        self.reader.read_exact(&mut bytes)?;
        let chunk = self.chunk(group, name)?;
        let pages = PageReader::new(Cursor::new(bytes.into()), chunk, Vec::new(), usize::MAX);
        let primitive = &chunk.descriptor().descriptor.primitive_type;
        let kind = match (primitive.physical_type, primitive.converted_type) {
            (PhysicalType::Double, _) => ArrowDataType::Float64,
            (PhysicalType::Int64, Some(PrimitiveConvertedType::Uint64)) => ArrowDataType::UInt64,
            (PhysicalType::Int64, _) => ArrowDataType::Int64,
            _ => return Err(SeriesError::malformed(format!("column {name:?} does not hold 64-bit numbers"))),
        };
        let field = Field::new(name.into(), kind, true);
        let filter = rows.map(Filter::Range);
        let pages = BasicDecompressor::new(pages, Vec::new());
        Ok(column_iter_to_arrays(vec![pages], vec![primitive], field, filter)?.0)
    }
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
