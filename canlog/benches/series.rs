//! What a plot waits for: a window of a signal as 2,000 points, files opened anew each time (cold) or decoded
//! columns kept (warm); and figures of all samples.
//!
//! The run is made up: one message of four noisy signals at 100 Hz. Its files lie in the system's cache.

use std::f64::consts::TAU;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use canlog::convert::{ConvertLimits, ConvertOptions, Source, convert};
use canlog::dbc::{self, BoundDbc};
use canlog::series::{ColumnCache, Input, Recording, Reduction, SeriesRequest, read_range, read_series};
use canlog::statistics::{StatisticsRequest, read_statistics};
use divan::Bencher;
use tempfile::TempDir;

const DBC: &str = "BU_: N\nBO_ 256 Motion: 8 N\n SG_ A : 0|16@1- (0.01,0) [0|0] \"\" N\n \
    SG_ B : 16|16@1- (0.01,0) [0|0] \"\" N\n SG_ C : 32|16@1- (0.5,0) [0|0] \"\" N\n \
    SG_ D : 48|16@1+ (1,0) [0|0] \"\" N\n";
/// Microseconds from one frame to the next.
const STEP: u64 = 10_000;
const SHORT: u64 = 300_000;
const LONG: u64 = 36_000_000;

fn main() {
    divan::main();
}

/// A candump log that is made while it is read.
struct Log {
    frames: Range<u64>,
    random: u64,
    line: Vec<u8>,
}

impl Log {
    fn next_line(&mut self, frame: u64) {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (self.random >> 58) as i16;
        let wave = |period: f64| ((frame as f64 / period * TAU).sin() * 8_000.0) as i16;
        let (time, values) =
            (frame * STEP, [wave(9_000.0) + noise, wave(700.0) + noise / 4, noise, frame as i16]);
        let payload = values
            .iter()
            .fold(0, |payload: u64, &value| payload << 16 | u64::from(value.swap_bytes() as u16));
        self.line.clear();
        let (seconds, micros) = (1_700_000_000 + time / 1_000_000, time % 1_000_000);
        let _ = writeln!(self.line, "({seconds}.{micros:06}) can0 100#{payload:016X}");
    }
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while buffer.len() - filled >= 64 {
            let Some(frame) = self.frames.next() else { break };
            self.next_line(frame);
            buffer[filled..filled + self.line.len()].copy_from_slice(&self.line);
            filled += self.line.len();
        }
        Ok(filled)
    }
}

/// Files of a conversion.
struct Run {
    folder: TempDir,
    rows: String,
    overview: String,
}

impl Run {
    #[expect(clippy::print_stdout, reason = "sizes belong to the figures")]
    fn make(frames: u64) -> Self {
        let (Ok(folder), Ok(dbc)) = (tempfile::tempdir(), dbc::parse(DBC.as_bytes())) else {
            panic!("no folder, no DBC")
        };
        let log = || Log { frames: 0..frames, random: 1, line: Vec::new() };
        let open = || -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(io::BufReader::with_capacity(1 << 20, log())))
        };
        let options = ConvertOptions {
            dbcs: vec![BoundDbc { dbc: Arc::new(dbc), bus: None }],
            time_zone: jiff::tz::TimeZone::UTC,
            shift: 0,
            threads: 2,
            limits: ConvertLimits::default(),
        };
        let create = |name: &str| -> io::Result<Box<dyn Write + Send>> {
            Ok(Box::new(File::create(folder.path().join(name))?))
        };
        match convert(&Source { open: &open, bytes: frames * 42 }, &options, &create, &mut |_| {}) {
            Ok(converted) => {
                let message = &converted.manifest.messages[0];
                println!("{frames} rows: {} bytes, overview {}", message.bytes, message.overview.bytes);
                let (rows, overview) = (message.file.clone(), message.overview.file.clone());
                Self { folder, rows, overview }
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn of(frames: u64) -> &'static Self {
        static SHORT_RUN: OnceLock<Run> = OnceLock::new();
        static LONG_RUN: OnceLock<Run> = OnceLock::new();
        let run = if frames == SHORT { &SHORT_RUN } else { &LONG_RUN };
        run.get_or_init(|| Self::make(frames))
    }

    fn open(&self, name: &str) -> File {
        let path: PathBuf = self.folder.path().join(name);
        match File::open(path) {
            Ok(file) => file,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A window by its place in the run, in thousandths; off the rims of the cells, as a drag of the mouse is.
fn window(frames: u64, thousandths: Range<u64>) -> Range<i64> {
    let at = |thousandths: u64| (1_700_000_000_000_000 + frames * STEP / 1_000 * thousandths) as i64;
    at(thousandths.start) + 1_234..at(thousandths.end) + 1_234
}

fn ask(bencher: Bencher, frames: u64, thousandths: Range<u64>, method: Reduction) {
    let run = Run::of(frames);
    let window = window(frames, thousandths);
    let request = SeriesRequest { window, max_points: 2_000, method, ..SeriesRequest::default() };
    bencher.bench(|| match read_series(run.open(&run.rows), run.open(&run.overview), "A", &request) {
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
    let run = Run::of(LONG);
    let start = if thousandths == 1_000 { 0 } else { 450 };
    let request =
        SeriesRequest { window: window(LONG, start..start + thousandths), ..SeriesRequest::default() };
    let cache = Arc::new(ColumnCache::new(256 << 20));
    let ask = || {
        let rows = Input::kept(run.open(&run.rows), &cache, "rows");
        let overview = Input::kept(run.open(&run.overview), &cache, "overview");
        match read_range(vec![Recording { rows, overview, signal: "A" }.into()], &request) {
            Ok(series) => series,
            Err(error) => panic!("{error}"),
        }
    };
    ask();
    bencher.bench(ask);
}

fn figures(bencher: Bencher, request: &StatisticsRequest) {
    let run = Run::of(LONG);
    bencher.bench(|| {
        let (rows, overview) = (Input::new(run.open(&run.rows)), Input::new(()));
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
