//! One pass over the samples of a window, and more where quantiles need them.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::{SeriesError, Trace};
use crate::statistics::pool::Pool;
use crate::statistics::source::{Portion, Source};
use crate::statistics::{Moments, Sample, Statistics, StatisticsRequest, digits};

/// One signal over its runs.
pub(super) struct Gathering<'a, R> {
    runs: Vec<Source<'a, R>>,
}

/// What is known of the samples so far.
struct Figures {
    moments: Moments,
    min: f64,
    max: f64,
    pool: Option<Pool>,
}

impl<'a, R: Read + Seek> Gathering<'a, R> {
    pub(super) fn open<O>(runs: Vec<Trace<'a, R, O>>, window: &Range<Micros>) -> Result<Self, SeriesError> {
        let runs = runs.into_iter().map(|run| Source::open(run, window)).collect::<Result<_, _>>()?;
        Ok(Self { runs })
    }

    pub(super) fn statistics(mut self, request: &StatisticsRequest) -> Result<Statistics, SeriesError> {
        let pool = request.quantiles.then(|| Pool::new(request.kept_values));
        let mut figures = Figures { moments: Moments::default(), min: f64::NAN, max: f64::NAN, pool };
        self.each(&mut |portion| figures.add(portion))?;
        let Figures { moments, min, max, pool } = figures;
        let quantiles = match pool {
            Some(pool) if moments.count > 0 => self.quantiles((moments.count, request.kept_values), pool)?,
            _ => [None; 3],
        };
        let finite = |figure: &f64| figure.is_finite();
        Ok(Statistics {
            count: moments.count,
            min: Some(min).filter(|min| !min.is_nan()),
            max: Some(max).filter(|max| !max.is_nan()),
            mean: (moments.count > 0).then_some(moments.mean).filter(finite),
            standard_deviation: moments.standard_deviation().filter(finite),
            first: self.first()?,
            last: self.last()?,
            p05: quantiles[0].filter(finite),
            p50: quantiles[1].filter(finite),
            p95: quantiles[2].filter(finite),
        })
    }

    /// Between the two samples nearest to each place, linearly.
    fn quantiles(
        &mut self,
        (count, kept): (u64, usize),
        mut pool: Pool,
    ) -> Result<[Option<f64>; 3], SeriesError> {
        let places = [0.05, 0.5, 0.95].map(|part| part * (count - 1) as f64);
        let ranks: Vec<u64> =
            places.iter().flat_map(|place| [place.floor() as u64, place.ceil() as u64]).collect();
        let values = if pool.has_overflowed() {
            digits::select(&ranks, kept, &mut |take| {
                self.each(&mut |portion| match portion {
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

    /// Gives the samples of the window, block by block.
    fn each(&mut self, take: &mut dyn FnMut(Portion)) -> Result<(), SeriesError> {
        self.runs.iter_mut().try_for_each(|run| run.each(take))
    }

    /// The earliest sample; of equal times the first one.
    fn first(&mut self) -> Result<Option<Sample>, SeriesError> {
        self.runs.iter_mut().try_fold(None, |best, run| run.first(best))
    }

    /// The latest sample; of equal times the last one.
    fn last(&mut self) -> Result<Option<Sample>, SeriesError> {
        self.runs.iter_mut().rev().try_fold(None, |best, run| run.last(best))
    }
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
