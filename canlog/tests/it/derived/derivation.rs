//! Message files that expressions are computed from, and the same samples from a look at every row.

use std::io::Cursor;
use std::sync::Arc;

use canlog::expression::{Base, Block, Catalog, Expression, Limits, Plan};
use canlog::frame::Micros;
use canlog::series::{
    BaseFile, ColumnCache, Derivation, Input, Reduction, SeriesError, SeriesRequest, Trace, read_range,
};
use canlog::statistics::{StatisticsRequest, read_statistics};
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series as Values64};
use proptest::prelude::*;

use crate::expression::{Recording, collect};
use crate::series::message::Rows;
use crate::series::property::rows;

/// A file in memory.
pub(super) type Bytes<'a> = Cursor<&'a [u8]>;

/// A message with signals of these names.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) times: Vec<Micros>,
    pub(super) signals: Vec<(&'static str, Vec<Option<f64>>)>,
}

impl Message {
    /// Writes its file, `flush` rows a row group.
    pub(super) fn write(&self, flush: usize) -> Vec<u8> {
        let signal = |(name, values): &(&str, Vec<Option<f64>>)| {
            Values64::new((*name).into(), values.as_slice()).into_column()
        };
        let mut columns: Vec<Column> = vec![Values64::new("timestamp".into(), &self.times).into_column()];
        columns.extend(self.signals.iter().map(signal));
        let mut frame = DataFrame::new(self.times.len(), columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_row_group_size(Some(flush)).finish(&mut frame).unwrap();
        bytes
    }

    /// Its rows in stable time order that have one of these signals.
    fn block(&self, used: &[usize]) -> Block {
        let has = |row: &usize| used.iter().any(|&signal| self.signals[signal].1[*row].is_some());
        let mut order: Vec<usize> = (0..self.times.len()).filter(has).collect();
        order.sort_by_key(|&row| self.times[row]);
        let column = |values: &[Option<f64>]| -> Vec<f64> {
            order.iter().map(|&row| values[row].unwrap_or(f64::NAN)).collect()
        };
        Block {
            times: order.iter().map(|&row| self.times[row]).collect(),
            columns: self.signals.iter().map(|(_, values)| column(values)).collect(),
        }
    }
}

/// Messages of one run: signals `a` and `b`, `c` and `d`.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) messages: [Message; 2],
}

impl Run {
    pub(super) fn write(&self, flush: usize) -> [Vec<u8>; 2] {
        [self.messages[0].write(flush), self.messages[1].write(flush)]
    }

    /// The samples of an expression.
    pub(super) fn samples(&self, plan: &Plan) -> Rows {
        let used = |message: usize| {
            let base = plan.bases().iter().find(|base| base.base == message);
            base.map_or(&[][..], |base| &base.columns)
        };
        let bases = (0..2).map(|message| self.messages[message].block(used(message))).collect();
        let (times, values) = collect(plan, Recording { bases }.reader(|| 5_000)).unwrap();
        let kept = times.into_iter().zip(values).filter(|(_, value)| !value.is_nan());
        let (times, values) = kept.map(|(time, value)| (time, Some(value))).unzip();
        Rows { times, values }
    }
}

pub(super) fn plan_within(source: &str, limits: &Limits) -> Plan {
    let mut catalog = Catalog::default();
    for (name, base, column) in [("a", 0, 0), ("b", 0, 1), ("c", 1, 0), ("d", 1, 1)] {
        catalog.add_signal(&[name], canlog::expression::Column { base, column });
    }
    Plan::new(&Expression::parse(source, limits).unwrap(), &catalog, limits).unwrap()
}

pub(super) fn plan(source: &str) -> Plan {
    plan_within(source, &Limits::default())
}

/// An expression over the files of a run.
pub(super) fn derived<'a>(plan: &'a Plan, files: &'a [Vec<u8>; 2]) -> Trace<'a, Bytes<'a>, Bytes<'a>> {
    let names = [["a", "b"], ["c", "d"]];
    let file = |base: &Base| BaseFile {
        rows: Input::new(Cursor::new(files[base.base].as_slice())),
        columns: base.columns.iter().map(|&column| names[base.base][column]).collect(),
    };
    Derivation { plan, bases: plan.bases().iter().map(file).collect() }.into()
}

/// A run whose times step back now and then, with nulls, NaN and equal times.
pub(super) fn run() -> impl Strategy<Value = Run> {
    let other = prop_oneof![9 => (-80i32..80).prop_map(|raw| Some(f64::from(raw) * 0.25)), 1 => Just(None)];
    let message = move |names: [&'static str; 2]| {
        (rows(), prop::collection::vec(other.clone(), 400)).prop_map(move |(rows, other)| {
            let other = other[..rows.times.len()].to_vec();
            Message { times: rows.times, signals: vec![(names[0], rows.values), (names[1], other)] }
        })
    };
    (message(["a", "b"]), message(["c", "d"])).prop_map(|(one, other)| Run { messages: [one, other] })
}

/// Expressions of every kind: row by row, along time, joined, and all of it.
pub(super) fn expression() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b * 2 - 1",
        "a * 2 + b",
        "if(b > 0, a, 0/0)",
        "previous(a)",
        "derivative(b)",
        "previous(previous(b) + a)",
        "integral(b)",
        "moving_max(b, 300ms)",
        "moving_mean(b, 50ms)",
        "low_pass(b, 2Hz)",
        "b + d",
        "previous(b) - c",
        "derivative(b - d)",
        "if(d > previous(d), a, previous(c))",
        "integral(d) + moving_min(b + d, 100ms)",
        "previous(if(a > 9, a, 0/0))",
        "moving_mean(previous(a), 2s) - moving_max(derivative(c), 5s)",
        "moving_mean(d * b, 10s)",
    ])
}

