//! Windows of time: given by their ends, or as an interval or a test day.

use std::ops::Range;

use async_graphql::{Context, ID, InputObject, SimpleObject};
use canlog::frame::Micros;
use entity::id::{IntervalId, TestDayId};

use super::{
    error::{Answer, Refusal},
    input,
    load::{Lookup, lookup},
    scalar::DateTime,
};

/// A span of time: `from` and `to`, or an interval, or a test day; exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, InputObject)]
pub(crate) struct TimeWindow {
    /// Its beginning; needs `to`.
    pub(crate) from: Option<DateTime>,
    /// Its end, excluded; needs `from`.
    pub(crate) to: Option<DateTime>,
    /// From the start to the end of this interval.
    pub(crate) interval: Option<ID>,
    /// The whole of this test day, from midnight to midnight at the track.
    pub(crate) test_day: Option<ID>,
}

/// A span of time: `from` is in it, `to` is not. Its two ends can be given as a `TimeWindow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct TimeSpan {
    /// Its beginning.
    from: DateTime,
    /// Its end, excluded.
    to: DateTime,
}

impl From<Range<Micros>> for TimeSpan {
    fn from(range: Range<Micros>) -> Self {
        Self { from: DateTime(range.start), to: DateTime(range.end) }
    }
}

impl From<Range<Micros>> for TimeWindow {
    fn from(range: Range<Micros>) -> Self {
        Self { from: Some(DateTime(range.start)), to: Some(DateTime(range.end)), ..Self::default() }
    }
}

impl TimeWindow {
    /// Its ends in microseconds since 1970; `field` is to blame when it is empty, or has not one form.
    pub(crate) async fn range(&self, ctx: &Context<'_>, field: &str) -> Answer<Range<Micros>> {
        self.find(lookup(ctx), field).await
    }

    /// As [`TimeWindow::range`], with lookups of one's own.
    pub(crate) async fn find(&self, lookup: &Lookup, field: &str) -> Answer<Range<Micros>> {
        let range = match (self.from, self.to, &self.interval, &self.test_day) {
            (Some(from), Some(to), None, None) => from.0..to.0,
            (None, None, Some(id), None) => {
                let id: IntervalId = input::id(id, field)?;
                let found = lookup.load_one(id).await?;
                let row = found.ok_or_else(|| Refusal::not_found("interval", id).at(field))?;
                row.start_at..row.end_at
            }
            (None, None, None, Some(id)) => {
                let id: TestDayId = input::id(id, field)?;
                let found = lookup.load_one(id).await?;
                let row = found.ok_or_else(|| Refusal::not_found("test day", id).at(field))?;
                row.start_at..row.end_at
            }
            _ => {
                let forms = "A window is `from` and `to`, or `interval`, or `testDay`.";
                return Err(Refusal::input(field, forms));
            }
        };
        if range.is_empty() {
            return Err(Refusal::input(field, "The window must begin before it ends."));
        }
        Ok(range)
    }
}
