//! `TestDay`: a day at a track.

use async_graphql::{Context, ID, Object};
use entity::test_day;

use super::{error::Answer, load::load, scalar::DateTime, vehicle::Vehicle};

/// A day at a track.
#[derive(Clone, Debug)]
pub(crate) struct TestDay(pub(crate) test_day::Model);

/// A day at a track ("testing day" in the original API, "event" in no API).
#[Object]
impl TestDay {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The local date, `YYYY-MM-DD`.
    async fn date(&self) -> &str {
        &self.0.date
    }

    /// Where.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The track's IANA zone.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// The car, when the day is one car's.
    async fn vehicle(&self, ctx: &Context<'_>) -> Answer<Option<Vehicle>> {
        match self.0.vehicle_id {
            Some(id) => Ok(load(ctx, id).await?.map(Vehicle)),
            None => Ok(None),
        }
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
