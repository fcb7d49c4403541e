//! The entries of an answer while it is put together: one axis, some columns over it.

use crate::frame::Micros;
use crate::series::Fill;

/// What stands at a place of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Samples.
    Filled,
    /// No sample.
    Missing,
    /// The end of a run: nothing is filled across it.
    Gap,
}

/// Times ascending, what stands there, and columns of as many numbers (NaN where there is no sample).
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub times: Vec<Micros>,
    pub places: Vec<Place>,
    pub columns: [Vec<f64>; 2],
}

impl Entries {
    /// Adds an entry with a number for each column that is used.
    pub(super) fn push(&mut self, time: Micros, place: Place, numbers: &[f64]) {
        self.times.push(time);
        self.places.push(place);
        for (column, &number) in self.columns.iter_mut().zip(numbers) {
            column.push(number);
        }
    }

    /// Fills the places without samples.
    pub(super) fn fill(&mut self, fill: Fill) {
        let Self { times, places, columns } = self;
        for column in columns.iter_mut().filter(|column| !column.is_empty()) {
            match fill {
                Fill::None => {}
                Fill::Previous => previous(column, places),
                Fill::Linear => linear(column, places, times),
            }
        }
    }
}

fn previous(column: &mut [f64], places: &[Place]) {
    let mut carried = f64::NAN;
    for (number, place) in column.iter_mut().zip(places) {
        match place {
            Place::Filled => carried = *number,
            Place::Missing => *number = carried,
            Place::Gap => carried = f64::NAN,
        }
    }
}

fn linear(column: &mut [f64], places: &[Place], times: &[Micros]) {
    let mut left: Option<usize> = None;
    for (right, place) in places.iter().enumerate() {
        match place {
            Place::Missing => {}
            Place::Gap => left = None,
            Place::Filled => {
                if let Some(left) = left {
                    between(column, times, left, right);
                }
                left = Some(right);
            }
        }
    }
}

/// The straight line from one entry to another.
fn between(column: &mut [f64], times: &[Micros], left: usize, right: usize) {
    let (from, to) = (column[left], column[right]);
    let whole = times[right].saturating_sub(times[left]) as f64;
    for at in left + 1..right {
        let part = if whole > 0.0 { times[at].saturating_sub(times[left]) as f64 / whole } else { 0.0 };
        column[at] = from + (to - from) * part;
    }
}
