//! What the files of a conversion are, as its manifest says: nothing else is read as a series.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::dataloader::Loader;
use entity::{conversion, id::ConversionId};
use platform::storage::Expected;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;

use super::Library;
use crate::graphql::{
    Answer, Refusal,
    load::{Lookup, Rows},
};

/// Files by their names.
pub(crate) type Files = HashMap<String, Expected>;

/// Conversions remembered.
const REMEMBERED: usize = 512;

/// The files of the conversions that were read last. A conversion never changes, so this never gets old.
#[derive(Debug, Default)]
pub(crate) struct Proofs(Mutex<VecDeque<(ConversionId, Arc<Files>)>>);

impl Proofs {
    fn get(&self, id: ConversionId) -> Option<Arc<Files>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| *known == id).map(|(_, files)| files.clone())
    }

    fn keep(&self, id: ConversionId, files: Arc<Files>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(known, _)| *known != id);
        known.push_front((id, files));
        known.truncate(REMEMBERED);
    }
}

impl Library {
    /// The files of a conversion.
    ///
    /// # Errors
    /// STORAGE_UNAVAILABLE when it has no manifest that can be read.
    pub(super) async fn files(&self, lookup: &Lookup, id: ConversionId) -> Answer<Arc<Files>> {
        if let Some(files) = self.0.proofs.get(id) {
            return Ok(files);
        }
        let files = lookup.load_one(FilesOf(id)).await?;
        let files =
            files.ok_or_else(|| Refusal::storage(format!("{id} has no manifest that can be read")))?;
        self.0.proofs.keep(id, files.clone());
        Ok(files)
    }
}

/// The files of a conversion, by its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FilesOf(ConversionId);

impl Loader<FilesOf> for Rows {
    type Value = Arc<Files>;
    type Error = Refusal;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Arc<Files>>, Refusal> {
        let manifests = conversion::Entity::find()
            .select_only()
            .columns([conversion::Column::Id, conversion::Column::Manifest])
            .filter(conversion::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .into_tuple::<(ConversionId, Option<String>)>()
            .all(self.database())
            .await?;
        let read = |(id, manifest): (_, Option<String>)| {
            let manifest: Manifest = serde_json::from_str(&manifest?).ok()?;
            Some((FilesOf(id), Arc::new(manifest.files())))
        };
        Ok(manifests.into_iter().filter_map(read).collect())
    }
}

/// Of a manifest, what tells files apart; the rest may be large.
#[derive(Deserialize)]
struct Manifest {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    file: String,
    bytes: u64,
    sha256: String,
    overview: NamedFile,
}

#[derive(Deserialize)]
struct NamedFile {
    file: String,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    fn files(self) -> Files {
        let files = self.messages.into_iter().flat_map(|message| {
            let Message { file, bytes, sha256, overview } = message;
            [NamedFile { file, bytes, sha256 }, overview]
        });
        files.map(|file| (file.file, Expected { bytes: file.bytes, sha256: file.sha256 })).collect()
    }
}
