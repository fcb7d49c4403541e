//! Rows at the times of all samples.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::export::lane::{Lane, lanes};
use crate::export::stream::Stream;
use crate::export::{MOST_ROWS, Rows};
use crate::frame::Micros;
use crate::series::source::Source;
use crate::series::{Fill, SeriesError};

/// A time, and which of the samples of that time.
type Tick = (Micros, u32);

/// Signals that are merged.
pub(super) struct Samples<'a, R> {
    tracks: Vec<Track<'a, R>>,
    /// Nothing is filled from one to another.
    stretches: Vec<Range<Micros>>,
    fill: Fill,
    signals: usize,
}

/// A lane and where it is.
struct Track<'a, R> {
    lane: Lane<'a, R>,
    /// The sample before the next one.
    last: Option<Tick>,
    /// Its values, where places are filled.
    held: Vec<f64>,
}

impl<'a, R: Read + Seek> Samples<'a, R> {
    pub(super) fn new<O: Read + Seek>(
        signals: Vec<Vec<Source<'a, R, O>>>,
        stretches: Vec<Range<Micros>>,
        fill: Fill,
    ) -> Result<Self, SeriesError> {
        let count = signals.len();
        let open =
            |runs: Vec<Source<'a, R, O>>| runs.into_iter().map(Stream::open).collect::<Result<Vec<_>, _>>();
        let streams = signals.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let lanes = lanes(streams.into_iter().enumerate().collect());
        let track = |lane: Lane<'a, R>| Track { held: vec![f64::NAN; lane.signals.len()], lane, last: None };
        Ok(Self { tracks: lanes.into_iter().map(track).collect(), stretches, fill, signals: count })
    }

    /// Adds rows until there are enough, or no more.
    pub(super) fn fill(&mut self, rows: &mut Rows) -> Result<(), SeriesError> {
        rows.columns.resize_with(self.signals, Vec::new);
        while rows.times.len() < MOST_ROWS {
            let mut first: Option<Tick> = None;
            for track in &mut self.tracks {
                if let Some(tick) = track.next()? {
                    first = Some(first.map_or(tick, |first| first.min(tick)));
                }
            }
            let Some(tick) = first else { break };
            match self.in_step(tick, MOST_ROWS - rows.times.len()) {
                0 => self.row(tick, rows),
                common => self.take(common, rows),
            }
        }
        Ok(())
    }

    /// How many of the next rows have a sample of every signal, as far as that is seen at once.
    fn in_step(&self, tick: Tick, most: usize) -> usize {
        let Some((one, others)) = self.tracks.split_first() else { return 0 };
        let times = one.lane.times();
        if self.tracks.iter().any(|track| track.tick() != Some(tick)) {
            return 0;
        }
        others.iter().fold(times.len().min(most), |common, other| {
            let (one, other) = (&times[..common], other.lane.times());
            match other.get(..common) {
                Some(other) if one == other => common,
                _ => one.iter().zip(other).take_while(|(one, other)| one == other).count(),
            }
        })
    }

    /// Adds rows that have a sample of every signal.
    fn take(&mut self, count: usize, rows: &mut Rows) {
        if let Some(track) = self.tracks.first() {
            rows.times.extend_from_slice(&track.lane.times()[..count]);
        }
        for track in &mut self.tracks {
            for (column, &signal) in track.lane.signals.iter().enumerate() {
                rows.columns[signal].extend_from_slice(&track.lane.column(column)[..count]);
            }
            track.pass(count);
        }
    }

    /// Adds one row.
    fn row(&mut self, tick: Tick, rows: &mut Rows) {
        rows.times.push(tick.0);
        for track in &mut self.tracks {
            let here = track.tick() == Some(tick);
            for (column, &signal) in track.lane.signals.iter().enumerate() {
                let value = if here {
                    track.lane.column(column)[0]
                } else {
                    track.between(column, tick.0, (self.fill, &self.stretches))
                };
                rows.columns[signal].push(value);
            }
            if here {
                track.pass(1);
            }
        }
    }
}

impl<R: Read + Seek> Track<'_, R> {
    /// Makes the next sample ready.
    fn next(&mut self) -> Result<Option<Tick>, SeriesError> {
        if self.lane.times().is_empty() {
            self.lane.advance()?;
        }
        Ok(self.tick())
    }

    fn tick(&self) -> Option<Tick> {
        let time = *self.lane.times().first()?;
        Some((time, self.last.filter(|last| last.0 == time).map_or(0, |last| last.1 + 1)))
    }

    /// Leaves samples behind.
    fn pass(&mut self, count: usize) {
        let times = &self.lane.times()[..count];
        if let Some(&time) = times.last() {
            let same = times.iter().rev().take_while(|&&other| other == time).count();
            let before =
                self.last.filter(|last| same == count && last.0 == time).map_or(0, |last| last.1 + 1);
            self.last = Some((time, before + same as u32 - 1));
            for (column, held) in self.held.iter_mut().enumerate() {
                *held = self.lane.column(column)[count - 1];
            }
        }
        self.lane.skip(count);
    }

    /// What stands at a time without a sample.
    fn between(&self, column: usize, time: Micros, (fill, stretches): (Fill, &[Range<Micros>])) -> f64 {
        let of = |time: Micros| stretches.partition_point(|stretch| stretch.end <= time);
        let same = |other: &Micros| of(*other) == of(time);
        match (fill, self.last.map(|last| last.0).filter(same)) {
            (Fill::Previous, Some(_)) => self.held[column],
            (Fill::Linear, Some(left)) => match self.lane.times().first().filter(|right| same(right)) {
                Some(&right) => line((left, self.held[column]), (right, self.lane.column(column)[0]), time),
                None => f64::NAN,
            },
            _ => f64::NAN,
        }
    }
}

/// The straight line from one point to another.
pub(super) fn line((left, from): (Micros, f64), (right, to): (Micros, f64), time: Micros) -> f64 {
    let whole = right.saturating_sub(left) as f64;
    let part = if whole > 0.0 { time.saturating_sub(left) as f64 / whole } else { 0.0 };
    from + (to - from) * part
}
