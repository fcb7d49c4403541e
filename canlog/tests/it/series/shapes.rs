//! Buckets of a width asked for, several signals on one axis, and places that are filled.

use std::collections::BTreeMap;
use std::io::Cursor;

use canlog::series::{Fill, Input, Recording, Reduction, Series, SeriesError, SeriesRequest, read_shared};
use proptest::prelude::*;

use super::message::{Files, Rows, TINY};
use super::property::{method, rows, window};

fn shared(signals: &[Files], request: &SeriesRequest) -> Result<Vec<Series>, SeriesError> {
    let one = |files: &'_ Files| {
        let (rows, overview) = (Cursor::new(files.rows.clone()), Cursor::new(files.overview.clone()));
        let (rows, overview) = (Input::new(rows), Input::new(overview));
        vec![Recording { rows, overview, signal: "Speed" }.into()]
    };
    read_shared(signals.iter().map(one).collect(), request)
}

fn some(times: &[i64], values: &[f64]) -> Files {
    Rows { times: times.to_vec(), values: values.iter().copied().map(Some).collect() }.write(64, TINY)
}

fn same(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| one == other || one.is_nan() && other.is_nan())
}

const NAN: f64 = f64::NAN;

#[test]
fn few_samples_share_the_times_of_all() {
    let signals = [some(&[0, 20, 20, 50], &[1.0, 2.0, 3.0, 4.0]), some(&[10, 20, 40], &[10.0, 20.0, 40.0])];
    let ask = |fill| shared(&signals, &SeriesRequest { fill, ..SeriesRequest::default() }).unwrap();
    let plain = ask(Fill::None);
    assert_eq!(plain[0].time, [0.0, 10e-6, 20e-6, 20e-6, 40e-6, 50e-6]);
    assert_eq!(plain[0].time, plain[1].time);
    assert!(same(&plain[0].values, &[1.0, NAN, 2.0, 3.0, NAN, 4.0]), "{:?}", plain[0].values);
    assert!(same(&plain[1].values, &[NAN, 10.0, 20.0, NAN, 40.0, NAN]), "{:?}", plain[1].values);
    assert!(plain[0].exact && (plain[0].source_samples, plain[1].source_samples) == (4, 3));
    let previous = ask(Fill::Previous);
    assert!(same(&previous[1].values, &[NAN, 10.0, 20.0, 20.0, 40.0, 40.0]), "none from the future");
    assert!(!previous[1].exact, "some are made up");
    let linear = ask(Fill::Linear);
    assert!(same(&linear[1].values, &[NAN, 10.0, 20.0, 20.0, 40.0, NAN]), "{:?}", linear[1].values);
    assert!(same(&linear[0].values, &[1.0, 1.5, 2.0, 3.0, 3.0 + 2.0 / 3.0, 4.0]), "{:?}", linear[0].values);
    let most = |max_points, method| {
        let request = SeriesRequest { max_points, method, ..SeriesRequest::default() };
        shared(&signals, &request)
    };
    assert_eq!(most(6, Reduction::Raw).unwrap()[0].values.len(), 6);
    assert!(matches!(most(5, Reduction::Raw), Err(SeriesError::TooManySamples { samples: 6, .. })));
    assert_eq!(most(5, Reduction::Last).unwrap()[0].method, Reduction::Last, "each fits, together not");
}

