//! Samples by rank when there are too many to hold: one digit of the answer a reading, until those that begin with
//! its digits are few.

use crate::series::SeriesError;

/// Gives all samples, slice by slice and how often each of a slice occurs, as often as it is called.
pub(super) type Each<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&[f64], u64)) -> Result<(), SeriesError>;

const DIGIT_BITS: u32 = 16;
const DIGITS: usize = 1 << DIGIT_BITS;

/// The samples at these ranks (from 0, in ascending order, NaN last).
///
/// A float's bits, turned over where it is negative, ascend as the floats do. At most four readings find them 16 bits
/// at a time; as soon as at most `most` samples are in question, the next reading holds them instead. Beside these,
/// memory is one table of 65,536 counts a rank at most.
pub(super) fn select(ranks: &[u64], most: usize, each: Each) -> Result<Vec<f64>, SeriesError> {
    let mut found: Vec<Place> =
        ranks.iter().map(|&rank| Place { prefix: 0, rank, samples: u64::MAX }).collect();
    for shift in [48, 32, 16, 0] {
        let prefixes = prefixes(&found);
        if within(&found, &prefixes, most) {
            return held(&found, &prefixes, shift, each);
        }
        let mut tables = vec![vec![0_u64; DIGITS]; prefixes.len()];
        each(&mut |values, times| {
            for &value in values {
                let key = key(value) >> shift;
                if let Ok(at) = prefixes.binary_search(&(key >> DIGIT_BITS)) {
                    tables[at][(key as usize) & (DIGITS - 1)] += times;
                }
            }
        })?;
        for place in &mut found {
            let table = prefixes.iter().position(|prefix| *prefix == place.prefix);
            place.descend(table.map_or(&[], |at| &tables[at]));
        }
    }
    Ok(found.iter().map(|place| float(place.prefix)).collect())
}

/// Whether the samples in question are so few.
fn within(found: &[Place], prefixes: &[u64], most: usize) -> bool {
    let samples =
        |prefix: &u64| found.iter().find(|place| place.prefix == *prefix).map_or(0, |place| place.samples);
    prefixes.iter().map(samples).fold(0, u64::saturating_add) <= most as u64
}

/// Holds the samples that begin with the digits found; `shift` is that of the next digit.
fn held(found: &[Place], prefixes: &[u64], shift: u32, each: Each) -> Result<Vec<f64>, SeriesError> {
    let mut keys: Vec<Vec<u64>> = vec![Vec::new(); prefixes.len()];
    each(&mut |values, times| {
        for &value in values {
            let key = key(value);
            if let Ok(at) = prefixes.binary_search(&(key >> shift >> DIGIT_BITS)) {
                keys[at].extend((0..times).map(|_| key));
            }
        }
    })?;
    keys.iter_mut().for_each(|keys| keys.sort_unstable());
    let value = |place: &Place| {
        let at = prefixes.binary_search(&place.prefix).ok()?;
        keys[at].get(usize::try_from(place.rank).ok()?).map(|&key| float(key))
    };
    Ok(found.iter().map(|place| value(place).unwrap_or(f64::NAN)).collect())
}

/// The different digits found.
fn prefixes(found: &[Place]) -> Vec<u64> {
    let mut prefixes: Vec<u64> = found.iter().map(|place| place.prefix).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

struct Place {
    /// The digits found.
    prefix: u64,
    /// Its rank among the samples that begin with them.
    rank: u64,
    /// How many those are.
    samples: u64,
}

impl Place {
    fn descend(&mut self, table: &[u64]) {
        let mut digit = 0;
        for (at, &count) in (0_u64..).zip(table) {
            (digit, self.samples) = (at, count);
            if self.rank < count {
                break;
            }
            self.rank -= count;
        }
        self.prefix = self.prefix << DIGIT_BITS | digit;
    }
}

fn key(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { value.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn float(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::{float, key, select};

    #[test]
    fn keys_ascend_and_lead_back() {
        let values = [f64::NEG_INFINITY, -1e300, -1.5, -1e-310, -0.0, 0.0, 1e-310, 2.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(values.iter().all(|&value| float(key(value)).to_bits() == value.to_bits()));
        assert!(key(-f64::NAN) > key(f64::INFINITY) && key(-f64::NAN) == key(f64::NAN));
    }

    #[test]
    fn ranks_are_those_of_the_sorted_samples() {
        let mut values: Vec<f64> = (0..1_000).map(|row| f64::from((row * 7_919) % 613) - 300.25).collect();
        let parts: Vec<Vec<f64>> = values.chunks(77).map(<[f64]>::to_vec).collect();
        values.sort_by(f64::total_cmp);
        let ranks = [0, 49, 50, 499, 950, 999];
        for (most, expected) in [(0, 4), (20, 3), (1_000, 2)] {
            let mut readings = 0;
            let found = select(&ranks, most, &mut |take| {
                readings += 1;
                parts.iter().for_each(|part| take(part, 1));
                Ok(())
            });
            assert_eq!(found.unwrap(), ranks.map(|rank| values[rank as usize]));
            assert_eq!(readings, expected, "{most} held");
        }
    }
}
