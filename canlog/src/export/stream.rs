//! Samples of one run in the order of time.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::derived::Derived;
use crate::series::file::ColumnFile;
use crate::series::ordered::Ordered;
use crate::series::source::Source;

/// Samples of a signal, or of several that have all their times in common.
pub(super) enum Stream<'a, R> {
    Recorded(Recorded<'a, R>),
    Derived(Derived<'a, R>),
}

/// Columns of a message file.
pub(super) struct Recorded<'a, R> {
    /// Its name, when other signals may be read with it.
    file: Option<String>,
    window: Range<Micros>,
    rows: Ordered<'a, R>,
}

impl<'a, R: Read + Seek> Stream<'a, R> {
    pub(super) fn open<O: Read + Seek>(source: Source<'a, R, O>) -> Result<Self, SeriesError> {
        let recorded = match source {
            Source::Recorded(recorded) => recorded,
            Source::Derived(derived) => return Ok(Self::Derived(derived.passing())),
        };
        let (file, window) = (recorded.file().map(str::to_owned), recorded.window.clone());
        let Some((input, signal)) = recorded.into_rows() else {
            return Err(SeriesError::malformed("its rows were read before".to_owned()));
        };
        let mut rows = Ordered::open(ColumnFile::open(input)?.passing(), vec![signal])?;
        rows.begin(if window.is_empty() { 0..0 } else { window.clone() });
        Ok(Self::Recorded(Recorded { file: file.filter(|_| rows.is_full()), window, rows }))
    }

    /// Whether both have the same times, row by row.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Recorded(one), Self::Recorded(other)) => {
                one.file.is_some() && (&one.file, &one.window) == (&other.file, &other.window)
            }
            _ => false,
        }
    }

    /// Takes the columns of another that goes with it, behind its own.
    pub(super) fn join(&mut self, other: Self) {
        if let (Self::Recorded(one), Self::Recorded(other)) = (self, other) {
            one.rows.join(other.rows);
        }
    }

    /// No later sample has an earlier time; `None` at the end.
    pub(super) fn bound(&self) -> Option<Micros> {
        match self {
            Self::Recorded(recorded) => recorded.rows.bound(),
            Self::Derived(derived) => derived.bound(),
        }
    }

    /// Makes the next samples ready; false when there are no more.
    pub(super) fn advance(&mut self) -> Result<bool, SeriesError> {
        match self {
            Self::Recorded(recorded) => recorded.rows.advance(),
            Self::Derived(derived) => derived.advance(),
        }
    }

    /// Times of samples that are ready, ascending.
    pub(super) fn times(&self) -> &[Micros] {
        match self {
            Self::Recorded(recorded) => recorded.rows.times(),
            Self::Derived(derived) => derived.times(),
        }
    }

    /// Their values.
    pub(super) fn column(&self, column: usize) -> &[f64] {
        match self {
            Self::Recorded(recorded) => recorded.rows.column(column),
            Self::Derived(derived) => derived.values(),
        }
    }

    /// Leaves samples behind.
    pub(super) fn skip(&mut self, samples: usize) {
        match self {
            Self::Recorded(recorded) => recorded.rows.skip(samples),
            Self::Derived(derived) => derived.skip(samples),
        }
    }
}
