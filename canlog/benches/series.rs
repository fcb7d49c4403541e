//! What a plot waits for: a window of a signal as 2,000 points, files opened anew each time (cold) or decoded
//! columns kept (warm); and figures of all samples.
//!
//! The run is made up: one message of four noisy signals at 100 Hz. Its files lie in the system's cache.

mod drive;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use canlog::series::{ColumnCache, Input, Recording, Reduction, SeriesRequest, read_range, read_series};
use canlog::statistics::{StatisticsRequest, read_statistics};
use divan::Bencher;
use tempfile::TempDir;

use crate::drive::{LONG, Run, SHORT, window};

fn main() {
    divan::main();
}

fn run_of(frames: u64) -> &'static Run {
    static SHORT_RUN: OnceLock<(TempDir, Run)> = OnceLock::new();
    static LONG_RUN: OnceLock<(TempDir, Run)> = OnceLock::new();
    let run = if frames == SHORT { &SHORT_RUN } else { &LONG_RUN };
    let make = || {
        let Ok(folder) = tempfile::tempdir() else { panic!("no folder") };
        let run = Run::make(folder.path(), frames);
        (folder, run)
    };
    &run.get_or_init(make).1
}

fn ask(bencher: Bencher, frames: u64, thousandths: Range<u64>, method: Reduction) {
    let run = run_of(frames);
    let window = window(frames, thousandths);
    let request = SeriesRequest { window, max_points: 2_000, method, ..SeriesRequest::default() };
    bencher.bench(|| match read_series(run.rows(), run.overview(), "A", &request) {
        Ok(series) => series,
        Err(error) => panic!("{error}"),
    });
}

#[divan::bench(args = [SHORT, LONG])]
fn whole(bencher: Bencher, frames: u64) {
    ask(bencher, frames, 0..1_000, Reduction::MinMax);
}

#[divan::bench(args = [SHORT, LONG])]
fn whole_mean(bencher: Bencher, frames: u64) {
    ask(bencher, frames, 0..1_000, Reduction::Mean);
}

#[divan::bench(args = [100, 50, 20, 10, 5, 1])]
fn thousandths_of_the_long_run(bencher: Bencher, thousandths: u64) {
    ask(bencher, LONG, 450..450 + thousandths, Reduction::MinMax);
}

/// The second identical question, and those after it.
#[divan::bench(args = [1_000, 100, 10, 1])]
fn thousandths_of_the_long_run_warm(bencher: Bencher, thousandths: u64) {
    let run = run_of(LONG);
    let start = if thousandths == 1_000 { 0 } else { 450 };
    let request =
        SeriesRequest { window: window(LONG, start..start + thousandths), ..SeriesRequest::default() };
    let cache = Arc::new(ColumnCache::new(256 << 20));
    let ask = || {
        let rows = Input::kept(run.rows(), &cache, "rows");
        let overview = Input::kept(run.overview(), &cache, "overview");
        match read_range(vec![Recording { rows, overview, signal: "A" }.into()], &request) {
            Ok(series) => series,
            Err(error) => panic!("{error}"),
        }
    };
    ask();
    bencher.bench(ask);
}

fn figures(bencher: Bencher, request: &StatisticsRequest) {
    let run = run_of(LONG);
    bencher.bench(|| {
        let (rows, overview) = (Input::new(run.rows()), Input::new(()));
        match read_statistics(vec![Recording { rows, overview, signal: "A" }.into()], request) {
            Ok(statistics) => statistics,
            Err(error) => panic!("{error}"),
        }
    });
}

#[divan::bench(args = [false, true])]
fn statistics_of_the_long_run(bencher: Bencher, quantiles: bool) {
    figures(bencher, &StatisticsRequest { quantiles, ..StatisticsRequest::default() });
}

#[divan::bench]
fn statistics_of_a_hundredth_of_it(bencher: Bencher) {
    let window = window(LONG, 450..460);
    figures(bencher, &StatisticsRequest { window, ..StatisticsRequest::default() });
}
