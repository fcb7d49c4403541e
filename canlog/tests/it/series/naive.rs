//! The same answer from a look at every sample.

use std::collections::BTreeMap;

use canlog::frame::Micros;
use canlog::series::{Reduction, Series, SeriesRequest};

use super::message::Rows;

/// Samples of the window in stable time order.
pub(crate) fn samples(rows: &Rows, request: &SeriesRequest) -> Vec<(Micros, f64)> {
    let all = rows.times.iter().zip(&rows.values).filter_map(|(&time, value)| Some((time, (*value)?)));
    let mut samples: Vec<_> = all.filter(|(time, _)| request.window.contains(time)).collect();
    samples.sort_by_key(|&(time, _)| time);
    samples
}

/// What `answer` must be, given the bucket width that it chose.
pub(crate) fn expected(rows: &Rows, request: &SeriesRequest, answer: &Series) -> Series {
    let samples = samples(rows, request);
    let most = request.max_points.max(1);
    let seconds = |time: Micros| (time - answer.t0) as f64 / 1e6;
    let mut series = Series { source_samples: samples.len() as u64, t0: answer.t0, ..Series::default() };
    if samples.len() <= most {
        (series.method, series.exact) = (Reduction::Raw, true);
        (series.time, series.values) = samples.iter().map(|&(time, value)| (seconds(time), value)).unzip();
        return series;
    }
    let bucket = answer.bucket.unwrap();
    (series.method, series.bucket) = (request.method, Some(bucket));
    let mut buckets: BTreeMap<Micros, Vec<f64>> = BTreeMap::new();
    for (time, value) in samples {
        let start = if most == 1 { answer.t0 } else { time.div_euclid(bucket) * bucket };
        buckets.entry(start).or_default().push(value);
    }
    for (start, values) in buckets {
        series.time.push(seconds(start.max(answer.t0)));
        reduce(&mut series, &values);
    }
    series
}

fn reduce(series: &mut Series, values: &[f64]) {
    match series.method {
        Reduction::Mean => series.values.push(values.iter().sum::<f64>() / values.len() as f64),
        Reduction::First => series.values.push(values[0]),
        Reduction::Last => series.values.push(values[values.len() - 1]),
        Reduction::MinMax | Reduction::Raw => {
            series.min.push(values.iter().copied().fold(f64::NAN, f64::min));
            series.max.push(values.iter().copied().fold(f64::NAN, f64::max));
        }
    }
}

/// Asserts equality; NaN equals NaN, means may differ in their last digits.
pub(crate) fn assert_same(answer: &Series, expected: &Series) {
    let shape =
        |series: &Series| (series.method, series.bucket, series.source_samples, series.exact, series.t0);
    assert_eq!(shape(answer), shape(expected));
    assert_eq!(answer.time, expected.time);
    for (got, want) in
        [(&answer.min, &expected.min), (&answer.max, &expected.max), (&answer.values, &expected.values)]
    {
        assert_eq!(got.len(), want.len());
        let close =
            |got: f64, want: f64| got == want || got.is_nan() && want.is_nan() || (got - want).abs() < 1e-9;
        assert!(got.iter().zip(want).all(|(&got, &want)| close(got, want)), "{got:?}\n{want:?}");
    }
}
