//! Columns into compressed pages.

use std::io;

use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::metadata::{Descriptor, SchemaDescriptor};
use polars_parquet::parquet::page::{
    CompressedDataPage, CompressedDictPage, DataPageHeader, DataPageHeaderV1,
};
use polars_parquet::parquet::statistics::ParquetStatistics;
use polars_parquet::write::CompressedPage;

use super::compress::Press;
use super::pack;
use crate::frame::Micros;
use crate::manifest::Number;
use crate::table::{Cells, ColumnValues, Table, Values, range};

/// The pages of one row group, ready to write.
pub(crate) struct RowGroup {
    pub(crate) rows: usize,
    /// Of each column: perhaps a dictionary, then the values.
    pub(crate) columns: Vec<Vec<CompressedPage>>,
}

/// Encodes row groups.
pub(crate) struct Encoder {
    press: Press,
    page: Vec<u8>,
}

/// What a data page is, apart from its bytes.
struct Head<'a> {
    descriptor: &'a Descriptor,
    encoding: Encoding,
    rows: usize,
    statistics: ParquetStatistics,
}

impl Encoder {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { press: Press::new()?, page: Vec::new() })
    }

    /// The row group of `table`, for a file of this schema.
    pub(crate) fn encode(&mut self, table: &Table, schema: &SchemaDescriptor) -> io::Result<RowGroup> {
        let (rows, mut descriptors) =
            (table.times.len(), schema.columns().iter().map(|column| &column.descriptor));
        let mut columns = Vec::with_capacity(1 + table.columns.len());
        if let Some(descriptor) = descriptors.next() {
            columns.push(self.times(&table.times, descriptor)?);
        }
        for (column, descriptor) in table.columns.iter().zip(descriptors) {
            columns.push(self.values(column, rows, descriptor)?);
        }
        Ok(RowGroup { rows, columns })
    }

    fn times(&mut self, times: &[Micros], descriptor: &Descriptor) -> io::Result<Vec<CompressedPage>> {
        self.page.clear();
        pack::deltas(times, &mut self.page);
        let bound = |time: Option<&Micros>| time.map(|time| time.to_le_bytes().to_vec());
        let statistics = statistics(0, bound(times.iter().min()), bound(times.iter().max()));
        let head = Head { descriptor, encoding: Encoding::DeltaBinaryPacked, rows: times.len(), statistics };
        Ok(vec![self.data_page(head)?])
    }

    fn values(
        &mut self,
        column: &ColumnValues,
        rows: usize,
        descriptor: &Descriptor,
    ) -> io::Result<Vec<CompressedPage>> {
        let mut pages = Vec::with_capacity(2);
        let encoding = match &column.cells {
            Cells::Coded { codes, dictionary } => {
                pages.push(self.dictionary_page(dictionary)?);
                self.begin(column, rows);
                let width = pack::width(dictionary.len()).max(1);
                self.page.push(width as u8);
                pack::hybrid(codes, width, &mut self.page);
                Encoding::RleDictionary
            }
            Cells::Plain(values) => {
                self.begin(column, rows);
                split(values, &mut self.page);
                Encoding::ByteStreamSplit
            }
        };
        let statistics = value_statistics(&column.cells, rows);
        pages.push(self.data_page(Head { descriptor, encoding, rows, statistics })?);
        Ok(pages)
    }

    fn begin(&mut self, column: &ColumnValues, rows: usize) {
        self.page.clear();
        pack::levels(column.rows.as_deref(), rows, &mut self.page);
    }

    fn dictionary_page(&mut self, dictionary: &Values) -> io::Result<CompressedPage> {
        self.page.clear();
        match dictionary {
            Values::Float64(values) => self.page.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Values::Int64(values) => self.page.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Values::UInt64(values) => self.page.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
        let bytes = CowBuffer::Owned(self.press.press(&self.page)?);
        let page =
            CompressedDictPage::new(bytes, Compression::Zstd, self.page.len(), dictionary.len(), false);
        Ok(CompressedPage::Dict(page))
    }

    fn data_page(&mut self, head: Head) -> io::Result<CompressedPage> {
        let bytes = CowBuffer::Owned(self.press.press(&self.page)?);
        let header = DataPageHeader::V1(DataPageHeaderV1 {
            num_values: head.rows as i32,
            encoding: head.encoding.into(),
            definition_level_encoding: Encoding::Rle.into(),
            repetition_level_encoding: Encoding::Rle.into(),
            statistics: Some(head.statistics),
        });
        let (length, descriptor) = (self.page.len(), head.descriptor.clone());
        Ok(CompressedPage::Data(CompressedDataPage::new(
            header,
            bytes,
            Compression::Zstd,
            length,
            descriptor,
            head.rows,
        )))
    }
}

/// Appends all first bytes, then all second ones …: bytes of equal rank resemble each other.
fn split(values: &Values, page: &mut Vec<u8>) {
    let streams = |page: &mut Vec<u8>, bytes: &dyn Fn(usize) -> [u8; 8], count: usize| {
        for stream in 0..8 {
            page.extend((0..count).map(|at| bytes(at)[stream]));
        }
    };
    match values {
        Values::Float64(values) => streams(page, &|at| values[at].to_le_bytes(), values.len()),
        Values::Int64(values) => streams(page, &|at| values[at].to_le_bytes(), values.len()),
        Values::UInt64(values) => streams(page, &|at| values[at].to_le_bytes(), values.len()),
    }
}

fn value_statistics(cells: &Cells, rows: usize) -> ParquetStatistics {
    let nulls = (rows - cells.len()) as i64;
    let bytes = |number: Number, zero: f64| match number {
        // Zeros of both signs are equal: a bound must stand for either.
        Number::Float(0.0) => zero.to_le_bytes().to_vec(),
        Number::Float(value) => value.to_le_bytes().to_vec(),
        Number::Int(value) => value.to_le_bytes().to_vec(),
        Number::UInt(value) => value.to_le_bytes().to_vec(),
    };
    let (low, high) = range(cells).unzip();
    statistics(nulls, low.map(|low| bytes(low, -0.0)), high.map(|high| bytes(high, 0.0)))
}

fn statistics(nulls: i64, min_value: Option<Vec<u8>>, max_value: Option<Vec<u8>>) -> ParquetStatistics {
    ParquetStatistics {
        null_count: Some(nulls),
        distinct_count: None,
        max_value,
        min_value,
        max: None,
        min: None,
        is_max_value_exact: None,
        is_min_value_exact: None,
    }
}
