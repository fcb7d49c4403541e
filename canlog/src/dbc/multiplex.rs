//! Multiplexing: which signals a frame carries, by the value of its multiplexors.

use super::plan::Row;

/// A signal's condition: its multiplexor is present and has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Index of the multiplexor among the message's signals.
    pub(crate) multiplexor: usize,
    /// Inclusive ranges of the multiplexor's raw value, ascending and apart; empty: never open.
    values: Vec<(u64, u64)>,
}

impl Gate {
    /// A gate that any of `ranges` opens; those that end before they begin hold nothing.
    pub(crate) fn new(multiplexor: usize, ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut values: Vec<_> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        values.sort_unstable();
        values.dedup_by(|next, kept| {
            let touches = next.0 <= kept.1;
            kept.1 = if touches { kept.1.max(next.1) } else { kept.1 };
            touches
        });
        Self { multiplexor, values }
    }

    /// Whether nothing opens it.
    pub(crate) fn is_shut(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the frame in `row` carries the signal, its multiplexor being settled already.
    #[inline]
    pub(crate) fn is_open(&self, row: &Row) -> bool {
        let value = row.raw[self.multiplexor];
        let next = self.values.partition_point(|(_, high)| *high < value);
        row.present[self.multiplexor] && self.values.get(next).is_some_and(|(low, _)| *low <= value)
    }

    /// Whether no value opens both gates of one multiplexor, and how many comparisons that took.
    pub(crate) fn excludes(&self, other: &Self) -> (bool, usize) {
        if self.multiplexor != other.multiplexor {
            return (false, 1);
        }
        let (mut own, mut others, mut compared) = (0, 0, 1);
        while let (Some(a), Some(b)) = (self.values.get(own), other.values.get(others)) {
            if a.0 <= b.1 && b.0 <= a.1 {
                return (false, compared);
            }
            if a.1 < b.1 {
                own += 1
            } else {
                others += 1
            }
            compared += 1;
        }
        (true, compared)
    }
}

/// The signals, multiplexors before what they switch. Signals in or behind a ring of multiplexors come in
/// the second list: nothing can switch them on.
pub(crate) fn order(gates: &[Option<Gate>]) -> (Vec<usize>, Vec<usize>) {
    let mut switched = vec![Vec::new(); gates.len()];
    let mut order = Vec::with_capacity(gates.len());
    for (signal, gate) in gates.iter().enumerate() {
        match gate {
            Some(gate) => switched[gate.multiplexor].push(signal),
            None => order.push(signal),
        }
    }
    let mut next = 0;
    while let Some(&signal) = order.get(next) {
        order.append(&mut switched[signal]);
        next += 1;
    }
    let rings = switched.into_iter().flatten().collect();
    (order, rings)
}
