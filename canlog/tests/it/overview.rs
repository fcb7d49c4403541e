//! The overview's own file, read as others read it, against the rows.

use std::cell::Cell;
use std::io::{self, Cursor, Write};
use std::rc::Rc;

use canlog::frame::Micros;
use canlog::overview::{OverviewBuilder, OverviewOptions};
use canlog::table::{Cells, ColumnValues, Values};
use polars::prelude::{DataFrame, ParquetReader, SerReader};

use crate::series::message::{Rows, TINY, coded};

/// Without the times: reading those takes a feature of polars that nothing else here needs.
fn frame(bytes: &[u8]) -> DataFrame {
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let names = reader.schema().unwrap().iter_names().skip(1).map(ToString::to_string).collect();
    reader.with_columns(Some(names)).finish().unwrap()
}

/// 40 s at 50 Hz, a step back of 2 s after 30 s, every seventh sample missing.
fn rows() -> Rows {
    let time = |row: i64| if row < 1_500 { row * 20_000 } else { row * 20_000 - 2_000_000 };
    let value = |row: i64| (row % 7 != 0).then_some(((row * 31) % 257) as f64 * 0.1);
    Rows { times: (0..2_000).map(time).collect(), values: (0..2_000).map(value).collect() }
}

/// What a cell says of its samples: count, minimum, maximum, first, last, sum.
type Figures = (i64, Option<[f64; 5]>);

/// The cells of a level in the order they were finished.
fn level(frame: &DataFrame, width: Micros) -> Vec<Figures> {
    let integers = |name: &str| frame.column(name).unwrap().i64().unwrap().clone();
    let (widths, counts) = (integers("width"), integers("Speed.count"));
    let columns = ["min", "max", "first", "last", "sum"].map(|figure| {
        let column = frame.column(&format!("Speed.{figure}")).unwrap();
        column.f64().unwrap().iter().collect::<Vec<_>>()
    });
    let figures = |row: usize| {
        let figures: Vec<f64> = columns.iter().filter_map(|column| column[row]).collect();
        (counts.get(row).unwrap(), figures.try_into().ok())
    };
    (0..frame.height()).filter(|&row| widths.get(row) == Some(width)).map(figures).collect()
}

/// The same from the rows: one cell for each run of rows that lie in one.
fn expected(rows: &Rows, width: Micros) -> Vec<Figures> {
    let rows: Vec<_> = rows.times.iter().copied().zip(rows.values.iter().copied()).collect();
    let runs = rows.chunk_by(|one, other| one.0 / width == other.0 / width);
    let figures = |run: &[(Micros, Option<f64>)]| {
        let mut run = run.to_vec();
        run.sort_by_key(|&(time, _)| time);
        let values: Vec<f64> = run.iter().filter_map(|&(_, value)| value).collect();
        let (first, last) = (values.first().copied()?, values.last().copied()?);
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some((values.len() as i64, [min, max, first, last, values.iter().sum()]))
    };
    runs.map(|run| figures(run).map_or((0, None), |(count, figures)| (count, Some(figures)))).collect()
}

#[test]
fn every_level_holds_the_figures_of_its_cells() {
    let rows = rows();
    let frame = frame(&rows.write(300, OverviewOptions { samples_per_cell: 4, ..TINY }).overview);
    for width in [100_000, 500_000, 1_000_000, 5_000_000, 10_000_000] {
        let (cells, expected) = (level(&frame, width), expected(&rows, width));
        assert_eq!(cells.len(), expected.len(), "width {width}");
        for (cell, wanted) in cells.into_iter().zip(expected) {
            let close = |(one, other): (f64, f64)| (one - other).abs() < 1e-9;
            assert_eq!(cell.0, wanted.0);
            assert_eq!(cell.1.is_none(), wanted.1.is_none(), "nulls where there is no sample");
            assert!(
                cell.1.into_iter().flatten().zip(wanted.1.into_iter().flatten()).all(close),
                "{cell:?} {wanted:?}"
            );
        }
    }
    assert!(level(&frame, 50_000).is_empty(), "finer than four samples");
    assert!(level(&frame, 50_000_000).is_empty(), "four cells are few enough");
}