#[test]
fn buckets_asked_for_are_filled_on_request() {
    let files = some(&[1_000, 1_500, 3_200, 6_000], &[1.0, 3.0, 8.0, 5.0]);
    let ask = |fill, max_points| {
        let request = SeriesRequest {
            max_points,
            method: Reduction::Mean,
            every: Some(1_000),
            fill,
            ..SeriesRequest::default()
        };
        files.series(&request)
    };
    let plain = ask(Fill::None, 6).unwrap();
    assert_eq!((plain.time, plain.values), (vec![0.0, 0.002, 0.005], vec![2.0, 8.0, 5.0]));
    assert_eq!((plain.bucket, plain.exact), (Some(1_000), false));
    assert_eq!(ask(Fill::Previous, 6).unwrap().values, [2.0, 2.0, 8.0, 8.0, 8.0, 5.0]);
    assert_eq!(ask(Fill::Linear, 6).unwrap().values, [2.0, 5.0, 8.0, 7.0, 6.0, 5.0]);
    let refused = ask(Fill::None, 5);
    assert!(matches!(refused, Err(SeriesError::TooManyBuckets { buckets: 6, max_points: 5 })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Cells and rows agree with a look at every sample, whatever the width.
    #[test]
    fn every_width_is_answered(
        rows in rows(), flush in 20usize..200, from in -5i64..1_005, to in -5i64..1_005, method in method(),
        every in prop_oneof![Just(1_000i64), Just(10_000), Just(100_000), Just(1_000_000), 7i64..3_000_000],
    ) {
        let window = window(&rows, from, to);
        let request = SeriesRequest {
            window: window.clone(), max_points: usize::MAX, method, every: Some(every), ..SeriesRequest::default()
        };
        let answer = match rows.write(flush, TINY).series(&request) {
            Err(SeriesError::TooManyBuckets { buckets, .. }) => {
                prop_assert!(buckets > 1 << 20);
                return Ok(());
            }
            answer => answer.unwrap(),
        };
        let all = rows.times.iter().zip(&rows.values).filter_map(|(&time, value)| Some((time, (*value)?)));
        let mut samples: Vec<_> = all.filter(|(time, _)| window.contains(time)).collect();
        samples.sort_by_key(|&(time, _)| time);
        let mut buckets: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (time, value) in samples {
            buckets.entry(time.div_euclid(every) * every).or_default().push(value);
        }
        let seconds = |start: &i64| ((*start).max(answer.t0) - answer.t0) as f64 / 1e6;
        prop_assert_eq!(&answer.time, &buckets.keys().map(seconds).collect::<Vec<_>>());
        let wanted = |of: fn(&[f64]) -> f64| buckets.values().map(|values| of(values)).collect::<Vec<f64>>();
        let close = |got: &[f64], wanted: Vec<f64>| got.iter().zip(wanted).all(|(&got, wanted)| {
            got == wanted || got.is_nan() && wanted.is_nan() || (got - wanted).abs() < 1e-9
        });
        match method {
            Reduction::MinMax | Reduction::Raw => {
                prop_assert!(close(&answer.min, wanted(|values| values.iter().copied().fold(NAN, f64::min))));
                prop_assert!(close(&answer.max, wanted(|values| values.iter().copied().fold(NAN, f64::max))));
            }
            Reduction::Mean => {
                prop_assert!(close(&answer.values, wanted(|values| values.iter().sum::<f64>() / values.len() as f64)));
            }
            Reduction::First => prop_assert!(close(&answer.values, wanted(|values| values[0]))),
            Reduction::Last => prop_assert!(close(&answer.values, wanted(|values| values[values.len() - 1]))),
        }
    }

    #[test]
    fn a_shared_axis_has_the_entries_of_each(
        one in rows(), other in rows(), max_points in 1usize..60, method in method(),
    ) {
        let files = [one.write(64, TINY), other.write(50, TINY)];
        let series = shared(&files, &SeriesRequest { max_points, method, ..SeriesRequest::default() }).unwrap();
        prop_assert!(series[0].time.len() <= max_points);
        prop_assert_eq!(&series[0].time, &series[1].time);
        prop_assert_eq!((series[0].method, series[0].bucket), (series[1].method, series[1].bucket));
        for (series, rows) in series.iter().zip([&one, &other]) {
            let peak = |values: &mut dyn Iterator<Item = f64>| values.fold(NAN, f64::max);
            let all = peak(&mut rows.values.iter().copied().flatten());
            if series.method == Reduction::MinMax {
                let got = peak(&mut series.max.iter().copied());
                prop_assert!(got == all || got.is_nan() && all.is_nan());
            }
            prop_assert_eq!(series.source_samples, rows.values.iter().flatten().count() as u64);
        }
    }
}
