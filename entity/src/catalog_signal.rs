//! The catalogue: which signals exist at all, each once, however many runs have it.
//!
//! A row stays when its last run is gone: who asks what exists has to look whether a run has it.

use std::collections::{BTreeMap, HashSet};

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*, sea_query::OnConflict};
use sha2::{Digest, Sha256};

use crate::signal;

/// A signal by message, name and unit.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog_signal")]
pub struct Model {
    /// Made from message, name and unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Made from message and name: the same for all units.
    pub entry_id: Uuid,
    /// The first 100 characters of the name: what the catalogue is ordered by.
    pub beginning: String,
    /// The message's name.
    #[sea_orm(column_type = "Text")]
    pub message: String,
    /// The signal's name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Its unit.
    #[sea_orm(column_type = "Text", nullable)]
    pub unit: Option<String>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Rows of one statement.
const PAGE: usize = 500;

impl Model {
    /// The row of what was recorded.
    pub(crate) fn of(signal: &signal::Model) -> Self {
        let (message, name) = (signal.message.clone(), signal.name.clone());
        Self {
            id: id([Some(&message), Some(&name), signal.unit.as_deref()]),
            entry_id: id([Some(&message), Some(&name)]),
            beginning: name.chars().take(100).collect(),
            unit: signal.unit.clone(),
            message,
            name,
        }
    }
}

/// The migration that fills the table makes the same ids.
fn id<const N: usize>(parts: [Option<&str>; N]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        // The length in front keeps ("ab", "c") and ("a", "bc") apart; no length is that of an absent part.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(part.unwrap_or_default().as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Puts those that are new into the catalogue: most often none, and then nothing is written or locked.
pub(crate) async fn note(tx: &DatabaseTransaction, signals: &[signal::Model]) -> Result<(), DbErr> {
    // In the order of their ids: two that write the same rows do not wait for each other in a circle.
    let wanted: BTreeMap<Uuid, Model> = signals.iter().map(Model::of).map(|row| (row.id, row)).collect();
    let wanted: Vec<Model> = wanted.into_values().collect();
    for page in wanted.chunks(PAGE) {
        let known = Entity::find().filter(Column::Id.is_in(page.iter().map(|row| row.id)));
        let known: HashSet<Uuid> = known.all(tx).await?.into_iter().map(|row| row.id).collect();
        let new = page.iter().filter(|row| !known.contains(&row.id));
        let new: Vec<_> = new.map(|row| ActiveModel::from(row.clone()).reset_all()).collect();
        if !new.is_empty() {
            // Another conversion may have been faster; its row is the same.
            let same = OnConflict::column(Column::Id).update_column(Column::EntryId).to_owned();
            Entity::insert_many(new).on_conflict(same).exec_without_returning(tx).await?;
        }
    }
    Ok(())
}
