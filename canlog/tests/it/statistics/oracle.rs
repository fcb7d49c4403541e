//! Figures and buckets of a conversion's files against polars' and DuckDB's.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use canlog::frame::Micros;
use canlog::manifest::{MessageFile, SignalSummary};
use canlog::series::{Input, Recording, Reduction, Series, SeriesRequest, read_series};
use canlog::statistics::{Statistics, StatisticsRequest, read_statistics};
use canlog::synth::LogShape;
use serde_json::{Value, json};

use crate::overview_oracle::{DRIVE, convert_into, log, python};

#[test]
fn others_compute_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut straight = Vec::new();
    DRIVE.write_log(LogShape::Candump, &mut straight).unwrap();
    for log in [straight, log()] {
        let converted = convert_into(folder.path(), &log);
        let messages = &converted.manifest.messages;
        let answers: Vec<_> = messages.iter().flat_map(|message| answers(folder.path(), message)).collect();
        compare(folder.path(), &answers);
    }
}

/// Of each signal: the whole run, and a window that cuts cells and row groups.
fn answers(folder: &Path, message: &MessageFile) -> Vec<Value> {
    let times = message.signals.iter().filter_map(|signal| signal.first_time.zip(signal.last_time));
    let (start, end) =
        times.fold((i64::MAX, 0), |(start, end), (first, last)| (start.min(first), end.max(last)));
    let windows = [i64::MIN / 2..i64::MAX / 2, start + (end - start) / 3 + 7..end - 5_000_003];
    let each = message.signals.iter().flat_map(|signal| windows.clone().map(|window| (signal, window)));
    each.map(|(signal, window)| answer((folder, message), signal, &window)).collect()
}

fn answer((folder, message): (&Path, &MessageFile), signal: &SignalSummary, window: &Range<Micros>) -> Value {
    let open = |name: &str| File::open(folder.join(name)).unwrap();
    let request = StatisticsRequest { window: window.clone(), ..StatisticsRequest::default() };
    let (rows, overview) = (Input::new(open(&message.file)), Input::new(()));
    let run = Recording { rows, overview, signal: &signal.name };
    let statistics = read_statistics(vec![run.into()], &request).unwrap();
    if let Some(stored) = Statistics::stored(signal, message.sorted).filter(|_| window.start < 0) {
        assert_same_but_quantiles(&stored, &statistics);
    }
    let series = |every: i64, method| {
        let (window, every) = (window.clone(), Some(every));
        let request =
            SeriesRequest { window, max_points: 100_000, method, every, ..SeriesRequest::default() };
        read_series(open(&message.file), open(&message.overview.file), &signal.name, &request).unwrap()
    };
    let buckets = [1_000_000, 10_000_000].map(|every| buckets(every, &series));
    json!({
        "file": folder.join(&message.file).display().to_string(), "signal": signal.name,
        "from": window.start, "to": window.end, "statistics": figures(&statistics),
        "buckets": buckets,
    })
}

fn figures(of: &Statistics) -> Value {
    json!({
        "count": of.count, "min": of.min, "max": of.max, "mean": of.mean, "std": of.standard_deviation,
        "first": of.first.map(|sample| sample.value), "last": of.last.map(|sample| sample.value),
        "p05": of.p05, "p50": of.p50, "p95": of.p95,
    })
}

fn buckets(every: i64, series: &dyn Fn(i64, Reduction) -> Series) -> Value {
    let (mean, first) = (series(every, Reduction::Mean), series(every, Reduction::First));
    let (last, extremes) = (series(every, Reduction::Last), series(every, Reduction::MinMax));
    assert!(mean.time == first.time && mean.time == last.time && mean.time == extremes.time);
    json!({
        "every": every, "t0": mean.t0, "time": mean.time, "mean": mean.values, "first": first.values,
        "last": last.values, "min": extremes.min, "max": extremes.max,
    })
}

fn assert_same_but_quantiles(stored: &Statistics, read: &Statistics) {
    let exact = |of: &Statistics| (of.count, of.min, of.max, of.first, of.last);
    assert_eq!(exact(stored), exact(read));
    for (one, other) in [(stored.mean, read.mean), (stored.standard_deviation, read.standard_deviation)] {
        assert!((one.unwrap() - other.unwrap()).abs() <= 1e-9 * other.unwrap().abs().max(1.0));
    }
}

fn compare(folder: &Path, answers: &[Value]) {
    let file = folder.join("answers.json");
    std::fs::write(&file, serde_json::to_vec(answers).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/oracle/statistics.py");
    let output = python().arg(script).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), answers.len().to_string());
    std::fs::remove_file(file).unwrap();
}
