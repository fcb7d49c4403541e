//! Any rows, any window.

use std::io::Cursor;
use std::ops::Range;

use canlog::manifest::{Manifest, Number, SignalSummary};
use canlog::series::{Input, Recording, SeriesError, Trace};
use canlog::statistics::{Sample, Statistics, StatisticsRequest, read_statistics};
use polars::prelude::{NamedFrom, Series as Values64};
use proptest::prelude::*;

use crate::series::message::{self, Rows, TINY};
use crate::series::property::{rows, window};

/// The figures by a look at every sample.
pub(crate) fn expected(rows: &Rows, window: &Range<i64>) -> Statistics {
    let all = rows.times.iter().zip(&rows.values).filter_map(|(&time, value)| Some((time, (*value)?)));
    let mut samples: Vec<_> = all.filter(|(time, _)| window.contains(time)).collect();
    samples.sort_by_key(|&(time, _)| time);
    let sample = |&(time, value): &(i64, f64)| Sample { time, value };
    let (first, last) = (samples.first().map(sample), samples.last().map(sample));
    let mut values: Vec<f64> = samples.into_iter().map(|(_, value)| value).collect();
    values.sort_by(|one, other| one.is_nan().cmp(&other.is_nan()).then(one.total_cmp(other)));
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let numbers = || values.iter().copied().filter(|value| !value.is_nan());
    let finite = |value: &f64| value.is_finite();
    let quantile = |part: f64| {
        let place = part * (count - 1.0);
        let at = |place: f64| values.get(place as usize).copied();
        let (low, high) = (at(place.floor())?, at(place.ceil())?);
        Some(if low == high { low } else { low + (high - low) * place.fract() }).filter(finite)
    };
    Statistics {
        count: values.len() as u64,
        min: numbers().next(),
        max: numbers().next_back(),
        mean: Some(mean).filter(finite),
        standard_deviation: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()).filter(finite),
        first,
        last,
        p05: quantile(0.05).filter(|_| count > 0.0),
        p50: quantile(0.5).filter(|_| count > 0.0),
        p95: quantile(0.95).filter(|_| count > 0.0),
    }
}

pub(crate) fn assert_close(got: &Statistics, wanted: &Statistics) {
    let exact = |of: &Statistics| (of.count, of.min, of.max);
    assert_eq!(exact(got), exact(wanted));
    let text = |of: &Statistics| format!("{:?} {:?}", of.first, of.last);
    assert_eq!(text(got), text(wanted), "NaN equals NaN");
    let figures = |of: &Statistics| [of.mean, of.standard_deviation, of.p05, of.p50, of.p95];
    for (got, wanted) in figures(got).into_iter().zip(figures(wanted)) {
        match (got, wanted) {
            (Some(got), Some(wanted)) => {
                assert!((got - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{got} {wanted}");
            }
            (got, wanted) => assert_eq!(got, wanted),
        }
    }
}

/// Statistics do not look at overviews.
fn recorded<'a>(file: &'a [u8], signal: &'a str) -> Trace<'a, Cursor<&'a [u8]>, ()> {
    Recording { rows: Input::new(Cursor::new(file)), overview: Input::new(()), signal }.into()
}

fn ask(files: &[Vec<u8>], request: &StatisticsRequest) -> Statistics {
    read_statistics(files.iter().map(|file| recorded(file, "Speed")).collect(), request).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn figures_are_those_of_all_samples(
        rows in rows(), flush in 20usize..200, from in -5i64..1_005, to in -5i64..1_005,
        kept_values in prop_oneof![Just(0usize), 1usize..50, Just(1 << 20)],
    ) {
        let window = window(&rows, from, to);
        let file = rows.write(flush, TINY).rows;
        let request = StatisticsRequest { window: window.clone(), kept_values, quantiles: true };
        let got = ask(std::slice::from_ref(&file), &request);
        assert_close(&got, &expected(&rows, &window));
        let without = ask(&[file], &StatisticsRequest { quantiles: false, ..request });
        prop_assert_eq!((without.count, without.p50), (got.count, None));
    }

    #[test]
    fn runs_are_one(rows in rows(), later in rows(), kept_values in prop_oneof![Just(3usize), Just(1 << 20)]) {
        let end = rows.times.iter().max().unwrap() - later.times.iter().min().unwrap() + 1;
        let moved = Rows { times: later.times.iter().map(|time| time + end).collect(), ..later };
        let files = [rows.write(64, TINY).rows, moved.write(64, TINY).rows];
        let request = StatisticsRequest { kept_values, ..StatisticsRequest::default() };
        let all = Rows {
            times: [rows.times, moved.times].concat(),
            values: [rows.values, moved.values].concat(),
        };
        assert_close(&ask(&files, &request), &expected(&all, &(i64::MIN..i64::MAX)));
    }
}

#[test]
fn wide_integers_are_floats() {
    let wide: Vec<u64> = (0..100).map(|row| u64::MAX - row).collect();
    let times: Vec<i64> = (0..100).collect();
    let file = message::file(&times, Values64::new("Speed".into(), &wide), 64);
    let statistics = ask(&[file], &StatisticsRequest::default());
    assert_eq!((statistics.max, statistics.p50), (Some(u64::MAX as f64), Some(u64::MAX as f64)));
}

#[test]
fn an_unknown_signal_is_refused() {
    let file = Rows { times: vec![1], values: vec![Some(1.0)] }.write(10, TINY).rows;
    let error = read_statistics(vec![recorded(&file, "Spee")], &StatisticsRequest::default());
    assert!(matches!(error, Err(SeriesError::UnknownSignal(name)) if name == "Spee"));
}

#[test]
fn stored_figures_are_those_read() {
    let summary = SignalSummary {
        count: 2,
        min: Some(Number::Int(-1)),
        max: Some(Number::Float(2.0)),
        first: Some(Number::Float(2.0)),
        last: Some(Number::Int(-1)),
        first_time: Some(10),
        last_time: Some(20),
        mean: Some(0.5),
        standard_deviation: Some(4.5_f64.sqrt()),
        ..SignalSummary::default()
    };
    let file = Rows { times: vec![10, 20], values: vec![Some(2.0), Some(-1.0)] }.write(10, TINY).rows;
    let read = ask(&[file], &StatisticsRequest { quantiles: false, ..StatisticsRequest::default() });
    assert_eq!(Statistics::stored(&summary, true), Some(read));
    assert_eq!(Statistics::stored(&summary, false), None, "first and last are not those by time");
    assert_eq!(Statistics::stored(&SignalSummary::default(), true), Some(Statistics::default()));
}

#[test]
fn manifests_without_mean_and_deviation_are_read() {
    let signal = r#"{"name":"Speed","unit":null,"count":2,"min":1,"max":2,"first":1,"last":2,"firstTime":1,"lastTime":2}"#;
    let manifest = format!(
        r#"{{"format":"candump","dbcs":[],"messages":[{{"bus":null,"frameId":1,"extended":false,"message":"M",
        "file":"M.parquet","overview":{{"file":"M.overview.parquet","bytes":1,"sha256":""}},"rows":2,"bytes":1,
        "sha256":"","sorted":true,"signals":[{signal}]}}]}}"#
    );
    let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
    assert_eq!(Statistics::stored(&manifest.messages[0].signals[0], true), None, "they are to be read");
}
