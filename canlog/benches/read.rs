//! What reading costs: a made-up drive in chunks of 1 MiB into one reused batch. The counter is frames.

use std::hint::black_box;
use std::io::{self, Write};

use canlog::format::{Format, HEAD_BYTES, sniff};
use canlog::frame::Batch;
use canlog::read::{ReadOptions, Reader};
use canlog::synth::{Drive, LogShape};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Bytes given to the reader at once.
const CHUNK: usize = 1 << 20;

fn main() {
    divan::main();
}

/// Four hundred thousand frames on so many buses.
fn drive(shape: LogShape, buses: u32) -> Vec<u8> {
    let mut log = Vec::new();
    let drive = Drive { seconds: 200, buses, ..Drive::bench() };
    match drive.write_log(shape, &mut log) {
        Ok(_) => log,
        Err(error) => panic!("{error}"),
    }
}

fn read(format: Format, log: &[u8], batch: &mut Batch) -> usize {
    let mut reader = Reader::new(format, &[], &ReadOptions::default());
    let (mut used, mut frames) = (0, 0);
    while used < log.len() {
        let end = log.len().min(used + CHUNK);
        batch.clear();
        used += reader.read(&log[used..end], end == log.len(), batch);
        frames += batch.frames.len();
        black_box(&*batch);
    }
    frames
}

fn measure(bencher: Bencher, format: Format, log: &[u8]) {
    let mut batch = Batch::default();
    let frames = read(format, log, &mut batch);
    assert!(frames > 0, "nothing is read");
    bencher.counter(ItemsCount::new(frames)).bench_local(|| read(format, log, &mut batch));
}

/// On one bus, and on three that take turns.
#[divan::bench(args = [1, 3])]
fn candump(bencher: Bencher, buses: u32) {
    measure(bencher, Format::Candump, &drive(LogShape::Candump, buses));
}

#[divan::bench]
fn team_csv(bencher: Bencher) {
    measure(bencher, Format::TeamCsv, &drive(LogShape::TeamCsv, 1));
}

/// `candump` without `-L`, made from the log form.
#[divan::bench]
fn candump_text(bencher: Bencher) {
    let mut text = Vec::new();
    let log = drive(LogShape::Candump, 1);
    for line in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        _ = rewritten(line, &mut text);
    }
    measure(bencher, Format::CandumpText, &text);
}

fn rewritten(line: &[u8], text: &mut Vec<u8>) -> io::Result<()> {
    let (head, payload) = line.split_at(line.iter().position(|byte| *byte == b'#').unwrap_or(line.len()));
    let payload = payload.get(1..).unwrap_or_default();
    text.write_all(b" ")?;
    text.write_all(head)?;
    write!(text, "   [{}] ", payload.len() / 2)?;
    for pair in payload.chunks(2) {
        text.write_all(b" ")?;
        text.write_all(pair)?;
    }
    text.write_all(b"\n")
}

#[divan::bench]
fn sniff_candump(bencher: Bencher) {
    let log = drive(LogShape::Candump, 3);
    bencher.bench_local(|| sniff(black_box(&log[..HEAD_BYTES])).is_ok());
}
