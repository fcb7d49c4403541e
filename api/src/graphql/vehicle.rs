//! `Vehicle`: a car.

use async_graphql::{Context, ID, Object};
use entity::vehicle;

use super::{
    error::Answer,
    load::{DbcsOfVehicle, load},
    run_dbc::RunDbc,
    scalar::DateTime,
};

/// A car.
#[derive(Clone, Debug)]
pub(crate) struct Vehicle(pub(crate) vehicle::Model);

/// A car.
#[Object]
impl Vehicle {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The IANA zone its logger's clock is set to.
    async fn time_zone(&self) -> Option<&str> {
        self.0.time_zone.as_deref()
    }

    /// The DBCs that its logs are decoded with unless an upload names others.
    async fn dbcs(&self, ctx: &Context<'_>) -> Answer<Vec<RunDbc>> {
        let rows = load(ctx, DbcsOfVehicle(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| RunDbc { dbc: row.dbc_id, bus: row.bus }).collect())
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
