//! What decoding costs: bit extraction a frame, physical values, reading a DBC.
//!
//! The counter is signals: divide a frame's time by its signals, or read the throughput.

use std::fmt::Write as _;
use std::hint::black_box;

use canlog::dbc::{self, Dbc, Row};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// A message of `signals` neighbouring signals of `bits` bits, every second one Motorola if `mixed`.
fn message(id: usize, bytes: usize, signals: usize, mixed: bool) -> String {
    let bits = bytes * 8 / signals;
    let mut text = format!("BO_ {id} M{id}: {bytes} N\n");
    for at in 0..signals {
        let first = at * bits;
        let (start, order) = if mixed && at % 2 == 1 { (first ^ 7, 0) } else { (first, 1) };
        let _ = writeln!(text, " SG_ S{at} : {start}|{bits}@{order}- (0.1,-40) [0|0] \"\" N");
    }
    text
}

fn dbc_of(text: &str) -> Dbc {
    match dbc::parse(format!("BU_: N\n{text}").as_bytes()) {
        Ok(dbc) => dbc,
        Err(error) => panic!("{error}"),
    }
}

fn extract(bencher: Bencher, text: &str, payload: &[u8]) {
    let dbc = dbc_of(text);
    let plan = &dbc.messages[0].plan;
    let mut row = Row::default();
    bencher.counter(ItemsCount::new(plan.signals.len())).bench_local(|| {
        black_box(plan.extract(black_box(payload), &mut row));
        black_box(&row);
    });
}

#[divan::bench(args = [1, 4, 8, 16])]
fn intel_8_bytes(bencher: Bencher, signals: usize) {
    extract(bencher, &message(1, 8, signals, false), &[0xA5; 8]);
}

#[divan::bench(args = [4, 8])]
fn mixed_8_bytes(bencher: Bencher, signals: usize) {
    extract(bencher, &message(1, 8, signals, true), &[0xA5; 8]);
}

#[divan::bench(args = [8])]
fn short_frame(bencher: Bencher, signals: usize) {
    extract(bencher, &message(1, 8, signals, true), &[0xA5; 5]);
}

#[divan::bench(args = [8, 32, 64])]
fn fd_64_bytes(bencher: Bencher, signals: usize) {
    extract(bencher, &message(1, 64, signals, true), &[0xA5; 64]);
}

/// A multiplexor of eight pages, four signals a page.
#[divan::bench]
fn multiplexed(bencher: Bencher) {
    let mut text = "BO_ 1 M: 8 N\n SG_ Page M : 0|8@1+ (1,0) [0|0] \"\" N\n".to_owned();
    for at in 0..32 {
        let (page, start) = (at / 4, 8 + at % 4 * 12);
        let _ = writeln!(text, " SG_ S{at} m{page} : {start}|12@1- (1,0) [0|0] \"\" N");
    }
    extract(bencher, &text, &[3, 1, 2, 3, 4, 5, 6, 7]);
}

#[divan::bench(args = [8])]
fn extract_and_physical(bencher: Bencher, signals: usize) {
    let dbc = dbc_of(&message(1, 8, signals, true));
    let plan = &dbc.messages[0].plan;
    let mut row = Row::default();
    bencher.counter(ItemsCount::new(signals)).bench_local(|| {
        plan.extract(black_box(&[0xA5; 8]), &mut row);
        plan.signals.iter().zip(&row.raw).map(|(signal, raw)| signal.physical_f64(*raw)).sum::<f64>()
    });
}

/// Signals of a file that is read: 20 a message.
#[divan::bench(args = [1_000, 20_000, 200_000], sample_count = 5)]
fn read_dbc(bencher: Bencher, signals: usize) {
    let text: String = (0..signals / 20).map(|id| message(id, 64, 20, true)).collect();
    bencher.counter(ItemsCount::new(signals)).bench_local(|| dbc_of(&text));
}
