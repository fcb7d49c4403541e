//! Signals as recorded in one run: the current conversion's.

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*};
use sha2::{Digest, Sha256};

use crate::{
    catalog_signal,
    id::{ConversionId, RunId, SignalId},
};

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
    /// What it is in the catalogue: a [`catalog_signal`]'s id.
    pub catalog_id: Option<Uuid>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Rows of one INSERT: its variables must stay below what every back end takes.
const PAGE: usize = 500;
/// Bytes of one INSERT, about: MariaDB takes 16 MiB in one statement unless told otherwise.
const PAGE_BYTES: usize = 4 << 20;

/// A signal as a conversion found it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedSignal {
    /// The wire in the log's own text; null where the format has none.
    pub bus: Option<String>,
    /// The frame id without flag bits; null for a log that was decoded before it reached us.
    pub frame_id: Option<u32>,
    /// Whether the frame id is of the 29-bit kind.
    pub extended: bool,
    /// The message's name.
    pub message: String,
    /// The signal's name.
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
    /// The manifest's `SignalSummary` as JSON.
    pub summary: String,
    /// Time of the first value in file order.
    pub first_at: Option<i64>,
    /// Time of the last value in file order.
    pub last_at: Option<i64>,
}

impl RecordedSignal {
    /// The signal's id in `run`: the same for the same identity, whichever conversion found it.
    #[must_use]
    pub fn id(&self, run: RunId) -> SignalId {
        let mut hash = Sha256::new();
        hash.update(run.0.as_bytes());
        let frame = self.frame_id.map(|id| format!("{id}/{}", self.extended));
        for part in [self.bus.as_deref(), frame.as_deref(), Some(&self.message), Some(&self.name)] {
            // The length in front keeps ("ab", "c") and ("a", "bc") apart; no length is that of an absent part.
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hash.update(length.to_le_bytes());
            hash.update(part.unwrap_or_default().as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        SignalId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn into_row(self, run_id: RunId, conversion_id: ConversionId, position: i32) -> Model {
        let mut row = Model {
            id: self.id(run_id),
            run_id,
            conversion_id,
            position,
            bus: self.bus.map(storable),
            frame_id: self.frame_id.map(i64::from),
            extended: self.extended,
            message: storable(self.message),
            name: storable(self.name),
            unit: self.unit.map(storable),
            file: self.file,
            overview: self.overview,
            sorted: self.sorted,
            count: self.count,
            summary: self.summary,
            first_at: self.first_at,
            last_at: self.last_at,
            catalog_id: None,
        };
        row.catalog_id = Some(catalog_signal::Model::of(&row).id);
        row
    }
}

/// The text without the one letter that PostgreSQL's texts cannot hold.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Puts `signals`, in this order, in the place of what the run has.
pub(crate) async fn replace(
    tx: &DatabaseTransaction,
    run: RunId,
    conversion: ConversionId,
    signals: Vec<RecordedSignal>,
) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::RunId.eq(run)).exec(tx).await?;
    let rows = (0..).zip(signals).map(|(position, signal)| signal.into_row(run, conversion, position));
    let rows: Vec<Model> = rows.collect();
    catalog_signal::note(tx, &rows).await?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    for row in rows {
        bytes += row.summary.len();
        page.push(ActiveModel::from(row).reset_all());
        if page.len() == PAGE || bytes >= PAGE_BYTES {
            Entity::insert_many(page.split_off(0)).exec_without_returning(tx).await?;
            bytes = 0;
        }
    }
    if page.is_empty() {
        return Ok(());
    }
    Entity::insert_many(page).exec_without_returning(tx).await.map(drop)
}
