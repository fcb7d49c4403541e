//! Rows against the answers of series, which look at every sample.

use std::collections::BTreeSet;
use std::io::Cursor;

use canlog::export::{Export, ExportRequest, Rows as Exported};
use canlog::frame::Micros;
use canlog::series::{
    Fill, Input, Recording, Reduction, Series, SeriesError, SeriesRequest, Trace, read_shared,
};
use proptest::prelude::*;

use super::derivation::{Bytes, Run, derived, expression, plan, run};
use crate::series::message::{Files, Rows, TINY};
use crate::series::property::{method, rows, window};

/// All rows, and how many came at once at most.
pub(super) fn all<'a>(
    signals: Vec<Vec<Trace<'a, Bytes<'a>, Bytes<'a>>>>,
    request: &ExportRequest,
) -> Result<(Exported, usize), SeriesError> {
    let columns = signals.len();
    let mut export = Export::open(signals, request)?;
    let (mut all, mut most) = (Exported { times: vec![], columns: vec![vec![]; columns] }, 0);
    while let Some(rows) = export.next()? {
        assert!(!rows.times.is_empty() && rows.columns.iter().all(|column| column.len() == rows.times.len()));
        most = most.max(rows.times.len());
        all.times.extend_from_slice(&rows.times);
        all.columns.resize(rows.columns.len(), Vec::new());
        all.columns.iter_mut().zip(&rows.columns).for_each(|(all, column)| all.extend_from_slice(column));
    }
    Ok((all, most))
}

pub(super) fn recorded(files: &Files) -> Trace<'_, Bytes<'_>, Bytes<'_>> {
    let (rows, overview) =
        (Input::new(Cursor::new(files.rows.as_slice())), Cursor::new(files.overview.as_slice()));
    Recording { rows, overview: Input::new(overview), signal: "Speed" }.into()
}

/// Two recorded signals and one that is derived, over some runs.
pub(super) struct Drives {
    pub(super) one: Vec<Files>,
    pub(super) other: Vec<Files>,
    runs: Vec<[Vec<u8>; 2]>,
    plan: canlog::expression::Plan,
    /// The times of each signal in each run.
    extents: Vec<std::ops::Range<Micros>>,
}

impl std::fmt::Debug for Drives {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} runs of {:?}, to {:?}", self.runs.len(), self.plan, self.extents)
    }
}

impl Drives {
    pub(super) fn signals(&self) -> Vec<Vec<Trace<'_, Bytes<'_>, Bytes<'_>>>> {
        vec![
            self.one.iter().map(recorded).collect(),
            self.runs.iter().map(|files| derived(&self.plan, files)).collect(),
            self.other.iter().map(recorded).collect(),
        ]
    }
}

fn drives() -> impl Strategy<Value = Drives> {
    let one = (rows(), rows(), run(), 1i64..20_000_000);
    (prop::collection::vec(one, 1..4), expression(), 20usize..200).prop_map(|(runs, source, flush)| {
        let mut drives =
            Drives { one: vec![], other: vec![], runs: vec![], plan: plan(source), extents: vec![] };
        let mut start = 0;
        for (one, other, run, gap) in runs {
            let times = [&one.times, &other.times, &run.messages[0].times, &run.messages[1].times];
            let (first, last) =
                (times.iter().copied().flatten().min(), times.iter().copied().flatten().max());
            let shift = start + gap - first.unwrap();
            start = last.unwrap() + shift;
            let moved = |times: &[Micros]| times.iter().map(|time| time + shift).collect::<Vec<_>>();
            let rows = |rows: &Rows| Rows { times: moved(&rows.times), values: rows.values.clone() };
            let used =
                drives.plan.bases().iter().flat_map(|base| run.messages[base.base].times.clone()).collect();
            for times in [&one.times, &other.times, &used] {
                let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
                drives.extents.push(first + shift..last + shift + 1);
            }
            drives.one.push(rows(&one).write(flush, TINY));
            drives.other.push(rows(&other).write(flush + 7, TINY));
            let messages = run.messages.map(|mut message| {
                message.times = moved(&message.times);
                message
            });
            drives.runs.push(Run { messages }.write(flush));
        }
        drives
    })
}

/// The entries of series on one axis by time, without those that stand between runs: where no signal is.
fn entries(series: &[Series], drives: &Drives) -> Exported {
    let mut rows = Exported::default();
    let columns = |series: &Series| -> Vec<Vec<f64>> {
        let all = [&series.values, &series.min, &series.max];
        all.into_iter().filter(|column| column.len() == series.time.len()).cloned().collect()
    };
    let columns: Vec<Vec<f64>> = series.iter().flat_map(columns).collect();
    rows.columns = vec![Vec::new(); columns.len()];
    for (at, &seconds) in series[0].time.iter().enumerate() {
        let time = series[0].t0 + (seconds * 1e6).round() as i64;
        if !drives.extents.iter().any(|extent| extent.contains(&time)) {
            continue;
        }
        rows.times.push(time);
        rows.columns.iter_mut().zip(&columns).for_each(|(row, column)| row.push(column[at]));
    }
    rows
}

