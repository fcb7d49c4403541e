//! What a conversion costs from the log's bytes to the files' bytes, both in memory: frames a second.
//!
//! The drive is a quarter of `Drive::bench()`: 1.4 million frames, 140 signals in 30 messages.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use canlog::convert::{ConvertLimits, ConvertOptions, Source, convert};
use canlog::dbc::{self, BoundDbc};
use canlog::synth::{Drive, LogShape};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn bench(bencher: Bencher, shape: LogShape, threads: usize) {
    let drive = Drive { seconds: Drive::bench().seconds / 4, ..Drive::bench() };
    let mut log = Vec::new();
    let counts = match drive.write_log(shape, &mut log) {
        Ok(counts) => counts,
        Err(error) => panic!("{error}"),
    };
    let dbc = match dbc::parse(drive.dbc().as_bytes()) {
        Ok(dbc) => Arc::new(dbc),
        Err(error) => panic!("{error}"),
    };
    let log: Arc<[u8]> = log.into();
    let options = ConvertOptions {
        dbcs: vec![BoundDbc { dbc, bus: None }],
        time_zone: jiff::tz::TimeZone::UTC,
        shift: 0,
        threads,
        limits: ConvertLimits::default(),
    };
    let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(Arc::clone(&log)))) };
    let create = |_: &str| -> io::Result<Box<dyn Write + Send>> { Ok(Box::new(io::sink())) };
    let source = Source { open: &open, bytes: log.len() as u64 };
    bencher.counter(ItemsCount::new(counts.frames)).bench_local(|| {
        convert(&source, &options, &create, &mut |_| {}).map(|converted| converted.report.samples)
    });
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn candump(bencher: Bencher, threads: usize) {
    bench(bencher, LogShape::Candump, threads);
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn team_csv(bencher: Bencher, threads: usize) {
    bench(bencher, LogShape::TeamCsv, threads);
}
