//! Message files that expressions are computed from, and the same samples from a look at every row.

use std::io::Cursor;

use canlog::expression::{Base, Block, Catalog, Expression, Limits, Plan};
use canlog::frame::Micros;
use canlog::series::{BaseFile, Derivation, Input, SeriesError, Trace};
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