pub(super) fn assert_close(got: &Exported, wanted: &Exported) {
    let other = got.times.iter().zip(&wanted.times).position(|(got, wanted)| got != wanted);
    let other = other.map(|at| (at, got.times[at], wanted.times[at]));
    assert_eq!((other, got.times.len()), (None, wanted.times.len()), "times");
    assert_eq!(got.columns.len(), wanted.columns.len());
    for (got, wanted) in got.columns.iter().flatten().zip(wanted.columns.iter().flatten()) {
        let close = got == wanted || got.is_nan() && wanted.is_nan();
        assert!(close || (got - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{got} {wanted}");
    }
}

fn filling() -> impl Strategy<Value = Fill> {
    prop_oneof![Just(Fill::None), Just(Fill::Previous), Just(Fill::Linear)]
}

/// A window by two places within all runs, in thousandths.
fn of_all(drives: &Drives, place: (i64, i64)) -> std::ops::Range<Micros> {
    let times = vec![0, drives.extents.iter().map(|extent| extent.end).max().unwrap()];
    window(&Rows { times, values: vec![] }, place.0, place.1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn rows_are_the_entries_of_a_shared_axis(
        drives in drives(), place in (-5i64..1_005, -5i64..1_005), fill in filling(),
    ) {
        let window = of_all(&drives, place);
        let request = SeriesRequest {
            window: window.clone(), max_points: 100_000, method: Reduction::Raw, fill,
            ..SeriesRequest::default()
        };
        let series = read_shared(drives.signals(), &request).unwrap();
        let (rows, _) = all(drives.signals(), &ExportRequest { window, fill, ..ExportRequest::default() }).unwrap();
        let wanted = entries(&series, &drives);
        assert_close(&rows, &if rows.times.is_empty() { Exported { columns: rows.columns.clone(), ..wanted } } else { wanted });
    }

    #[test]
    fn buckets_are_those_of_a_shared_axis(
        drives in drives(), place in (-5i64..1_005, -5i64..1_005), fill in filling(), method in method(),
        every in prop_oneof![Just(10_000i64), Just(100_000), Just(1_000_000), 50_000i64..30_000_000],
    ) {
        let window = of_all(&drives, place);
        let request = SeriesRequest {
            window: window.clone(), max_points: usize::MAX, method, fill, every: Some(every),
            ..SeriesRequest::default()
        };
        let series = read_shared(drives.signals(), &request).unwrap();
        let export = ExportRequest { window: window.clone(), every: Some(every), method, fill, ..ExportRequest::default() };
        let (rows, most) = all(drives.signals(), &export).unwrap();
        prop_assert!(most <= 8_192);
        let mut wanted = entries(&series, &drives);
        if fill == Fill::None {
            // Only where there are samples.
            let native = ExportRequest { window, ..ExportRequest::default() };
            let (samples, _) = all(drives.signals(), &native).unwrap();
            let starts: BTreeSet<_> = samples.times.iter().map(|&time| {
                wanted.times[wanted.times.partition_point(|&start| start <= time) - 1]
            }).collect();
            let kept: Vec<_> = wanted.times.iter().map(|time| starts.contains(time)).collect();
            let keep = |column: &Vec<f64>| column.iter().zip(&kept).filter(|kept| *kept.1).map(|kept| *kept.0).collect();
            wanted.columns = wanted.columns.iter().map(keep).collect();
            wanted.times = starts.into_iter().collect();
        }
        assert_close(&rows, &if rows.times.is_empty() { Exported { columns: rows.columns.clone(), ..wanted } } else { wanted });
    }

    /// Neither a seam nor an overlap.
    #[test]
    fn windows_tile(drives in drives(), cut in 0i64..1_000) {
        let (whole, middle) = (of_all(&drives, (0, 1_000)), of_all(&drives, (cut, cut)).start);
        let ask = |window| all(drives.signals(), &ExportRequest { window, ..ExportRequest::default() }).unwrap().0;
        let (mut left, right, all) = (ask(whole.start..middle), ask(middle..whole.end), ask(whole));
        left.times.extend(right.times);
        left.columns.iter_mut().zip(right.columns).for_each(|(left, right)| left.extend(right));
        let bits = |rows: &Exported| rows.columns.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(&left.times, &all.times);
        prop_assert_eq!(bits(&left), bits(&all));
    }
}
