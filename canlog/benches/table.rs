//! What a table costs to write, of 1 and of 10 signals: rows a second into nothing.

use std::io;

use canlog::export::{Rows, Table, TableColumn, TableFormat};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Rows that are written at once: as many as an export gives.
const BLOCK: usize = 8_192;
/// Half a million rows in all.
const BLOCKS: usize = 64;
/// Microseconds from one row to the next.
const STEP: usize = 1_000;

fn main() {
    divan::main();
}

/// What noisy signals of 16 bits and a step of 0.0125 have at these rows.
fn block(first: usize, signals: usize) -> Rows {
    let rows = first..first + BLOCK;
    let raw = |row: usize, signal: usize| {
        let (wave, noise) = ((row as f64 * (signal + 1) as f64 / 7_000.0).sin(), row * (signal + 3) % 97);
        (3_000.0 * wave) as i16 + 40 * noise as i16
    };
    let column = |signal| rows.clone().map(|row| 0.0125 * f64::from(raw(row, signal)) - 10.0).collect();
    Rows {
        times: rows.clone().map(|row| 1_700_000_000_000_000 + (row * STEP) as i64).collect(),
        columns: (0..signals).map(column).collect(),
    }
}

fn write(format: TableFormat, columns: &[TableColumn], blocks: &[Rows]) -> io::Result<()> {
    let mut table = Table::new(io::sink(), format, columns.to_vec())?;
    for rows in blocks {
        table.write(rows)?;
    }
    table.finish().map(|_| ())
}

fn bench(bencher: Bencher, format: TableFormat, signals: usize) {
    let column = |signal| TableColumn { name: format!("Motion.S{signal}"), unit: Some("V".to_owned()) };
    let columns: Vec<TableColumn> = (0..signals).map(column).collect();
    let blocks: Vec<Rows> = (0..BLOCKS).map(|at| block(at * BLOCK, signals)).collect();
    bencher.counter(ItemsCount::new(BLOCKS * BLOCK)).bench_local(|| {
        if let Err(error) = write(format, &columns, &blocks) {
            panic!("{error}");
        }
    });
}

#[divan::bench(args = [1, 10], sample_count = 10)]
fn csv(bencher: Bencher, signals: usize) {
    bench(bencher, TableFormat::Csv, signals);
}

#[divan::bench(args = [1, 10], sample_count = 10)]
fn ndjson(bencher: Bencher, signals: usize) {
    bench(bencher, TableFormat::NdJson, signals);
}

#[divan::bench(args = [1, 10], sample_count = 10)]
fn arrow(bencher: Bencher, signals: usize) {
    bench(bencher, TableFormat::Arrow, signals);
}

#[divan::bench(args = [1, 10], sample_count = 10)]
fn parquet(bencher: Bencher, signals: usize) {
    bench(bencher, TableFormat::Parquet, signals);
}
