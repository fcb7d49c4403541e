//! Multiplexing: which signals a frame carries, by the value of its multiplexors.

use super::plan::Row;

/// A signal's condition: its multiplexor is present and has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Index of the multiplexor among the message's signals.
    pub(crate) multiplexor: usize,
    /// Inclusive ranges of the multiplexor's raw value.
    pub(crate) values: Vec<(u64, u64)>,
}

impl Gate {
    /// Whether the frame in `row` carries the signal, its multiplexor being settled already.
    #[inline]
    pub(crate) fn is_open(&self, row: &Row) -> bool {
        let value = row.raw[self.multiplexor];
        row.present[self.multiplexor] && self.values.iter().any(|(low, high)| (*low..=*high).contains(&value))
    }

    /// Whether no value opens both gates of one multiplexor.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.multiplexor == other.multiplexor
            && !self.values.iter().any(|a| other.values.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
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
