//! Samples of one run: row groups that lie in the window by their counts, others by their rows, derived ones as
//! they are computed.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::derived::Derived;
use crate::series::file::ColumnFile;
use crate::series::rows::scan_group;
use crate::series::{SeriesError, Trace};
use crate::statistics::{Sample, ends};

/// One signal in one run, as far as it lies in a window.
pub(super) enum Source<'a, R> {
    Recorded { file: ColumnFile<R>, signal: &'a str, window: Range<Micros> },
    Derived { samples: Box<Derived<'a, R>>, ends: Option<(Sample, Sample)> },
}

/// Some samples.
pub(super) enum Portion<'a> {
    /// By value and how often each occurs.
    Counted(Vec<(f64, u64)>),
    /// As they are.
    Samples(&'a [f64]),
}

impl<'a, R: Read + Seek> Source<'a, R> {
    pub(super) fn open<O>(trace: Trace<'a, R, O>, window: &Range<Micros>) -> Result<Self, SeriesError> {
        let recording = match trace {
            Trace::Recorded(recording) => recording,
            Trace::Derived(derivation) => {
                return Ok(Self::Derived {
                    samples: Box::new(Derived::open(derivation, window)?),
                    ends: None,
                });
            }
        };
        let (file, signal) = (ColumnFile::open(recording.rows)?, recording.signal);
        if !file.has_column(signal) {
            return Err(SeriesError::UnknownSignal(signal.to_owned()));
        }
        Ok(Self::Recorded { file, signal, window: window.clone() })
    }

    /// Gives all samples, block by block.
    pub(super) fn each(&mut self, take: &mut dyn FnMut(Portion)) -> Result<(), SeriesError> {
        match self {
            Self::Recorded { file, signal, window } => {
                (0..file.row_groups()).try_for_each(|group| group_of(file, group, (signal, window), take))
            }
            Self::Derived { samples, ends } => samples.scan(&mut |times, values| {
                take(Portion::Samples(values));
                let rows = || times.iter().zip(values).map(|(&time, &value)| Sample { time, value });
                if let Some((first, last)) = rows().next().zip(rows().next_back()) {
                    *ends = Some((ends.map_or(first, |ends| ends.0), last));
                }
            }),
        }
    }

    /// The earlier one of `best` and the earliest sample; of equal times `best`. To be asked after [`Self::each`].
    pub(super) fn first(&mut self, best: Option<Sample>) -> Result<Option<Sample>, SeriesError> {
        match self {
            Self::Recorded { file, signal, window } => ends::first(file, signal, window, best),
            Self::Derived { ends, .. } => {
                let first = ends.map(|ends| ends.0);
                Ok(best.filter(|best| first.is_none_or(|first| best.time <= first.time)).or(first))
            }
        }
    }

    /// The later one of `best` and the latest sample; of equal times `best`. To be asked after [`Self::each`].
    pub(super) fn last(&mut self, best: Option<Sample>) -> Result<Option<Sample>, SeriesError> {
        match self {
            Self::Recorded { file, signal, window } => ends::last(file, signal, window, best),
            Self::Derived { ends, .. } => {
                let last = ends.map(|ends| ends.1);
                Ok(best.filter(|best| last.is_none_or(|last| best.time >= last.time)).or(last))
            }
        }
    }
}

fn group_of<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    group: usize,
    (signal, window): (&str, &Range<Micros>),
    take: &mut dyn FnMut(Portion),
) -> Result<(), SeriesError> {
    let inside = |(first, last)| window.start <= first && last < window.end;
    if !file.time_range(group).is_some_and(inside) {
        let spans = std::slice::from_ref(window);
        return scan_group(file, group, signal, spans, &mut |_, values| take(Portion::Samples(values)));
    }
    match file.frequencies(group, signal)? {
        Some(counted) => take(Portion::Counted(counted)),
        None => whole(file, group, signal, take)?,
    }
    Ok(())
}

/// All samples of a row group; no times are needed for that.
fn whole<R: Read + Seek>(
    file: &mut ColumnFile<R>,
    group: usize,
    signal: &str,
    take: &mut dyn FnMut(Portion),
) -> Result<(), SeriesError> {
    let numbers = file.numbers(group, signal, 0..file.rows_of(group))?;
    if numbers.is_full() {
        take(Portion::Samples(numbers.values()));
    } else {
        let filled = numbers.values().iter().enumerate().filter(|&(row, _)| numbers.is_filled(row));
        take(Portion::Samples(&filled.map(|(_, &value)| value).collect::<Vec<_>>()));
    }
    Ok(())
}
