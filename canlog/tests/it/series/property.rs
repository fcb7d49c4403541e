//! Any rows, any window, any number of points.

use canlog::series::{Reduction, SeriesRequest};
use proptest::prelude::*;

use super::message::{Rows, TINY};
use super::naive;

/// Rows with bursts, gaps, equal times, steps back, nulls and NaN.
pub(crate) fn rows() -> impl Strategy<Value = Rows> {
    let step = prop_oneof![
        6 => 0i64..2_000,
        3 => 5_000i64..50_000,
        1 => Just(0),
        1 => 300_000i64..3_000_000,
    ];
    let value = prop_oneof![
        12 => (-40i32..40).prop_map(|raw| Some(f64::from(raw) * 0.25)),
        3 => Just(None),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(f64::INFINITY)),
    ];
    let row = (step, prop_oneof![30 => Just(0i64), 1 => 1i64..400_000], value);
    (-5_000_000i64..5_000_000, prop::collection::vec(row, 1..400), any::<bool>()).prop_map(
        |(start, rows, back_steps)| {
            let mut time = start;
            let mut times = Vec::new();
            for (step, back, _) in &rows {
                time += step - if back_steps { *back } else { 0 };
                times.push(time);
            }
            Rows { times, values: rows.into_iter().map(|(_, _, value)| value).collect() }
        },
    )
}

pub(crate) fn method() -> impl Strategy<Value = Reduction> {
    prop_oneof![Just(Reduction::MinMax), Just(Reduction::Mean), Just(Reduction::First), Just(Reduction::Last)]
}

/// A window by two places within the run, in thousandths; a bit more than all is possible too.
pub(crate) fn window(rows: &Rows, from: i64, to: i64) -> std::ops::Range<i64> {
    let (first, last) = (rows.times.iter().min().unwrap(), rows.times.iter().max().unwrap());
    let at = |thousandths: i64| first + (last - first) * thousandths / 1_000;
    at(from.min(to))..at(from.max(to)) + 1
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn every_bucket_tells_the_truth(
        rows in rows(), flush in 20usize..200, from in -5i64..1_005, to in -5i64..1_005, max_points in 0usize..60,
        method in method(),
    ) {
        let request = SeriesRequest { window: window(&rows, from, to), max_points, method, ..SeriesRequest::default() };
        let answer = rows.write(flush, TINY).series(&request).unwrap();
        prop_assert!(answer.time.len() <= max_points.max(1));
        naive::assert_same(&answer, &naive::expected(&rows, &request, &answer));
    }

    #[test]
    fn raw_is_all_samples_or_none(rows in rows(), flush in 20usize..200, max_points in 1usize..300) {
        let request = SeriesRequest { window: i64::MIN..i64::MAX, max_points, method: Reduction::Raw, ..SeriesRequest::default() };
        let samples = naive::samples(&rows, &request);
        match rows.write(flush, TINY).series(&request) {
            Ok(answer) => naive::assert_same(&answer, &naive::expected(&rows, &request, &answer)),
            Err(_) => prop_assert!(samples.len() > max_points),
        }
    }

    #[test]
    fn adjacent_windows_tile(rows in rows(), cut in 0i64..1_000, max_points in 1usize..20) {
        let files = rows.write(64, TINY);
        let whole = window(&rows, 0, 1_000);
        let middle = window(&rows, cut, cut).start;
        let ask = |window| files.series(&SeriesRequest { window, max_points, method: Reduction::MinMax, ..SeriesRequest::default() }).unwrap();
        let (left, right, all) = (ask(whole.start..middle), ask(middle..whole.end), ask(whole));
        prop_assert_eq!(left.source_samples + right.source_samples, all.source_samples);
        let peak = |series: &canlog::series::Series| {
            series.max.iter().chain(&series.values).copied().fold(f64::NEG_INFINITY, f64::max)
        };
        prop_assert_eq!(peak(&left).max(peak(&right)), peak(&all));
    }
}
