//! A file, row group by row group.

use std::io::{self, Write};

use polars_parquet::parquet::metadata::SchemaDescriptor;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{
    IntegerType, ParquetType, PhysicalType, PrimitiveConvertedType, PrimitiveLogicalType, TimeUnit,
};
use polars_parquet::parquet::write::{FileWriter, WriteOptions};
use polars_parquet::read::ParquetError;
use polars_parquet::write::{
    CompressedPage, DynIter, DynStreamingIterator, FallibleStreamingIterator, KeyValue, Version,
};
use polars_utils::pl_str::PlSmallStr;

use super::{RowGroup, TIMESTAMP};
use crate::dbc::ValueKind;

/// Writes a file.
pub(crate) struct GroupWriter<W: Write> {
    file: FileWriter<W>,
}

/// The schema of a message file: the times, then columns of these names and kinds.
pub(crate) fn schema(columns: &[(&str, ValueKind)]) -> io::Result<SchemaDescriptor> {
    let micros = PrimitiveLogicalType::Timestamp { unit: TimeUnit::Microseconds, is_adjusted_to_utc: true };
    let converted = Some(PrimitiveConvertedType::TimestampMicros);
    let timestamp = field(TIMESTAMP, PhysicalType::Int64, Repetition::Required, converted, Some(micros));
    let signals = columns.iter().map(|(name, kind)| match kind {
        ValueKind::Float64 => field(name, PhysicalType::Double, Repetition::Optional, None, None),
        ValueKind::Int64 => field(name, PhysicalType::Int64, Repetition::Optional, None, None),
        ValueKind::UInt64 => {
            let logical = Some(PrimitiveLogicalType::Integer(IntegerType::UInt64));
            let converted = Some(PrimitiveConvertedType::Uint64);
            field(name, PhysicalType::Int64, Repetition::Optional, converted, logical)
        }
    });
    let fields = std::iter::once(timestamp).chain(signals).collect::<io::Result<Vec<_>>>()?;
    Ok(SchemaDescriptor::new(PlSmallStr::from_static("message"), fields))
}

impl<W: Write> GroupWriter<W> {
    pub(crate) fn new(out: W, schema: SchemaDescriptor) -> Self {
        // A row group has one page a column: an index over pages would repeat the chunks' statistics.
        let options = WriteOptions { write_statistics: false, version: Version::V1 };
        let created_by = concat!("dataviewer ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { file: FileWriter::new(out, schema, options, Some(created_by)) }
    }

    /// The columns of the file.
    pub(crate) fn schema(&self) -> &SchemaDescriptor {
        self.file.schema()
    }

    pub(crate) fn write(&mut self, group: RowGroup) -> io::Result<()> {
        let columns = group.columns.into_iter().map(|pages| Ok(DynStreamingIterator::new(Pages::new(pages))));
        self.file.write(group.rows as u64, DynIter::new(columns)).map_err(io::Error::other)
    }

    /// Writes the footer and gives the output back.
    pub(crate) fn finish(mut self, metadata: Vec<KeyValue>) -> io::Result<W> {
        self.file.end(Some(metadata)).map_err(io::Error::other)?;
        Ok(self.file.into_inner())
    }
}

fn field(
    name: &str,
    physical: PhysicalType,
    repetition: Repetition,
    converted: Option<PrimitiveConvertedType>,
    logical: Option<PrimitiveLogicalType>,
) -> io::Result<ParquetType> {
    ParquetType::try_from_primitive(
        PlSmallStr::from_str(name),
        physical,
        repetition,
        converted,
        logical,
        None,
    )
    .map_err(io::Error::other)
}

/// Pages that are compressed already, in the shape that the file asks for.
struct Pages {
    rest: std::vec::IntoIter<CompressedPage>,
    page: Option<CompressedPage>,
}

impl Pages {
    fn new(pages: Vec<CompressedPage>) -> Self {
        Self { rest: pages.into_iter(), page: None }
    }
}

impl FallibleStreamingIterator for Pages {
    type Item = CompressedPage;
    type Error = ParquetError;

    fn advance(&mut self) -> Result<(), ParquetError> {
        self.page = self.rest.next();
        Ok(())
    }

    fn get(&self) -> Option<&CompressedPage> {
        self.page.as_ref()
    }
}