#[test]
fn wide_integers_keep_their_type() {
    let wide = [u64::MAX - 1, u64::MAX, 3];
    let plain = |values| ColumnValues { rows: None, cells: Cells::Plain(values) };
    let signed = wide.map(|value| value as i64);
    let columns = [plain(Values::UInt64(wide.to_vec())), plain(Values::Int64(signed.to_vec()))];
    let names = vec!["Serial".to_owned(), "Offset".to_owned()];
    let options = OverviewOptions { samples_per_cell: 3, ..TINY };
    let mut builder = OverviewBuilder::with_options(Vec::new(), names, options);
    builder.push(&[0, 10, 20], &columns).unwrap();
    let frame = frame(&builder.finish().unwrap());
    let unsigned = |name: &str| frame.column(name).unwrap().u64().unwrap().get(0);
    assert_eq!((unsigned("Serial.min"), unsigned("Serial.max")), (Some(3), Some(u64::MAX)));
    assert_eq!((unsigned("Serial.first"), unsigned("Serial.last")), (Some(u64::MAX - 1), Some(3)));
    let signed = |name: &str| frame.column(name).unwrap().i64().unwrap().get(0);
    assert_eq!((signed("Offset.min"), signed("Offset.max")), (Some(-2), Some(3)));
}

#[test]
fn nan_counts_but_is_no_extreme() {
    let values = [Some(f64::NAN), Some(2.0), Some(f64::NAN), Some(1.0)];
    let mut builder = OverviewBuilder::with_options(Vec::new(), vec!["Speed".to_owned()], TINY);
    builder.push(&[0, 1, 2, 3], &[coded(&values)]).unwrap();
    builder.push(&[5_000, 5_001], &[coded(&values[..1].repeat(2))]).unwrap();
    let frame = frame(&builder.finish().unwrap());
    let column = |name: &str| frame.column(name).unwrap().f64().unwrap().iter().flatten().collect::<Vec<_>>();
    assert_eq!((column("Speed.min")[0], column("Speed.max")[0]), (1.0, 2.0));
    assert!(column("Speed.min")[1].is_nan() && column("Speed.max")[1].is_nan(), "nothing else there");
    assert!(column("Speed.sum")[0].is_nan(), "as a mean over the rows");
}

/// Counts what is written.
struct Counted(Rc<Cell<usize>>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn finished_cells_are_written_on_the_way() {
    let written = Rc::new(Cell::new(0));
    let names = vec!["Speed".to_owned()];
    let mut builder = OverviewBuilder::with_options(Counted(Rc::clone(&written)), names, TINY);
    let mut sizes = Vec::new();
    for flush in 0..20i64 {
        let times: Vec<Micros> = (0..100).map(|row| (flush * 100 + row) * 1_000).collect();
        builder.push(&times, &[coded(&[Some(1.5); 100])]).unwrap();
        sizes.push(written.get());
    }
    assert!(sizes[0] > 0, "a full row group does not wait");
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{sizes:?}");
}

#[test]
fn many_signals_make_small_row_groups() {
    let options = OverviewOptions { bytes_per_row_group: 48 * 50 * 10, cells_per_row_group: 1_000, ..TINY };
    let names = (0..50).map(|signal| format!("S{signal}")).collect();
    let mut builder = OverviewBuilder::with_options(Vec::new(), names, options);
    for cell in 0..100i64 {
        builder.push(&[cell * 1_000], &vec![coded(&[Some(0.5)]); 50]).unwrap();
    }
    let bytes = builder.finish().unwrap();
    let metadata = polars_parquet::read::read_metadata(&mut Cursor::new(bytes)).unwrap();
    let most = metadata.row_groups.iter().map(|group| group.num_rows()).max();
    assert_eq!(most, Some(10), "as many cells as the bytes allow");
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let names = vec!["Speed".to_owned()];
    let mut builder = OverviewBuilder::with_options(Vec::new(), names, TINY);
    assert!(builder.push(&[0], &[]).is_err());
    builder.push(&[0], &[coded(&[Some(1.0)])]).unwrap();
    let other = ColumnValues { rows: None, cells: Cells::Plain(Values::Int64(vec![1])) };
    assert!(builder.push(&[0], &[other]).is_err());
}
