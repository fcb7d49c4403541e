//! A logger's local clock: calendar fields to UTC in the zone of the log.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::frame::Micros;
use crate::report::ProblemCode;

use super::ledger::Ledger;
use super::problems::BadLine;
use super::timeline::{MAX_TIME, YEAR_2000};

/// How far a clock may step back within the hour that occurs twice and still be in its first pass.
const JITTER: Micros = 10_000_000;
const MINUTE: Micros = 60_000_000;

/// Year, month, day, hour and minute as the log writes them.
pub(super) type MinuteFields = [u32; 5];

/// Turns the minutes of a local clock into UTC. No zone changes its offset within a minute, so the last
/// minute is kept and the zone is asked once a minute of log time.
pub(super) struct LocalClock {
    zone: TimeZone,
    known: Option<(MinuteFields, Micros)>,
}

impl LocalClock {
    /// A clock in this zone.
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, known: None }
    }

    /// When the minute begins. A clock that was never set (year 0, or before 2000) is in no zone: year 0
    /// counts from 1970-01-01. `text` is the line, for what is worth noting about it.
    #[inline]
    pub(super) fn minute(
        &mut self,
        fields: MinuteFields,
        ledger: &mut Ledger,
        text: &[u8],
    ) -> Result<Micros, BadLine> {
        match self.known {
            Some((known, start)) if known == fields => Ok(start),
            _ => self.look_up(fields, ledger, text),
        }
    }

    #[cold]
    fn look_up(&mut self, fields: MinuteFields, ledger: &mut Ledger, text: &[u8]) -> Result<Micros, BadLine> {
        let local = civil(fields).ok_or(BadLine::time("no calendar has this date and time"))?;
        let naive = micros(local, Offset::UTC)?;
        let start = if naive < YEAR_2000 { naive } else { self.in_zone(local, ledger, text)? };
        if !(0..=MAX_TIME - 2 * MINUTE).contains(&start) {
            return Err(BadLine::time("a time outside 1970 to 2262"));
        }
        self.known = Some((fields, start));
        Ok(start)
    }

    fn in_zone(&self, local: DateTime, ledger: &mut Ledger, text: &[u8]) -> Result<Micros, BadLine> {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => micros(local, offset),
            AmbiguousOffset::Gap { before, .. } => {
                ledger.note(ProblemCode::TimeRange, text, || {
                    "a local time that the zone's clocks skip: taken as if they had not been set forward"
                        .to_owned()
                });
                micros(local, before)
            }
            AmbiguousOffset::Fold { before, after } => {
                let first = micros(local, before)?;
                match ledger.timeline.last() {
                    Some(last) if first + MINUTE + JITTER <= last => micros(local, after),
                    _ => Ok(first),
                }
            }
        }
    }
}

fn civil([year, month, day, hour, minute]: MinuteFields) -> Option<DateTime> {
    let small = |value: u32| i8::try_from(value).ok();
    let (year, month, day) = match year {
        0 => (1970, small(month.max(1))?, small(day.max(1))?),
        _ => (i16::try_from(year).ok()?, small(month)?, small(day)?),
    };
    DateTime::new(year, month, day, small(hour)?, small(minute)?, 0, 0).ok()
}

fn micros(local: DateTime, offset: Offset) -> Result<Micros, BadLine> {
    offset
        .to_timestamp(local)
        .map(|stamp| stamp.as_microsecond())
        .map_err(|_| BadLine::time("a time outside 1970 to 2262"))
}
