//! Distinct values of a column: by direct addressing where they lie close together, else by hashing.

use std::cmp::Ordering;

use super::{Cells, Values};
use crate::dbc::{SignalPlan, ValueKind};

/// Widest span of raw values that is addressed directly.
const WIDEST_SPAN: u64 = 1 << 17;
/// Multiplicative hashing (Fibonacci).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const FREE: u16 = u16::MAX;

/// What raw values mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale<'a> {
    /// Bit fields of a signal.
    Signal(&'a SignalPlan),
    /// The bits of floats.
    Bits,
}

impl Scale<'_> {
    /// What kind of values they are.
    pub(crate) fn kind(&self) -> ValueKind {
        match self {
            Self::Signal(plan) => plan.kind,
            Self::Bits => ValueKind::Float64,
        }
    }

    fn values(&self, raw: &[u64]) -> Values {
        match self {
            Self::Bits => Values::Float64(raw.iter().copied().map(f64::from_bits).collect()),
            Self::Signal(plan) => match plan.kind {
                ValueKind::Float64 => {
                    Values::Float64(raw.iter().map(|raw| plan.physical_f64(*raw)).collect())
                }
                ValueKind::Int64 => Values::Int64(raw.iter().map(|raw| plan.signed(*raw)).collect()),
                ValueKind::UInt64 => Values::UInt64(raw.to_vec()),
            },
        }
    }

    /// Turned over, signed fields ascend as their values do.
    fn sign_bit(&self) -> u64 {
        match self {
            Self::Signal(plan) if plan.is_signed() => 1 << (plan.bits() - 1),
            _ => 0,
        }
    }
}

/// Turns raw columns into coded ones; keeps its tables from column to column.
#[derive(Debug, Default)]
pub(crate) struct Coder {
    /// By direct address or hash: the code.
    slots: Vec<u16>,
    /// Raw values met, by code.
    distinct: Vec<u64>,
}

impl Coder {
    /// The samples `raw` (at most [`super::MAX_ROWS`]; left in another order of bits) as a column.
    pub(crate) fn cells(&mut self, raw: &mut [u64], scale: Scale) -> Cells {
        let sign = scale.sign_bit();
        let (mut low, mut high) = (u64::MAX, 0);
        for raw in raw.iter_mut() {
            *raw ^= sign;
            low = low.min(*raw);
            high = high.max(*raw);
        }
        if raw.is_empty() {
            return Cells::Plain(Values::empty(scale.kind()));
        }
        let widest = WIDEST_SPAN.min(8 * raw.len() as u64 + 256);
        let codes = if high - low < widest { self.address(raw, low, high) } else { self.hash(raw) };
        let meant = |keys: &[u64]| match sign {
            0 => scale.values(keys),
            sign => scale.values(&keys.iter().map(|key| key ^ sign).collect::<Vec<_>>()),
        };
        match codes {
            Some(codes) => ascending(codes, meant(&self.distinct)),
            None => Cells::Plain(meant(raw)),
        }
    }

    /// Codes in the order of the raw values; none when a dictionary does not pay.
    fn address(&mut self, raw: &[u64], low: u64, high: u64) -> Option<Vec<u16>> {
        let span = (high - low) as usize + 1;
        self.slots.clear();
        self.slots.resize(span, 0);
        for raw in raw {
            self.slots[(raw - low) as usize] = 1;
        }
        self.distinct.clear();
        for (slot, raw) in self.slots.iter_mut().zip(low..=high) {
            if *slot != 0 {
                *slot = self.distinct.len() as u16;
                self.distinct.push(raw);
            }
        }
        pays(self.distinct.len(), raw.len())
            .then(|| raw.iter().map(|raw| self.slots[(raw - low) as usize]).collect())
    }

    /// Codes in order of appearance; none when a dictionary does not pay.
    fn hash(&mut self, raw: &[u64]) -> Option<Vec<u16>> {
        let bits = (2 * raw.len()).next_power_of_two().trailing_zeros().max(1);
        let mask = (1_usize << bits) - 1;
        self.slots.clear();
        self.slots.resize(mask + 1, FREE);
        self.distinct.clear();
        let mut codes = Vec::with_capacity(raw.len());
        for key in raw {
            let mut at = (key.wrapping_mul(SPREAD) >> (64 - bits)) as usize;
            let code = loop {
                match self.slots[at] {
                    FREE if !pays(self.distinct.len() + 1, raw.len()) => return None,
                    FREE => break self.add(at, *key),
                    code if self.distinct[usize::from(code)] == *key => break code,
                    _ => at = (at + 1) & mask,
                }
            };
            codes.push(code);
        }
        Some(codes)
    }

    fn add(&mut self, at: usize, key: u64) -> u16 {
        let code = self.distinct.len() as u16;
        self.slots[at] = code;
        self.distinct.push(key);
        code
    }
}

/// Whether a dictionary of `distinct` values is smaller than `samples` plain ones. Never true of more
/// than three quarters of [`super::MAX_ROWS`], so that [`FREE`] is no code.
fn pays(distinct: usize, samples: usize) -> bool {
    4 * distinct <= 3 * samples
}

/// Puts the dictionary into ascending order.
fn ascending(mut codes: Vec<u16>, dictionary: Values) -> Cells {
    let order = match &dictionary {
        Values::Float64(values) => order(values, |a, b| a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(b))),
        Values::Int64(values) => order(values, Ord::cmp),
        Values::UInt64(values) => order(values, Ord::cmp),
    };
    let Some(order) = order else { return Cells::Coded { codes, dictionary } };
    let mut ranks = vec![0; order.len()];
    for (rank, from) in order.iter().enumerate() {
        ranks[usize::from(*from)] = rank as u16;
    }
    for code in &mut codes {
        *code = ranks[usize::from(*code)];
    }
    let dictionary = match dictionary {
        Values::Float64(values) => Values::Float64(taken(&values, &order)),
        Values::Int64(values) => Values::Int64(taken(&values, &order)),
        Values::UInt64(values) => Values::UInt64(taken(&values, &order)),
    };
    Cells::Coded { codes, dictionary }
}

/// The places of `values` in ascending order; none when they ascend already.
fn order<T>(values: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Option<Vec<u16>> {
    if values.is_sorted_by(|a, b| compare(a, b) != Ordering::Greater) {
        return None;
    }
    let mut order: Vec<u16> = (0..=u16::MAX).take(values.len()).collect();
    order.sort_by(|a, b| compare(&values[usize::from(*a)], &values[usize::from(*b)]));
    Some(order)
}

fn taken<T: Copy>(values: &[T], order: &[u16]) -> Vec<T> {
    order.iter().map(|at| values[usize::from(*at)]).collect()
}
