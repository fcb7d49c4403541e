//! The earliest and the latest sample of a window: of most files one row group each.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::file::ColumnFile;
use crate::series::rows::scan_group;
use crate::statistics::Sample;

/// The earliest sample, or `best` when none is earlier; of equal times the first in file order.
pub(super) fn first<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    signal: &str,
    window: &Range<Micros>,
    mut best: Option<Sample>,
) -> Result<Option<Sample>, SeriesError> {
    for group in 0..file.row_groups() {
        let range = file.time_range(group);
        if best.zip(range).is_some_and(|(best, (start, _))| start >= best.time) {
            continue;
        }
        scan_group(file, group, signal, std::slice::from_ref(window), &mut |times, values| {
            for (&time, &value) in times.iter().zip(values) {
                if best.is_none_or(|best| time < best.time) {
                    best = Some(Sample { time, value });
                }
            }
        })?;
    }
    Ok(best)
}

/// The latest sample, or `best` when none is later; of equal times the last in file order.
pub(super) fn last<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    signal: &str,
    window: &Range<Micros>,
    mut best: Option<Sample>,
) -> Result<Option<Sample>, SeriesError> {
    for group in (0..file.row_groups()).rev() {
        let range = file.time_range(group);
        if best.zip(range).is_some_and(|(best, (_, end))| end <= best.time) {
            continue;
        }
        scan_group(file, group, signal, std::slice::from_ref(window), &mut |times, values| {
            for (&time, &value) in times.iter().zip(values).rev() {
                if best.is_none_or(|best| time > best.time) {
                    best = Some(Sample { time, value });
                }
            }
        })?;
    }
    Ok(best)
}
