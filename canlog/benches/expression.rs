//! Ten million samples through ten arithmetic operations, and other things an analyst asks of a long run.

use std::convert::Infallible;
use std::sync::OnceLock;

use canlog::expression::{Base, Block, Catalog, Column, Evaluation, Expression, Limits, Plan};
use divan::Bencher;
use divan::counter::ItemsCount;

const SAMPLES: usize = 10_000_000;
/// Microseconds from one sample to the next.
const STEP: usize = 10_000;

fn main() {
    divan::main();
}

/// The times, and three signals.
fn recording() -> &'static Block {
    static RECORDING: OnceLock<Block> = OnceLock::new();
    RECORDING.get_or_init(|| {
        let signal = |period: usize| (0..SAMPLES).map(|row| (row % period) as f64 / 7.0 + 1.0).collect();
        Block {
            times: (0..SAMPLES).map(|row| (row * STEP) as i64).collect(),
            columns: [9_000, 701, 13].map(signal).into(),
        }
    })
}

/// Signals `a`, `b`, `c` of one time base, and `d` of another with the same values as `a`.
fn plan(source: &str) -> Plan {
    let mut catalog = Catalog::default();
    for (name, base, column) in [("a", 0, 0), ("b", 0, 1), ("c", 0, 2), ("d", 1, 0)] {
        catalog.add_signal(&[name], Column { base, column });
    }
    let limits = Limits::default();
    let plan = Expression::parse(source, &limits).and_then(|read| Plan::new(&read, &catalog, &limits));
    match plan {
        Ok(plan) => plan,
        Err(refusal) => panic!("{source}: {refusal}"),
    }
}

/// Answers the last value.
fn evaluate(plan: &Plan) -> f64 {
    let all = recording();
    let mut starts = [0; 2];
    let mut read = |base: &Base, rows: usize, block: &mut Block| {
        let start = starts[base.base];
        let end = SAMPLES.min(start + rows);
        starts[base.base] = end;
        block.times.extend_from_slice(&all.times[start..end]);
        for (into, &column) in block.columns.iter_mut().zip(&base.columns) {
            into.extend_from_slice(&all.columns[column][start..end]);
        }
        Ok::<_, Infallible>(())
    };
    let mut evaluation = Evaluation::new(plan);
    let mut last = f64::NAN;
    while let Ok(Some(chunk)) = evaluation.next(&mut read) {
        last = chunk.values.last().copied().unwrap_or(last);
    }
    last
}

#[divan::bench(args = [
    "a",
    "(a + b) * (a - c) / (b + 2) + a * 3 - c * b + 1.5",
    "a * cos(pi/4) - b * sin(pi/4)",
    "sin(a) + cos(b)",
    "if(a > 5 and b < 50, a ^ 2, sqrt(c))",
    "derivative(a)",
    "integral(a)",
    "low_pass(a, 5Hz)",
    "moving_mean(a, 2s)",
    "moving_max(a, 2s)",
    "a + d",
])]
fn ten_million_samples(bencher: Bencher, source: &str) {
    let plan = plan(source);
    recording();
    bencher.counter(ItemsCount::new(SAMPLES)).bench(|| evaluate(&plan));
}
