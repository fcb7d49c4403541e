//! A message of any rows, written as a conversion writes it.

use std::io::Cursor;

use canlog::frame::Micros;
use canlog::overview::{OverviewBuilder, OverviewOptions};
use canlog::series::{Series, SeriesError, SeriesRequest, read_series};
use canlog::table::{Cells, ColumnValues, Values};
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series as Values64};

/// The rows of a message with one signal, `Speed`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) times: Vec<Micros>,
    pub(crate) values: Vec<Option<f64>>,
}

/// A message file and its overview.
pub(crate) struct Files {
    pub(crate) rows: Vec<u8>,
    pub(crate) overview: Vec<u8>,
}

/// Cells so small that a few hundred rows make several levels and row groups.
pub(crate) const TINY: OverviewOptions = OverviewOptions {
    samples_per_cell: 1,
    cells_of_last_level: 4,
    cells_per_row_group: 48,
    bytes_per_row_group: 1 << 20,
    rows_without_levels: 0,
};

impl Rows {
    /// Writes both files, `flush` rows at a time.
    pub(crate) fn write(&self, flush: usize, options: OverviewOptions) -> Files {
        let rows = file(&self.times, Values64::new("Speed".into(), &self.values), flush);
        Files { rows, overview: self.overview("Speed", flush, options) }
    }

    /// The overview of a signal of this name.
    pub(crate) fn overview(&self, name: &str, flush: usize, options: OverviewOptions) -> Vec<u8> {
        let mut overview = OverviewBuilder::with_options(Vec::new(), vec![name.to_owned()], options);
        for (at, times) in self.times.chunks(flush).enumerate() {
            let values = &self.values[at * flush..at * flush + times.len()];
            overview.push(times, &[coded(values)]).unwrap();
        }
        overview.finish().unwrap()
    }
}

/// A message file with one signal, `flush` rows a row group.
pub(crate) fn file(times: &[Micros], signal: Values64, flush: usize) -> Vec<u8> {
    let columns: Vec<Column> =
        vec![Values64::new("timestamp".into(), times).into_column(), signal.into_column()];
    let mut frame = DataFrame::new(times.len(), columns).unwrap();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_row_group_size(Some(flush)).finish(&mut frame).unwrap();
    bytes
}

impl Files {
    pub(crate) fn series(&self, request: &SeriesRequest) -> Result<Series, SeriesError> {
        read_series(Cursor::new(&self.rows), Cursor::new(&self.overview), "Speed", request)
    }
}

/// A column with its dictionary, as the column builders make it.
pub(crate) fn coded(values: &[Option<f64>]) -> ColumnValues {
    let rows = (0u32..).zip(values).filter_map(|(row, value)| value.map(|_| row)).collect::<Vec<_>>();
    let samples: Vec<f64> = values.iter().copied().flatten().collect();
    let mut dictionary = samples.clone();
    dictionary.sort_by(|one, other| one.is_nan().cmp(&other.is_nan()).then(one.total_cmp(other)));
    dictionary.dedup_by_key(|value| value.to_bits());
    let code =
        |value: &f64| dictionary.iter().position(|entry| entry.to_bits() == value.to_bits()).unwrap() as u16;
    let codes = samples.iter().map(code).collect();
    let rows = (rows.len() < values.len()).then_some(rows);
    ColumnValues { rows, cells: Cells::Coded { codes, dictionary: Values::Float64(dictionary) } }
}
