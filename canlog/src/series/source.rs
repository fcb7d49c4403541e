//! Where the samples of a signal in one run come from.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::derived::Derived;
use crate::series::recorded::{Recorded, joined};
use crate::series::reduce::Buckets;
use crate::series::rows::Take;
use crate::series::{Reduction, SeriesError, Trace};

/// One signal in one run, as far as it lies in a window.
pub(crate) enum Source<'a, R, O> {
    Recorded(Recorded<'a, R, O>),
    Derived(Derived<'a, R>),
}

/// Reads the cells of the runs of one signal, as [`Source::look`]. Where runs overlap, cells do not tell whose sample is
/// the first or the last: rows do.
pub(crate) fn look<R: Read + Seek, O: Read + Seek>(
    runs: &mut [Source<'_, R, O>],
    widest: Micros,
    every: Option<Micros>,
    method: Reduction,
) -> Result<(), SeriesError> {
    let shared = overlaps(runs.iter().map(Source::window).collect());
    for run in runs {
        run.look(widest, every, method)?;
        if let (Reduction::First | Reduction::Last, Source::Recorded(recorded)) = (method, run) {
            recorded.cut_within(&shared);
        }
    }
    Ok(())
}

/// The times that lie in two or more of the windows, ascending and apart from each other.
fn overlaps(mut windows: Vec<Range<Micros>>) -> Vec<Range<Micros>> {
    windows.sort_by_key(|window| window.start);
    let mut reached = Micros::MIN;
    let twice = windows.into_iter().map(|window| {
        let span = window.start..window.end.min(reached);
        reached = reached.max(window.end);
        span
    });
    joined(twice.collect())
}

impl<'a, R: Read + Seek, O: Read + Seek> Source<'a, R, O> {
    pub(crate) fn open(trace: Trace<'a, R, O>, window: &Range<Micros>) -> Result<Self, SeriesError> {
        Ok(match trace {
            Trace::Recorded(recording) => Self::Recorded(Recorded::open(recording, window)?),
            Trace::Derived(derivation) => Self::Derived(Derived::open(derivation, window)?),
        })
    }

    /// What of the window lies in the run.
    pub(crate) fn window(&self) -> Range<Micros> {
        match self {
            Self::Recorded(recorded) => recorded.window.clone(),
            Self::Derived(derived) => derived.window(),
        }
    }

    /// Reads the cells of the coarsest level that is no wider than `widest` and fits into `every`.
    fn look(&mut self, widest: Micros, every: Option<Micros>, method: Reduction) -> Result<(), SeriesError> {
        match self {
            Self::Recorded(recorded) => recorded.look(widest, every, method),
            Self::Derived(_) => Ok(()),
        }
    }

    /// Whether an overview has cells that fit into buckets of this width.
    pub(crate) fn has_cells(&self, every: Micros) -> bool {
        match self {
            Self::Recorded(recorded) => recorded.has_cells(every),
            Self::Derived(_) => false,
        }
    }

    /// The width of the cells that were read.
    pub(crate) fn cell_width(&self) -> Option<Micros> {
        match self {
            Self::Recorded(recorded) => recorded.cell_width(),
            Self::Derived(_) => None,
        }
    }

    /// Samples that are surely there.
    pub(crate) fn surely(&self) -> u64 {
        match self {
            Self::Recorded(recorded) => recorded.surely(),
            Self::Derived(_) => 0,
        }
    }

    /// Puts the samples into buckets, from cells where there are some.
    pub(crate) fn gather(&mut self, buckets: &mut Buckets) -> Result<(), SeriesError> {
        match self {
            Self::Recorded(recorded) => recorded.gather(buckets),
            Self::Derived(derived) => derived.scan(&mut |times, values| buckets.add_samples(times, values)),
        }
    }

    /// Gives all samples of the window; cells say where there are none.
    pub(crate) fn scan(&mut self, take: Take) -> Result<(), SeriesError> {
        match self {
            Self::Recorded(recorded) => recorded.scan(take),
            Self::Derived(derived) => derived.scan(take),
        }
    }
}
