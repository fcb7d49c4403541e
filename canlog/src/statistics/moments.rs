//! Mean and spread, so that nothing cancels: sums are taken around a value among the samples, and parts are
//! joined by their means.

/// Count, mean, and the sum of the squared distances from the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    /// Samples.
    pub(crate) count: u64,
    /// Arithmetic mean; 0 without samples.
    pub(crate) mean: f64,
    /// Sum of the squared distances from the mean.
    pub(crate) squares: f64,
}

/// Sums that go side by side: one chain of additions would wait for itself.
const LANES: usize = 8;

impl Moments {
    /// Of these samples.
    pub(crate) fn of(values: &[f64]) -> Self {
        let base = base(values.first().copied());
        let count = values.len() as f64;
        let mean = if values.is_empty() { 0.0 } else { base + sum(values, |value| value - base) / count };
        let squares = sum(values, |value| (value - mean) * (value - mean));
        Self { count: values.len() as u64, mean, squares }
    }

    /// Of samples by value and how often each occurs.
    pub(crate) fn of_counted(counted: &[(f64, u64)]) -> Self {
        let base = base(counted.first().map(|&(value, _)| value));
        let count: u64 = counted.iter().map(|&(_, count)| count).sum();
        if count == 0 {
            return Self::default();
        }
        let mean = base + weighted(counted, |value| value - base) / count as f64;
        Self { count, mean, squares: weighted(counted, |value| (value - mean) * (value - mean)) }
    }

    /// Of both.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let (count, apart) = (a + b, other.mean - self.mean);
        Self {
            count: self.count + other.count,
            mean: self.mean + apart * (b / count),
            squares: self.squares + other.squares + apart * apart * (a * b / count),
        }
    }

    /// Sample standard deviation (ddof 1); none below two samples.
    pub(crate) fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

/// Around an infinity nothing could be summed.
fn base(first: Option<f64>) -> f64 {
    first.filter(|value| value.is_finite()).unwrap_or_default()
}

fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += of(*value);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|value| of(*value)).sum::<f64>()
}

fn weighted(counted: &[(f64, u64)], of: impl Fn(f64) -> f64) -> f64 {
    counted.iter().map(|&(value, count)| count as f64 * of(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::Moments;

    #[test]
    fn large_offsets_cost_no_digits() {
        let values: Vec<f64> = (0..100_000).map(|row| 1e9 + f64::from(row % 3)).collect();
        let whole = Moments::of(&values);
        let parts = values.chunks(977).map(Moments::of).fold(Moments::default(), Moments::and);
        let counted = Moments::of_counted(&[(1e9, 33_334), (1e9 + 1.0, 33_333), (1e9 + 2.0, 33_333)]);
        for moments in [whole, parts, counted] {
            let deviation = moments.standard_deviation().unwrap();
            let expected = (66_666.999_99_f64 / 99_999.0).sqrt();
            assert!((deviation - expected).abs() < 1e-9, "{deviation}");
            assert!((moments.mean - 1_000_000_000.999_99).abs() < 1e-6, "{}", moments.mean);
        }
    }

    #[test]
    fn infinities_give_an_infinite_mean() {
        let moments = Moments::of(&[f64::INFINITY, 1.0]);
        assert_eq!((moments.mean, moments.squares.is_nan()), (f64::INFINITY, true));
        assert_eq!(Moments::of(&[]), Moments::default());
    }
}
