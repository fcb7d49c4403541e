//! Several runs as one axis.

use std::io::Cursor;

use canlog::frame::Micros;
use canlog::series::{
    Fill, Input, Recording, Reduction, Series, SeriesError, SeriesRequest, Trace, read_range,
};
use proptest::prelude::*;

use super::message::{Files, Rows, TINY};
use super::naive;
use super::property::{method, rows};

fn ask(runs: &[Files], request: &SeriesRequest) -> Result<Series, SeriesError> {
    let run = |files: &'_ Files| Recording {
        rows: Input::new(Cursor::new(files.rows.clone())),
        overview: Input::new(Cursor::new(files.overview.clone())),
        signal: "Speed",
    };
    read_range(runs.iter().map(run).map(Trace::from).collect(), request)
}

/// The same rows from `start` on.
fn moved(rows: &Rows, start: Micros) -> Rows {
    let least = rows.times.iter().min().unwrap();
    Rows { times: rows.times.iter().map(|time| time - least + start).collect(), values: rows.values.clone() }
}

/// 100 samples at 10 Hz from each of these times on.
fn drives(starts: &[Micros]) -> Vec<Files> {
    let one = |&start: &Micros| Rows {
        times: (0..100).map(|row| start + row * 100_000).collect(),
        values: (0..100).map(|row| Some(f64::from(row))).collect(),
    };
    starts.iter().map(|start| one(start).write(64, TINY)).collect()
}

#[test]
fn a_gap_is_nan_and_takes_no_bucket() {
    let runs = drives(&[0, 3_600_000_000]);
    let request = SeriesRequest { max_points: 41, ..SeriesRequest::default() };
    let series = ask(&runs, &request).unwrap();
    assert_eq!((series.bucket, series.time.len()), (Some(500_000), 41), "an hour's gap costs one entry");
    assert_eq!((series.source_samples, series.time[20]), (200, 9.900_001));
    assert!(series.min[20].is_nan() && series.max[20].is_nan());
    assert_eq!((series.max[19], series.min[21], series.time[21]), (99.0, 0.0, 3_600.0));
    let raw = ask(&runs, &SeriesRequest { max_points: 201, ..request.clone() }).unwrap();
    assert_eq!((raw.method, raw.time.len(), raw.exact), (Reduction::Raw, 201, true));
    assert!(raw.values[100].is_nan());
    assert_eq!((raw.values[99], raw.values[101]), (99.0, 0.0));
    let reduced = ask(&runs, &SeriesRequest { max_points: 200, ..request.clone() }).unwrap();
    assert_eq!(reduced.method, Reduction::MinMax, "no room for the gap");
    let refused = ask(&runs, &SeriesRequest { max_points: 200, method: Reduction::Raw, ..request });
    assert!(matches!(refused, Err(SeriesError::TooManySamples { .. })));
}

#[test]
fn nothing_is_filled_from_run_to_run() {
    let runs = drives(&[0, 3_600_000_000]);
    for fill in [Fill::Previous, Fill::Linear] {
        let request = SeriesRequest {
            max_points: 10_000,
            method: Reduction::Mean,
            every: Some(20_000),
            fill,
            ..SeriesRequest::default()
        };
        let series = ask(&runs, &request).unwrap();
        let empty: Vec<_> = series.values.iter().filter(|value| value.is_nan()).collect();
        assert_eq!((series.time.len(), empty.len()), (2 * 496 + 1, 1));
    }
}

#[test]
fn more_runs_than_points_are_answered() {
    let starts: Vec<_> = (0..50).map(|run| run * 60_000_000).collect();
    let runs = drives(&starts);
    for max_points in [0, 1, 2, 10, 49, 50, 99, 100, 101] {
        let series = ask(&runs, &SeriesRequest { max_points, ..SeriesRequest::default() }).unwrap();
        assert!(series.time.len() <= max_points.max(1), "{} of {max_points}", series.time.len());
        assert_eq!(series.source_samples, 5_000);
    }
}

