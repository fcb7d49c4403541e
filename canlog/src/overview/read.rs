//! An overview, read: the cells of one signal in a window.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::overview::cell::Cell;
use crate::overview::layout::{FOOTER, Figure, Footer, LevelFooter, VERSION};
use crate::series::Input;
use crate::series::SeriesError;
use crate::series::file::ColumnFile;
use crate::series::view::View;

/// An open overview.
pub(crate) struct Overview<R> {
    file: ColumnFile<R>,
    footer: Footer,
}

impl<R: Read + Seek> Overview<R> {
    /// Reads the footer.
    pub(crate) fn open(input: Input<R>) -> Result<Self, SeriesError> {
        let file = ColumnFile::open(input)?;
        let footer = file.text(FOOTER).and_then(|text| serde_json::from_str::<Footer>(text).ok());
        match footer {
            Some(footer) if footer.version == VERSION => Ok(Self { file, footer }),
            _ => Err(SeriesError::malformed("not an overview of this version".to_owned())),
        }
    }

    /// Whether the overview knows a signal.
    pub(crate) fn has_signal(&self, signal: &str) -> bool {
        self.file.has_column(&Figure::Count.column(signal))
    }

    /// The times of all rows of the message.
    pub(crate) fn extent(&self) -> Range<Micros> {
        if self.footer.rows == 0 { 0..0 } else { self.footer.start..self.footer.end.saturating_add(1) }
    }

    /// The coarsest level with cells of at most this width, a whole number of which is `whole`.
    pub(crate) fn level(&self, width: Micros, whole: Option<Micros>) -> Option<&LevelFooter> {
        let fits = |level: &&LevelFooter| whole.is_none_or(|whole| whole % level.width == 0);
        self.footer.levels.iter().rev().filter(fits).find(|level| level.width <= width)
    }

    /// Gives the cells of `signal` that meet the window and hold samples, as start and content, in the order they
    /// were finished. Of the figures only `count` and those named are filled.
    pub(crate) fn cells(
        &mut self,
        level: &LevelFooter,
        (signal, figures): (&str, &[Figure]),
        window: &Range<Micros>,
        take: &mut impl FnMut(Micros, Cell<f64>),
    ) -> Result<(), SeriesError> {
        let meets = |first: Micros, last: Micros| {
            first < window.end && last.saturating_add(level.width) > window.start
        };
        let extent = self.extent();
        for &group in &level.row_groups {
            if self.file.time_range(group).is_some_and(|(first, last)| !meets(first, last)) {
                continue;
            }
            let starts = self.file.times(group)?;
            let starts = starts.integers();
            let Some(first) = starts.iter().position(|&start| meets(start, start)) else { continue };
            let last = starts.iter().rposition(|&start| meets(start, start)).unwrap_or(first);
            let rows = first..last + 1;
            let mut read = |figure: Figure| match figures.contains(&figure) {
                true => self.file.numbers(group, &figure.column(signal), rows.clone()).map(Some),
                false => Ok(None),
            };
            let (min, max, sum) = (read(Figure::Min)?, read(Figure::Max)?, read(Figure::Sum)?);
            let (first, last) = (read(Figure::First)?, read(Figure::Last)?);
            let [min, max, sum, first, last] =
                [&min, &max, &sum, &first, &last].map(|read| read.as_ref().map_or(&[][..], View::values));
            let counts = self.file.integers(group, &Figure::Count.column(signal), rows.clone())?;
            for (row, (&start, &count)) in starts[rows].iter().zip(counts.integers()).enumerate() {
                if count > 0 && meets(start, start) {
                    let at = |values: &[f64]| values.get(row).copied().unwrap_or_default();
                    let (min, max, sum, first, last) = (at(min), at(max), at(sum), at(first), at(last));
                    // Within the run: runs one after the other may share a cell.
                    let first_time = start.max(extent.start);
                    let last_time = start.saturating_add(level.width).min(extent.end) - 1;
                    take(start, Cell { count, min, max, first, last, sum, first_time, last_time });
                }
            }
        }
        Ok(())
    }
}
