//! Which of the two files an answer comes from.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use canlog::overview::{OverviewBuilder, OverviewOptions};
use canlog::series::{Reduction, SeriesError, SeriesRequest, read_series};
use canlog::table::{Cells, ColumnValues, Values};
use polars::prelude::{NamedFrom, Series as Values64};

use super::message::{self, Files, Rows, TINY};

/// A file that must not be needed.
pub(super) struct Untouchable;

impl Read for Untouchable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("touched"))
    }
}

impl Seek for Untouchable {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::Error::other("touched"))
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(0)
    }
}

/// 200 seconds at 100 Hz.
fn drive() -> Rows {
    let value = |row: i64| Some(((row * row) % 997) as f64);
    Rows { times: (0..20_000).map(|row| row * 10_000).collect(), values: (0..20_000).map(value).collect() }
}

#[test]
fn the_whole_run_needs_no_rows() {
    let files = drive().write(4_096, OverviewOptions { samples_per_cell: 8, ..TINY });
    let request = SeriesRequest {
        window: i64::MIN..i64::MAX,
        max_points: 500,
        method: Reduction::MinMax,
        ..SeriesRequest::default()
    };
    let series = read_series(Untouchable, Cursor::new(&files.overview), "Speed", &request).unwrap();
    assert_eq!((series.source_samples, series.time.len(), series.exact), (20_000, 500, false));
    assert_eq!((series.bucket, series.t0), (Some(400_000), 0));
    let error = read_series(
        Untouchable,
        Cursor::new(&files.overview),
        "Speed",
        &SeriesRequest { window: 5..i64::MAX, ..request },
    );
    assert!(matches!(error, Err(SeriesError::Read(_))), "a cell is cut, its rows are needed");
}

#[test]
fn a_short_message_has_no_cells() {
    let rows = Rows { times: vec![10, 20], values: vec![Some(1.0), None] };
    let files = rows.write(10, OverviewOptions::default());
    assert!(files.overview.len() < 1_500, "{} bytes", files.overview.len());
    let request =
        SeriesRequest { window: 0..100, max_points: 10, method: Reduction::Mean, ..SeriesRequest::default() };
    let series = files.series(&request).unwrap();
    assert_eq!((series.method, series.exact, series.t0), (Reduction::Raw, true, 10));
    assert_eq!((series.time, series.values), (vec![0.0], vec![1.0]));
}

#[test]
fn windows_without_samples_are_empty() {
    let files = drive().write(4_096, TINY);
    for window in [-10..0, 199_990_001..i64::MAX, 500..500, 1..10_000, i64::MIN..i64::MIN] {
        let request =
            SeriesRequest { window, max_points: 10, method: Reduction::MinMax, ..SeriesRequest::default() };
        let series = files.series(&request).unwrap();
        assert_eq!((series.source_samples, series.exact, series.time.len()), (0, true, 0));
    }
}

#[test]
fn an_unknown_signal_and_a_foreign_file_are_refused() {
    let files = drive().write(4_096, TINY);
    let request = SeriesRequest {
        window: 0..10,
        max_points: 10,
        method: Reduction::MinMax,
        ..SeriesRequest::default()
    };
    let ask = |overview: &[u8], signal| {
        read_series(Cursor::new(&files.rows), Cursor::new(overview), signal, &request)
    };
    assert!(matches!(ask(&files.overview, "Spee"), Err(SeriesError::UnknownSignal(name)) if name == "Spee"));
    assert!(matches!(ask(&files.rows, "Speed"), Err(SeriesError::Malformed(_))));
    assert!(matches!(ask(b"PAR1", "Speed"), Err(SeriesError::Malformed(_))));
    assert!(matches!(
        ask(&files.overview[..files.overview.len() / 2], "Speed"),
        Err(SeriesError::Malformed(_))
    ));
}

#[test]
fn more_points_than_can_be_kept_are_bounded() {
    let files = drive().write(4_096, TINY);
    let request = SeriesRequest {
        window: 0..i64::MAX,
        max_points: usize::MAX,
        method: Reduction::MinMax,
        ..SeriesRequest::default()
    };
    assert_eq!(files.series(&request).unwrap().values.len(), 20_000, "fewer than the bound: all of them");
    let rows =
        Rows { times: vec![0, i64::MAX / 2, i64::MAX - 1], values: vec![Some(1.0), Some(3.0), Some(2.0)] };
    let files = rows.write(2, TINY);
    let series =
        files.series(&SeriesRequest { window: i64::MIN..i64::MAX, max_points: 1, ..request }).unwrap();
    assert_eq!((series.max, series.source_samples), (vec![3.0], 3), "no overflow at the end of time");
}

#[test]
fn wide_integers_become_floats() {
    let wide: Vec<u64> = (0..200).map(|row| u64::MAX - row % 3).collect();
    let times: Vec<i64> = (0..200).map(|row| row * 10_000).collect();
    let mut overview = OverviewBuilder::with_options(Vec::new(), vec!["Speed".to_owned()], TINY);
    let column = ColumnValues { rows: None, cells: Cells::Plain(Values::UInt64(wide.clone())) };
    overview.push(&times, &[column]).unwrap();
    let rows = message::file(&times, Values64::new("Speed".into(), &wide), 64);
    let files = Files { rows, overview: overview.finish().unwrap() };
    let request = SeriesRequest {
        window: 1..1_999_000,
        max_points: 5,
        method: Reduction::Last,
        ..SeriesRequest::default()
    };
    let series = files.series(&request).unwrap();
    assert_eq!(series.values, [u64::MAX as f64; 5]);
}