/// Also where points are too few for each run and each gap to have one.
#[test]
fn nothing_is_filled_between_runs_that_share_points() {
    let starts: Vec<_> = (0..20).map(|run| 7_000_000 + run * 900_000_000).collect();
    let runs = drives(&starts);
    for max_points in [3, 10, 20, 38, 39, 40, 58, 60, 200] {
        let request = SeriesRequest {
            max_points,
            method: Reduction::Mean,
            fill: Fill::Previous,
            ..SeriesRequest::default()
        };
        let series = ask(&runs, &request).unwrap();
        assert!((2..=max_points).contains(&series.time.len()), "{} of {max_points}", series.time.len());
        let bucket = series.bucket.unwrap();
        for (time, value) in series.time.iter().zip(&series.values) {
            let at = series.t0 + (time * 1e6).round() as Micros;
            let is_driven = starts.iter().any(|&start| start < at + bucket && at < start + 10_000_000);
            assert!(is_driven || value.is_nan(), "{value} at {at} of {max_points}");
        }
    }
    let two = SeriesRequest { max_points: 3, fill: Fill::Linear, ..SeriesRequest::default() };
    let series = ask(&drives(&[0, 3_600_000_000]), &two).unwrap();
    assert_eq!((series.min[0], series.max[2], series.time.len()), (0.0, 99.0, 3));
    assert!(series.min[1].is_nan(), "one entry a run, and the gap");
}

#[test]
fn a_run_joins_its_own_messages_and_no_others() {
    let runs = drives(&[0, 60_000_000]);
    let gaps = |spans: &[(Micros, Micros)]| {
        let spans = spans.iter().map(|&(start, end)| start..end).collect();
        let request = SeriesRequest { method: Reduction::Raw, runs: spans, ..SeriesRequest::default() };
        ask(&runs, &request).unwrap().values.iter().filter(|value| value.is_nan()).count()
    };
    assert_eq!(gaps(&[]), 1);
    assert_eq!(gaps(&[(0, 70_000_000)]), 0, "both are of one run");
    assert_eq!(gaps(&[(3_000_000, 63_000_000)]), 0, "samples that begin late and end early");
    assert_eq!(gaps(&[(0, 9_900_001), (60_000_000, 70_000_000)]), 1);
}

#[test]
fn no_run_is_an_empty_answer() {
    let series = ask(&[], &SeriesRequest { window: 5..10, ..SeriesRequest::default() }).unwrap();
    assert_eq!((series.t0, series.exact, series.time.len()), (5, true, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// Two cars at once: what each bucket holds is what all rows say, first and last too.
    #[test]
    fn runs_at_the_same_time_are_one_axis(
        one in rows(), other in rows(), late in 0i64..1_000, max_points in 2usize..60, flush in 20usize..200,
        method in method(),
    ) {
        let one = moved(&one, 0);
        let other = moved(&other, one.times.iter().max().unwrap() * late / 1_000);
        let files = [one.write(flush, TINY), other.write(flush, TINY)];
        let request = SeriesRequest { max_points, method, ..SeriesRequest::default() };
        let answer = ask(&files, &request).unwrap();
        let all = Rows { times: [one.times, other.times].concat(), values: [one.values, other.values].concat() };
        naive::assert_same(&answer, &naive::expected(&all, &request, &answer));
    }

    /// Every sample lies in exactly one entry, whatever the runs.
    #[test]
    fn ranges_tile(
        runs in prop::collection::vec((rows(), 1i64..20_000_000), 1..5), max_points in 1usize..60,
        flush in 20usize..200, method in method(),
    ) {
        let mut end = 0;
        let runs: Vec<_> = runs.iter().map(|(rows, gap)| {
            let rows = moved(rows, end + gap);
            end = *rows.times.iter().max().unwrap();
            rows
        }).collect();
        let files: Vec<_> = runs.iter().map(|rows| rows.write(flush, TINY)).collect();
        let request = SeriesRequest { max_points, method, ..SeriesRequest::default() };
        let series = ask(&files, &request).unwrap();
        let values = runs.iter().flat_map(|rows| rows.values.iter().copied().flatten());
        prop_assert_eq!(series.source_samples, values.clone().count() as u64);
        prop_assert!(series.time.len() <= max_points);
        prop_assert!(series.time.is_sorted());
        if series.method == Reduction::MinMax {
            let peak = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NAN, f64::max);
            let (got, all) = (peak(&mut series.max.iter().copied()), peak(&mut values.clone()));
            prop_assert!(got == all || got.is_nan() && all.is_nan());
        }
        if series.method == Reduction::Raw {
            let gaps = series.values.len() - values.clone().count();
            prop_assert!(gaps < runs.len());
        }
    }
}
