//! What conversions wrote, as their manifests say: which files there are, and what each must be. Nothing else is
//! read as a series or given away.

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

/// Messages remembered, over all conversions: some 40 MB.
const REMEMBERED: usize = 100_000;

/// One message of a conversion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) bus: Option<String>,
    pub(crate) frame_id: Option<u32>,
    pub(crate) extended: bool,
    pub(crate) message: String,
    pub(crate) rows: u64,
    #[serde(flatten)]
    pub(crate) rows_file: File,
    pub(crate) overview: File,
}

/// A file of a conversion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct File {
    #[serde(rename = "file")]
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl File {
    /// What its object is known to be.
    pub(crate) fn is(&self) -> Expected {
        Expected { bytes: self.bytes, sha256: self.sha256.clone() }
    }
}

/// The messages of a conversion, and where in them each file is, be it of rows or an overview.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) all: Vec<Message>,
    places: HashMap<String, usize>,
}

impl Messages {
    fn new(all: Vec<Message>) -> Self {
        let named = all.iter().enumerate();
        let names =
            named.flat_map(|(at, of)| [(of.rows_file.name.clone(), at), (of.overview.name.clone(), at)]);
        Self { places: names.collect(), all }
    }

    /// The file of this name.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        let message = self.all.get(*self.places.get(name)?)?;
        [&message.rows_file, &message.overview].into_iter().find(|file| file.name == name)
    }
}

/// The manifests that were read last. A conversion never changes, so what is remembered never gets old.
#[derive(Debug, Default)]
pub(super) struct Manifests(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    of: HashMap<ConversionId, Arc<Messages>>,
    order: VecDeque<ConversionId>,
    messages: usize,
}

impl Manifests {
    fn get(&self, id: ConversionId) -> Option<Arc<Messages>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).of.get(&id).cloned()
    }

    fn keep(&self, id: ConversionId, messages: Arc<Messages>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(id, messages);
    }
}

impl Library {
    /// The messages of a conversion.
    ///
    /// # Errors
    /// STORAGE_UNAVAILABLE when it has no manifest that can be read.
    pub(crate) async fn messages(&self, lookup: &Lookup, id: ConversionId) -> Answer<Arc<Messages>> {
        if let Some(messages) = self.0.manifests.get(id) {
            return Ok(messages);
        }
        let messages = lookup.load_one(MessagesOf(id)).await?;
        let messages =
            messages.ok_or_else(|| Refusal::storage(format!("{id} has no manifest that can be read")))?;
        self.0.manifests.keep(id, messages.clone());
        Ok(messages)
    }
}

impl Known {
    fn keep(&mut self, id: ConversionId, messages: Arc<Messages>) {
        self.messages += messages.all.len();
        if let Some(earlier) = self.of.insert(id, messages) {
            self.messages -= earlier.all.len();
        } else {
            self.order.push_back(id);
        }
        while self.messages > REMEMBERED {
            let Some(oldest) = self.order.pop_front() else { break };
            self.messages -= self.of.remove(&oldest).map_or(0, |messages| messages.all.len());
        }
    }
}

/// The messages of a conversion, by its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MessagesOf(ConversionId);

impl Loader<MessagesOf> for Rows {
    type Value = Arc<Messages>;
    type Error = Refusal;

    async fn load(&self, keys: &[MessagesOf]) -> Result<HashMap<MessagesOf, Arc<Messages>>, Refusal> {
        let manifests = conversion::Entity::find()
            .select_only()
            .columns([conversion::Column::Id, conversion::Column::Manifest])
            .filter(conversion::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .into_tuple::<(ConversionId, Option<String>)>()
            .all(self.database())
            .await?;
        let read = |(id, manifest): (_, Option<String>)| match serde_json::from_str::<Manifest>(&manifest?) {
            Ok(manifest) => Some((MessagesOf(id), Arc::new(Messages::new(manifest.messages)))),
            Err(error) => {
                tracing::error!(%error, conversion.id = %id, "a manifest cannot be read");
                None
            }
        };
        Ok(manifests.into_iter().filter_map(read).collect())
    }
}

/// Of a manifest, what tells files apart; the rest may be large.
#[derive(Deserialize)]
struct Manifest {
    messages: Vec<Message>,
}
