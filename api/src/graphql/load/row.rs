//! Rows by their id.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{
    blob, conversion, dbc, derived_signal, id, interval, job, marker, run, signal, test_day, upload, vehicle,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Rows;
use crate::graphql::error::Refusal;

macro_rules! by_id {
    ($($id:ident => $table:ident),* $(,)?) => {$(
        impl Loader<id::$id> for Rows {
            type Value = $table::Model;
            type Error = Refusal;

            async fn load(&self, ids: &[id::$id]) -> Result<HashMap<id::$id, Self::Value>, Refusal> {
                let wanted = $table::Column::Id.is_in(ids.iter().copied());
                let rows = $table::Entity::find().filter(wanted).all(self.0.database.read()).await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        }
    )*};
}

by_id! {
    BlobId => blob,
    ConversionId => conversion,
    DbcId => dbc,
    DerivedSignalId => derived_signal,
    IntervalId => interval,
    JobId => job,
    MarkerId => marker,
    RunId => run,
    SignalId => signal,
    TestDayId => test_day,
    UploadId => upload,
    VehicleId => vehicle,
}
