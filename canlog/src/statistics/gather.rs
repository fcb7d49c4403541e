//! One pass over the samples of a window: row groups that lie in it by their counts, others by their rows.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::file::ColumnFile;
use crate::series::rows::scan_group;
use crate::series::{Input, SeriesError};
use crate::statistics::pool::Pool;
use crate::statistics::{Moments, Statistics, StatisticsRequest, digits, ends};

/// Message files that hold one signal.
pub(super) struct Source<'a, R> {
    files: Vec<ColumnFile<R>>,
    signal: &'a str,
}

/// Samples of a row group.
enum Portion<'a> {
    /// By value and how often each occurs.
    Counted(Vec<(f64, u64)>),
    /// As they are.
    Samples(&'a [f64]),
}

/// What is known of the samples so far.
struct Figures {
    moments: Moments,
    min: f64,
    max: f64,
    pool: Option<Pool>,
}

impl<'a, R: Read + Seek> Source<'a, R> {
    pub(super) fn open(files: Vec<Input<R>>, signal: &'a str) -> Result<Self, SeriesError> {
        let files = files.into_iter().map(ColumnFile::open).collect::<Result<Vec<_>, _>>()?;
        if files.iter().any(|file| !file.has_column(signal)) {
            return Err(SeriesError::UnknownSignal(signal.to_owned()));
        }
        Ok(Self { files, signal })
    }

    pub(super) fn statistics(mut self, request: &StatisticsRequest) -> Result<Statistics, SeriesError> {
        let pool = request.quantiles.then(|| Pool::new(request.kept_values));
        let mut figures = Figures { moments: Moments::default(), min: f64::NAN, max: f64::NAN, pool };
        self.each(&request.window, &mut |portion| figures.add(portion))?;
        let Figures { moments, min, max, pool } = figures;
        let quantiles = match pool {
            Some(pool) if moments.count > 0 => self.quantiles(&request.window, moments.count, pool)?,
            _ => [None; 3],
        };
        let finite = |figure: &f64| figure.is_finite();
        Ok(Statistics {
            count: moments.count,
            min: Some(min).filter(|min| !min.is_nan()),
            max: Some(max).filter(|max| !max.is_nan()),
            mean: (moments.count > 0).then_some(moments.mean).filter(finite),
            standard_deviation: moments.standard_deviation().filter(finite),
            first: ends::first(&mut self.files, self.signal, &request.window)?,
            last: ends::last(&mut self.files, self.signal, &request.window)?,
            p05: quantiles[0].filter(finite),
            p50: quantiles[1].filter(finite),
            p95: quantiles[2].filter(finite),
        })
    }

    /// Between the two samples nearest to each place, linearly.
    fn quantiles(
        &mut self,
        window: &Range<Micros>,
        count: u64,
        mut pool: Pool,
    ) -> Result<[Option<f64>; 3], SeriesError> {
        let places = [0.05, 0.5, 0.95].map(|part| part * (count - 1) as f64);
        let ranks: Vec<u64> =
            places.iter().flat_map(|place| [place.floor() as u64, place.ceil() as u64]).collect();
        let values = if pool.has_overflowed() {
            digits::select(&ranks, &mut |take| {
                self.each(window, &mut |portion| match portion {
                    Portion::Samples(samples) => take(samples, 1),
                    Portion::Counted(counted) => {
                        counted.iter().for_each(|&(value, count)| take(&[value], count));
                    }
                })
            })?
        } else {
            pool.select(&ranks)
        };
        let mut quantiles = [None; 3];
        for ((quantile, place), ends) in quantiles.iter_mut().zip(places).zip(values.chunks_exact(2)) {
            let (low, high) = (ends[0], ends[1]);
            let part = place.fract();
            *quantile = Some(if low == high { low } else { low + (high - low) * part });
        }
        Ok(quantiles)
    }

    /// Gives the samples of the window, a row group at a time.
    fn each(&mut self, window: &Range<Micros>, take: &mut dyn FnMut(Portion)) -> Result<(), SeriesError> {
        for file in &mut self.files {
            for group in 0..file.row_groups() {
                let inside = |(first, last)| window.start <= first && last < window.end;
                if file.time_range(group).is_some_and(inside) {
                    match file.frequencies(group, self.signal)? {
                        Some(counted) => take(Portion::Counted(counted)),
                        None => whole(file, group, self.signal, take)?,
                    }
                } else {
                    let spans = std::slice::from_ref(window);
                    scan_group(file, group, self.signal, spans, &mut |_, values| {
                        take(Portion::Samples(values));
                    })?;
                }
            }
        }
        Ok(())
    }
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

impl Figures {
    fn add(&mut self, portion: Portion) {
        let (moments, min, max) = match &portion {
            Portion::Samples(samples) => {
                let extremes = extremes(samples.iter().copied());
                (Moments::of(samples), extremes.0, extremes.1)
            }
            Portion::Counted(counted) => {
                let extremes = extremes(counted.iter().map(|&(value, _)| value));
                (Moments::of_counted(counted), extremes.0, extremes.1)
            }
        };
        self.moments = self.moments.and(moments);
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
        match (&mut self.pool, portion) {
            (Some(pool), Portion::Samples(samples)) => pool.add(samples),
            (Some(pool), Portion::Counted(counted)) => pool.add_counted(counted),
            (None, _) => {}
        }
    }
}

/// Smallest and greatest number; NaN when there is none.
fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::NAN, f64::NAN), |(min, max), value| (min.min(value), max.max(value)))
}
