//! Long exports, signals that are read together, and runs at the same time.

use std::io::Cursor;
use std::sync::Arc;

use canlog::export::{Export, ExportRequest};
use canlog::overview::OverviewOptions;
use canlog::series::{
    ColumnCache, Fill, Input, Recording, Reduction, SeriesError, SeriesRequest, read_range,
};

use super::derivation::{Message, Run, derived, plan};
use super::export::{all, recorded};
use crate::series::message::{Rows, TINY};

fn message(names: [&'static str; 2], rows: i64) -> Message {
    let value = |row: i64, period: i64| Some((row % period) as f64);
    let signals = vec![
        (names[0], (0..rows).map(|row| value(row, 977)).collect()),
        (names[1], (0..rows).map(|row| value(row, 13)).collect()),
    ];
    Message { times: (0..rows).map(|row| row * 10_000).collect(), signals }
}

#[test]
fn a_long_export_comes_in_blocks() {
    let files = [message(["a", "b"], 50_000).write(7_000), message(["c", "d"], 10).write(7_000)];
    let plan = plan("integral(a) + b");
    let signals = || vec![vec![derived(&plan, &files)], vec![derived(&plan, &files)]];
    let (rows, most) = all(signals(), &ExportRequest::default()).unwrap();
    assert_eq!((rows.times.len(), most, rows.columns.len()), (50_000, 8_192, 2));
    assert_eq!(rows.columns[0], rows.columns[1]);
    assert_eq!(rows.columns[0][2], 0.02 + 2.0);
    let every = ExportRequest {
        every: Some(5_000),
        fill: Fill::Linear,
        method: Reduction::Mean,
        ..ExportRequest::default()
    };
    let (buckets, most) = all(signals(), &every).unwrap();
    assert_eq!((buckets.times.len(), most), (99_999, 8_192));
    assert_eq!(buckets.columns[0][1], (rows.columns[0][0] + rows.columns[0][1]) / 2.0);
}

#[test]
fn many_buckets_are_those_of_few() {
    let times = (0..300_000).map(|row| row * 10_000);
    let rows =
        Rows { times: times.collect(), values: (0..300_000).map(|row| Some(f64::from(row % 977))).collect() };
    let files = rows.write(30_000, OverviewOptions { samples_per_cell: 2, ..TINY });
    let ask = |every, signals: usize| {
        let signals = (0..signals).map(|_| vec![recorded(&files)]).collect();
        all(signals, &ExportRequest { every: Some(every), ..ExportRequest::default() }).unwrap().0
    };
    let (one, two) = (ask(20_000, 1), ask(20_000, 2));
    assert_eq!((one.times.len(), two.columns.len()), (150_000, 4));
    assert_eq!(one.times, two.times, "from the overview, and from the rows: two are too many to be held");
    assert_eq!(one.columns, two.columns[..2]);
    assert_eq!(two.columns[..2], two.columns[2..]);
}

#[test]
fn signals_of_one_file_are_read_together() {
    let mut table = message(["a", "b"], 20_000);
    table.times[10] = table.times[9];
    let holes = (0..20_000).map(|row| (row % 3 == 0).then_some(f64::from(row))).collect();
    table.signals.push(("c", holes));
    let bytes = table.write(3_000);
    let overview = Rows { times: vec![0, 199_990_000], values: vec![Some(1.0); 2] };
    let cache = Arc::new(ColumnCache::new(1 << 20));
    let overviews: Vec<_> = ["a", "b", "c"].map(|name| overview.overview(name, 64, TINY)).into();
    let ask = |kept: bool| {
        let signals = ["a", "b", "c"].iter().zip(&overviews).map(|(name, overview)| {
            let file = Cursor::new(bytes.as_slice());
            let rows = if kept { Input::kept(file, &cache, "rows") } else { Input::new(file) };
            vec![
                Recording { rows, overview: Input::new(Cursor::new(overview.as_slice())), signal: name }
                    .into(),
            ]
        });
        all(signals.collect(), &ExportRequest::default()).unwrap().0
    };
    let (together, apart) = (ask(true), ask(false));
    assert_eq!(together.times, table.times);
    let bits = |rows: &canlog::export::Rows| {
        rows.columns.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!((together.times.len(), bits(&together)), (apart.times.len(), bits(&apart)));
    assert!(cache.counts().bytes < 64 << 10, "only the footer is kept: {:?}", cache.counts());
}

#[test]
fn runs_at_the_same_time_are_interleaved() {
    let rows = |start: i64| Rows {
        times: (0..1_000).map(|row| start + row * 10_000).collect(),
        values: (0..1_000).map(|row| Some((start + row) as f64)).collect(),
    };
    let files = [rows(0), rows(5_000_000), rows(5_000_000)].map(|rows| rows.write(64, TINY));
    let signal = || files.iter().map(recorded).collect::<Vec<_>>();
    let (got, _) = all(vec![signal()], &ExportRequest::default()).unwrap();
    let request = SeriesRequest { max_points: 10_000, method: Reduction::Raw, ..SeriesRequest::default() };
    assert_eq!(got.columns[0], read_range(signal(), &request).unwrap().values);
    assert!(got.times.is_sorted() && got.times.len() == 3_000);
}

#[test]
fn places_between_two_messages_of_one_run_are_filled() {
    let rows = |times: [i64; 2]| Rows { times: times.to_vec(), values: vec![Some(1.0), Some(3.0)] };
    let files = [rows([0, 10]), rows([100, 110])].map(|rows| rows.write(64, TINY));
    let ask = |runs, every| {
        let request = ExportRequest {
            fill: Fill::Previous,
            method: Reduction::Last,
            runs,
            every,
            ..ExportRequest::default()
        };
        all(files.iter().map(|files| vec![recorded(files)]).collect(), &request).unwrap().0
    };
    let whole = 0..111;
    let (apart, one) = (ask(vec![], None), ask(vec![whole.clone()], None));
    assert_eq!((apart.times.len(), one.times.len()), (4, 4), "a gap is no row");
    assert!(apart.columns[0][2].is_nan());
    assert_eq!(one.columns[0], [1.0, 3.0, 3.0, 3.0]);
    assert_eq!((ask(vec![], Some(10)).times.len(), ask(vec![whole], Some(10)).times.len()), (4, 12));
}

#[test]
fn nothing_is_no_rows() {
    let run = Run { messages: [message(["a", "b"], 10), message(["c", "d"], 10)] };
    let (files, plan) = (run.write(64), plan("a"));
    for every in [None, Some(1_000)] {
        let request = ExportRequest { window: -10..0, every, ..ExportRequest::default() };
        assert!(all(vec![vec![derived(&plan, &files)], vec![]], &request).unwrap().0.times.is_empty());
        assert!(all(vec![], &request).unwrap().0.times.is_empty());
    }
    let constant = super::derivation::plan("1");
    let refused = Export::open(vec![vec![derived(&constant, &files)]], &ExportRequest::default());
    assert!(matches!(refused.map(drop), Err(SeriesError::Constant(1.0))));
}
