//! Signals as recorded in one run: the current conversion's.

use sea_orm::entity::prelude::*;

use crate::id::{ConversionId, RunId, SignalId};

/// A signal as recorded in one run. Identity: (bus, frame id + extended flag, message, name).
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signal")]
pub struct Model {
    /// Made from the run and the identity, so that it outlives a conversion.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignalId,
    /// The run.
    pub run_id: RunId,
    /// The conversion the figures are from.
    pub conversion_id: ConversionId,
    /// Order within the run.
    pub position: i32,
    /// The wire in the log's own text; null where the format has none.
    pub bus: Option<String>,
    /// The frame id without flag bits; null for a log that was decoded before it reached us.
    pub frame_id: Option<i64>,
    /// Whether the frame id is of the 29-bit kind.
    pub extended: bool,
    /// The message's name.
    pub message: String,
    /// The signal's name: a column of the message's file.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// The message's Parquet file, relative to the conversion.
    pub file: String,
    /// The message's overview file, relative to the conversion.
    pub overview: String,
    /// Whether the rows' times never step back.
    pub sorted: bool,
    /// Samples.
    pub count: i64,
    /// The figures and the value table as JSON: the manifest's `SignalSummary`.
    #[sea_orm(column_type = "Text")]
    pub summary: String,
    /// Time of the first value in file order.
    pub first_at: Option<i64>,
    /// Time of the last value in file order.
    pub last_at: Option<i64>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
