//! Samples of a message file that lie in given spans of time.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::file::ColumnFile;
use crate::series::view::{Numbers, View};

/// Takes times and values of samples, in file order.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&[Micros], &[f64]);

/// Gives the samples of `signal` in `spans` (ascending, apart from each other) to `take`, in file order.
///
/// Row groups whose times lie outside all spans are not read, and of the others only two columns.
pub(crate) fn scan<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    signal: &str,
    spans: &[Range<Micros>],
    take: Take,
) -> Result<(), SeriesError> {
    for group in 0..file.row_groups() {
        scan_group(file, group, signal, spans, take)?;
    }
    Ok(())
}

/// As [`scan`], of one row group.
pub(crate) fn scan_group<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    group: usize,
    signal: &str,
    spans: &[Range<Micros>],
    take: Take,
) -> Result<(), SeriesError> {
    if file.time_range(group).is_some_and(|(first, last)| !meets(spans, first, last)) {
        return Ok(());
    }
    let times = file.times(group)?;
    let times = times.integers();
    if let Some(rows) = matching(times, spans) {
        let numbers = file.numbers(group, signal, rows.clone())?;
        give(times.get(rows).unwrap_or_default(), &numbers, spans, take);
    }
    Ok(())
}

fn meets(spans: &[Range<Micros>], first: Micros, last: Micros) -> bool {
    let next = spans.partition_point(|span| span.end <= first);
    spans.get(next).is_some_and(|span| span.start <= last)
}

/// The rows to read: those between the first and the last one of any span, in one piece.
fn matching(times: &[Micros], spans: &[Range<Micros>]) -> Option<Range<usize>> {
    let (first, last) = (spans.first()?.start, spans.last()?.end);
    if !times.is_sorted() {
        return Some(0..times.len());
    }
    let rows = times.partition_point(|&time| time < first)..times.partition_point(|&time| time < last);
    (!rows.is_empty()).then_some(rows)
}

fn give(times: &[Micros], numbers: &View<Numbers>, spans: &[Range<Micros>], take: Take) {
    let inside = |time: Micros| {
        let next = spans.partition_point(|span| span.end <= time);
        spans.get(next).is_some_and(|span| span.start <= time)
    };
    let whole = times.is_sorted() && spans.len() == 1;
    if whole && numbers.is_full() {
        return take(times, numbers.values());
    }
    let rows = times.iter().zip(numbers.values()).enumerate();
    let kept = rows.filter(|&(row, (&time, _))| numbers.is_filled(row) && (whole || inside(time)));
    let (times, values): (Vec<_>, Vec<_>) = kept.map(|(_, (&time, &value))| (time, value)).unzip();
    take(&times, &values);
}
