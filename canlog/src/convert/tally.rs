//! The figures of a message over a whole log.

use crate::frame::Micros;
use crate::manifest::SignalSummary;
use crate::parquet::SignalEntry;
use crate::table::{EXAMPLES, GroupSummary, Table};

/// What there is to say about the rows of a message.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) rows: u64,
    /// Whether the rows' times never step back.
    pub(super) sorted: bool,
    /// Frames that are no rows: not one signal could be read.
    pub(super) unusable: u64,
    /// Rows too short for some of their signals.
    pub(super) short: Examples,
    /// Rows stamped as the one before.
    pub(super) duplicates: Examples,
    last_time: Option<Micros>,
    summaries: Vec<GroupSummary>,
}

/// How many there are, and when the first of them were.
#[derive(Debug, Default)]
pub(super) struct Examples {
    pub(super) count: u64,
    pub(super) times: Vec<Micros>,
}

impl Examples {
    fn extend(&mut self, count: u64, times: impl IntoIterator<Item = Micros>) {
        self.count += count;
        let room = EXAMPLES - self.times.len();
        self.times.extend(times.into_iter().take(room));
    }
}

impl Tally {
    pub(super) fn new(signals: usize) -> Self {
        Self {
            rows: 0,
            sorted: true,
            unusable: 0,
            short: Examples::default(),
            duplicates: Examples::default(),
            last_time: None,
            summaries: vec![None; signals],
        }
    }

    /// Takes the rows that come next.
    pub(super) fn add(&mut self, table: &Table, summaries: Vec<GroupSummary>) {
        self.rows += table.times.len() as u64;
        self.unusable += table.unusable;
        self.short.extend(table.short, table.short_times.iter().copied());
        let before = self.last_time.zip(table.times.first().copied());
        self.last_time = table.times.last().copied().or(self.last_time);
        self.sorted &= table.times.is_sorted() && before.is_none_or(|(before, first)| before <= first);
        let pairs = || table.times.windows(2).map(|pair| (pair[0], pair[1])).chain(before);
        let equal = pairs().filter(|(one, other)| one == other).count();
        if equal > 0 {
            let times = before.into_iter().chain(table.times.windows(2).map(|pair| (pair[0], pair[1])));
            let times = times.filter(|(one, other)| one == other).map(|(time, _)| time);
            self.duplicates.extend(equal as u64, times);
        }
        for (all, next) in self.summaries.iter_mut().zip(summaries) {
            *all = match (*all, next) {
                (Some(all), Some(next)) => Some(all.then(next)),
                (all, next) => all.or(next),
            };
        }
    }

    /// Samples of all signals.
    pub(super) fn samples(&self) -> u64 {
        self.summaries.iter().flatten().map(|summary| summary.count).sum()
    }

    /// The manifest's entries of the message's signals.
    pub(super) fn signals(&self, signals: &[SignalEntry]) -> Vec<SignalSummary> {
        signals.iter().zip(&self.summaries).map(|(signal, summary)| entry(signal, *summary)).collect()
    }
}

fn entry(signal: &SignalEntry, summary: GroupSummary) -> SignalSummary {
    let (min, max) = summary.and_then(|summary| summary.range).unzip();
    SignalSummary {
        name: signal.name.clone(),
        unit: signal.unit.clone(),
        count: summary.map_or(0, |summary| summary.count),
        min,
        max,
        first: summary.map(|summary| summary.first.1),
        last: summary.map(|summary| summary.last.1),
        first_time: summary.map(|summary| summary.first.0),
        last_time: summary.map(|summary| summary.last.0),
        mean: summary.map(|summary| summary.mean).filter(|mean| mean.is_finite()),
        standard_deviation: summary
            .and_then(|summary| summary.standard_deviation())
            .filter(|sd| sd.is_finite()),
        labels: signal.labels.clone(),
    }
}
