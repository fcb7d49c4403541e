//! The figures that conversions stored, of one run or several.

use canlog::statistics::{Sample, Statistics};

use crate::selection::{Axis, Selected, select::summary};

/// The figures of whole runs; `None` where the window cuts one, where the signal is derived, and where not all was
/// stored.
pub(super) fn figures(axis: &Axis, selected: &Selected) -> Option<Statistics> {
    if selected.derived().is_some() || !axis.is_whole() {
        return None;
    }
    let mut whole = Statistics::default();
    let read = axis.read();
    for row in selected.rows().iter().filter(|row| read.contains(&row.run_id)) {
        whole = joined(whole, Statistics::stored(&summary(row), row.sorted)?)?;
    }
    Some(whole)
}

/// The figures of the samples of both; `None` where a mean or a deviation is no finite number.
fn joined(one: Statistics, other: Statistics) -> Option<Statistics> {
    if one.count == 0 || other.count == 0 {
        return Some(if one.count == 0 { other } else { one });
    }
    let (n, m) = (one.count as f64, other.count as f64);
    let (mean, further) = (one.mean?, other.mean?);
    let apart = further - mean;
    let squares = squares(&one)? + squares(&other)? + apart * apart * n * m / (n + m);
    Some(Statistics {
        count: one.count + other.count,
        min: best(one.min, other.min, f64::min),
        max: best(one.max, other.max, f64::max),
        mean: Some(mean + apart * m / (n + m)),
        standard_deviation: Some((squares / (n + m - 1.0)).sqrt()),
        first: chosen(one.first, other.first, |one, other| other.time < one.time),
        last: chosen(one.last, other.last, |one, other| other.time >= one.time),
        ..Statistics::default()
    })
}

/// The sum of the squared distances from the mean.
fn squares(of: &Statistics) -> Option<f64> {
    if of.count < 2 {
        return Some(0.0);
    }
    of.standard_deviation.map(|deviation| deviation * deviation * (of.count - 1) as f64)
}

fn best(one: Option<f64>, other: Option<f64>, of: fn(f64, f64) -> f64) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(of(one, other)),
        (one, other) => one.or(other),
    }
}

fn chosen(
    one: Option<Sample>,
    other: Option<Sample>,
    takes_other: fn(&Sample, &Sample) -> bool,
) -> Option<Sample> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if takes_other(&one, &other) { other } else { one }),
        (one, other) => one.or(other),
    }
}