fn figures(trace: Trace<'_, Bytes<'_>, Bytes<'_>>) -> Result<u64, SeriesError> {
    Ok(read_statistics(vec![trace], &StatisticsRequest::default())?.count)
}

fn short() -> Run {
    let message = |names: [&'static str; 2]| Message {
        times: (0..100).map(|row| row * 10_000).collect(),
        signals: names.map(|name| (name, (0..100).map(|row| Some(f64::from(row))).collect())).to_vec(),
    };
    Run { messages: [message(["a", "b"]), message(["c", "d"])] }
}

/// An hour of two messages at 10 Hz; of `a` every tenth second alone, of `b` nothing after the first minute.
fn long() -> Run {
    let message = |names: [&'static str; 2], of_first: fn(i64) -> bool, of_second: fn(i64) -> bool| {
        let values = |has: fn(i64) -> bool| (0..36_000).map(|row| has(row).then_some(row as f64)).collect();
        let signals = vec![(names[0], values(of_first)), (names[1], values(of_second))];
        Message { times: (0..36_000).map(|row| row * 100_000).collect(), signals }
    };
    let sparse = message(["a", "b"], |row| row % 100 == 0, |row| row < 600);
    Run { messages: [sparse, message(["c", "d"], |_| true, |_| true)] }
}

/// Parts of files that were read for a view of the last second but one, and how many bytes may be kept; each file has 72
/// row groups.
fn read(source: &str, run: &Run, (files, kept): (&[Vec<u8>; 2], usize)) -> u64 {
    let plan = plan(source);
    let Trace::Derived(mut derivation) = derived(&plan, files) else { panic!("it is derived") };
    let cache = Arc::new(ColumnCache::new(kept));
    for (base, of) in derivation.bases.iter_mut().zip(plan.bases()) {
        base.rows = Input::kept(Cursor::new(files[of.base].as_slice()), &cache, ["one", "other"][of.base]);
    }
    let window = 3_598_000_000..3_599_000_000;
    let request =
        SeriesRequest { window: window.clone(), method: Reduction::Raw, ..SeriesRequest::default() };
    let trace: Trace<'_, Bytes<'_>, Bytes<'_>> = derivation.into();
    let answer = read_range(vec![trace], &request).unwrap();
    let samples = run.samples(&plan);
    let within = samples.times.iter().zip(&samples.values).filter(|(time, _)| window.contains(time));
    let bits = |value: &f64| value.to_bits();
    let wanted: Vec<_> = within.map(|(_, value)| value.as_ref().map(bits)).collect();
    assert_eq!(
        answer.values.iter().map(|value| Some(value.to_bits())).collect::<Vec<_>>(),
        wanted,
        "{source}"
    );
    cache.counts().misses
}

#[test]
fn a_late_view_reads_no_more_than_it_depends_on() {
    let run = long();
    let files = run.write(500);
    let few = |source| read(source, &run, (&files, 20_000));
    let read = |source| read(source, &run, (&files, 64 << 20));
    // Of each file its metadata; of each row group, 50 seconds long, the times and the columns.
    for (source, parts) in [
        ("c * 2", 3),
        ("derivative(c)", 3),
        ("moving_mean(c, 10s)", 3),
        ("moving_mean(c, 100s)", 7),
        ("previous(a)", 3),
        ("derivative(a) + c", 6),
        ("c + d * a", 7),
    ] {
        assert_eq!(read(source), parts, "{source}");
    }
    // A row group of two columns takes 8,000 bytes: of three nothing is kept but what says where they are.
    assert_eq!((few("c * 2"), few("c * d")), (3, 1));
    // What these depend on lies at the beginning.
    for source in ["integral(c)", "low_pass(c, 1s)", "previous(b) + c"] {
        assert!(read(source) > 2 * 72, "{source}: {}", read(source));
    }
}

#[test]
fn a_constant_has_no_times() {
    let files = short().write(64);
    let refused = figures(derived(&plan("2 * pi"), &files));
    assert!(matches!(refused, Err(SeriesError::Constant(value)) if value == std::f64::consts::TAU));
}

#[test]
fn limits_are_told() {
    let files = short().write(64);
    let limits = Limits { rows: 199, window_samples: 10, ..Limits::default() };
    let ask = |source| figures(derived(&plan_within(source, &limits), &files));
    assert_eq!(ask("moving_mean(a, 100ms)").unwrap(), 100);
    assert!(matches!(ask("moving_mean(a, 110ms)"), Err(SeriesError::WindowTooLarge { most: 10 })));
    assert!(matches!(ask("a + c"), Err(SeriesError::TooManyRows { most: 199 })));
}

#[test]
fn files_must_be_those_of_the_plan() {
    let files = short().write(64);
    let plan = plan("a + c");
    let with = |change: &dyn Fn(&mut Vec<BaseFile<'_, Bytes<'_>>>)| {
        let Trace::Derived(mut derivation) = derived(&plan, &files) else { panic!("it is derived") };
        change(&mut derivation.bases);
        figures(derivation.into())
    };
    assert_eq!(with(&|_| {}).unwrap(), 100);
    assert!(matches!(with(&|bases| drop(bases.pop())), Err(SeriesError::Malformed(_))));
    assert!(matches!(with(&|bases| bases[0].columns.push("b")), Err(SeriesError::Malformed(_))));
    let unknown = with(&|bases| bases[1].columns[0] = "e");
    assert!(matches!(unknown, Err(SeriesError::UnknownSignal(name)) if name == "e"));
}
