//! The samples themselves, as long as they are few.

use std::ops::Range;

use crate::frame::Micros;
use crate::series::entries::{Entries, Place};
use crate::series::reduce::seconds;
use crate::series::{Reduction, Series};

/// Samples of one signal.
pub(super) struct Raw {
    most: usize,
    samples: Vec<(Micros, f64)>,
    met: u64,
}

/// A place of an axis that several signals share: a time, and which of the samples of that time.
type Tick = (Micros, u32);

impl Raw {
    /// Keeps at most `most` samples.
    pub(super) fn new(most: usize) -> Self {
        Self { most, samples: Vec::new(), met: 0 }
    }

    /// Adds samples of the window, in file order.
    pub(super) fn add_samples(&mut self, times: &[Micros], values: &[f64]) {
        self.met += times.len() as u64;
        if self.fits() {
            self.samples.extend(times.iter().copied().zip(values.iter().copied()));
        } else {
            self.samples = Vec::new();
        }
    }

    /// Whether all samples were kept.
    pub(super) fn fits(&self) -> bool {
        self.met <= self.most as u64
    }

    /// How many samples were met.
    pub(super) fn met(&self) -> u64 {
        self.met
    }

    /// Puts the samples into stable time order.
    pub(super) fn sort(&mut self) {
        self.samples.sort_by_key(|&(time, _)| time);
    }

    fn ticks(&self) -> impl Iterator<Item = Tick> {
        let mut before: Option<Tick> = None;
        self.samples.iter().map(move |&(time, _)| {
            let nth = before.filter(|before| before.0 == time).map_or(0, |before| before.1 + 1);
            before = Some((time, nth));
            (time, nth)
        })
    }

    /// One entry a sample (a tick, with an axis), and one at the end of each stretch that another one follows.
    pub(super) fn entries(&self, axis: Option<&[Tick]>, stretches: &[Range<Micros>]) -> Entries {
        let mut entries = Entries::default();
        let mut samples = self.ticks().zip(&self.samples).peekable();
        let mut stretch = 0;
        let own: Vec<Tick>;
        let axis = match axis {
            Some(axis) => axis,
            None => {
                own = self.ticks().collect();
                &own
            }
        };
        for (at, &tick) in axis.iter().enumerate() {
            let here = stretches.partition_point(|stretch| stretch.end <= tick.0);
            if here > stretch && at > 0 {
                let end = stretches.get(stretch).map_or(tick.0, |stretch| stretch.end);
                entries.push(end, Place::Gap, &[f64::NAN]);
            }
            stretch = here;
            match samples.next_if(|(own, _)| *own == tick) {
                Some((_, &(time, value))) => entries.push(time, Place::Filled, &[value]),
                None => entries.push(tick.0, Place::Missing, &[f64::NAN]),
            }
        }
        entries
    }

    /// The answer that these entries are.
    pub(super) fn series(&self, entries: Entries, t0: Micros) -> Series {
        let [values, _] = entries.columns;
        Series {
            method: Reduction::Raw,
            source_samples: self.met,
            exact: true,
            t0,
            time: entries.times.iter().map(|&time| seconds(time, t0)).collect(),
            values,
            ..Series::default()
        }
    }
}

/// The axis on which the samples of all these signals lie.
pub(super) fn shared_axis(signals: &[Raw]) -> Vec<Tick> {
    let mut axis: Vec<Tick> = signals.iter().flat_map(Raw::ticks).collect();
    axis.sort_unstable();
    axis.dedup();
    axis
}
