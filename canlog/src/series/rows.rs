//! Samples of a message file that lie in given spans of time.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::file::{ColumnFile, Numbers};

/// Gives the samples of `signal` in `spans` (ascending, apart from each other) to `take`, in file order.
///
/// Row groups whose times lie outside all spans are not read, and of the others only two columns.
pub(super) fn scan<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    signal: &str,
    spans: &[Range<Micros>],
    take: &mut dyn FnMut(&[Micros], &[f64]),
) -> Result<(), SeriesError> {
    for group in 0..file.row_groups() {
        if file.time_range(group).is_some_and(|(first, last)| !meets(spans, first, last)) {
            continue;
        }
        let times = file.times(group)?;
        if let Some(rows) = matching(&times, spans) {
            let numbers = file.numbers(group, signal, rows.clone())?;
            give(&times[rows], numbers, spans, take);
        }
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

fn give(
    times: &[Micros],
    numbers: Numbers,
    spans: &[Range<Micros>],
    take: &mut dyn FnMut(&[Micros], &[f64]),
) {
    let inside = |time: Micros| {
        let next = spans.partition_point(|span| span.end <= time);
        spans.get(next).is_some_and(|span| span.start <= time)
    };
    let whole = times.is_sorted() && spans.len() == 1;
    if whole && numbers.filled.is_none() {
        return take(times, &numbers.values);
    }
    let filled = |row: usize| numbers.filled.as_ref().is_none_or(|bits| bits.get_bit(row));
    let kept = (0..times.len()).filter(|&row| filled(row) && (whole || inside(times[row])));
    let (times, values): (Vec<_>, Vec<_>) = kept.map(|row| (times[row], numbers.values[row])).unzip();
    take(&times, &values);
}
