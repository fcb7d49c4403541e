//! Buckets with samples, one after the other.

use std::io::{Read, Seek};

use crate::export::lane::Lane;
use crate::overview::{Cell, Samples};
use crate::series::SeriesError;
use crate::series::grid::Grid;

/// Buckets of one signal, or of several that are read together.
pub(super) enum Filled<'a, R> {
    /// All were put together before, from an overview.
    Whole { signal: usize, cells: Vec<Cell<f64>>, next: usize },
    /// They are put together as their samples are read.
    Read(Lane<'a, R>),
}

impl<R: Read + Seek> Filled<'_, R> {
    /// Which signals these are.
    pub(super) fn signals(&self) -> &[usize] {
        match self {
            Self::Whole { signal, .. } => std::slice::from_ref(signal),
            Self::Read(lane) => &lane.signals,
        }
    }

    /// Puts the next bucket with samples into `cells`, one a signal; none at the end.
    pub(super) fn next(
        &mut self,
        grid: &Grid,
        cells: &mut [Cell<f64>],
    ) -> Result<Option<usize>, SeriesError> {
        match self {
            Self::Whole { cells: all, next, .. } => {
                let Some(found) = all.iter().skip(*next).position(|cell| cell.count > 0) else {
                    return Ok(None);
                };
                let index = *next + found;
                *next = index + 1;
                cells.copy_from_slice(&all[index..=index]);
                Ok(Some(index))
            }
            Self::Read(lane) => read(lane, grid, cells),
        }
    }
}

fn read<R: Read + Seek>(
    lane: &mut Lane<'_, R>,
    grid: &Grid,
    cells: &mut [Cell<f64>],
) -> Result<Option<usize>, SeriesError> {
    if !lane.advance()? {
        return Ok(None);
    }
    let index = lane.times().first().map_or(usize::MAX, |&time| grid.index(time));
    let end = grid.span(index).end;
    cells.fill(Cell::default());
    while lane.advance()? {
        let times = lane.times();
        let count = times.partition_point(|&time| time < end);
        if count == 0 {
            break;
        }
        for (column, cell) in cells.iter_mut().enumerate() {
            let samples = Samples::new(None, None, lane.column(column), times);
            cell.merge(&samples.fold(0..count, true));
        }
        lane.skip(count);
    }
    Ok(Some(index))
}
