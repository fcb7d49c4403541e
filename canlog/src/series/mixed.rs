//! Rows that were read before others that belong in front of them.

use crate::frame::Micros;

/// A row's place in stable time order: its time, and its place in the file.
pub(super) type Place = (Micros, u64);

/// Rows that wait, some columns of them.
#[derive(Debug, Default)]
pub(super) struct Mixed {
    places: Vec<Place>,
    columns: Vec<Vec<f64>>,
    /// The first in order; `None` without rows.
    least: Option<Place>,
    sorted: bool,
}

impl Mixed {
    /// No rows of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], sorted: true, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The first time.
    pub(super) fn first(&self) -> Option<Micros> {
        self.least.map(|(time, _)| time)
    }

    /// Adds a row.
    pub(super) fn push(&mut self, place: Place, values: impl Iterator<Item = f64>) {
        self.least = Some(self.least.map_or(place, |least| least.min(place)));
        self.sorted &= self.places.last().is_none_or(|last| *last < place);
        self.places.push(place);
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
    }

    /// Takes the rows that belong before `bound`, in order; all without one.
    pub(super) fn take_below(&mut self, bound: Option<Place>) -> Option<(Vec<Micros>, Vec<Vec<f64>>)> {
        let below = |least: Place| bound.is_none_or(|bound| least < bound);
        self.least.filter(|&least| below(least))?;
        self.sort();
        let end = bound.map_or(self.len(), |bound| self.places.partition_point(|place| *place < bound));
        let times = self.places.drain(..end).map(|(time, _)| time).collect();
        let columns = self.columns.iter_mut().map(|column| column.drain(..end).collect()).collect();
        self.least = self.places.first().copied();
        Some((times, columns))
    }

    /// Keeps the first `most` rows in order; gives back the places of the others, in order.
    pub(super) fn cut(&mut self, most: usize) -> Vec<Place> {
        if self.len() <= most {
            return Vec::new();
        }
        self.sort();
        self.columns.iter_mut().for_each(|column| column.truncate(most));
        self.places.split_off(most)
    }

    fn sort(&mut self) {
        if std::mem::replace(&mut self.sorted, true) {
            return;
        }
        let mut order: Vec<u32> = (0..).take(self.len()).collect();
        // Runs in order are found and merged.
        order.sort_by_key(|&row| self.places[row as usize]);
        self.places = order.iter().map(|&row| self.places[row as usize]).collect();
        for column in &mut self.columns {
            *column = order.iter().map(|&row| column[row as usize]).collect();
        }
    }
}
