//! `Log`: a stored raw file.

use async_graphql::{Context, ID, Object};
use entity::{blob, id::ConversionId};

use super::{
    conversion::report_of,
    error::Answer,
    links,
    scalar::{Int64, Url},
};

/// A stored raw file, as seen from a run.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) blob: blob::Model,
    pub(crate) file_name: String,
    pub(crate) conversion: Option<ConversionId>,
    pub(crate) is_deleted: bool,
}

/// The stored raw file that a run is made of. It is never changed; the same bytes are stored once.
#[Object]
impl Log {
    /// Its id.
    async fn id(&self) -> ID {
        self.blob.id.to_string().into()
    }

    /// The file's name as the uploader had it; display text.
    async fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Its size in bytes.
    async fn bytes(&self) -> Int64 {
        Int64(self.blob.bytes)
    }

    /// SHA-256 of its bytes, hex.
    async fn sha256(&self) -> &str {
        &self.blob.sha256
    }

    /// Its format as recognised by its bytes, e.g. `candump`; null before the first conversion.
    async fn format(&self, ctx: &Context<'_>) -> Answer<Option<String>> {
        match self.conversion {
            Some(id) => Ok(report_of(ctx, id).await?.map(|report| report.format)),
            None => Ok(None),
        }
    }

    /// Where to get it byte for byte: a link that is good for `server { limits { linkSeconds } }`. Null once the run is
    /// deleted.
    async fn download_url(&self, ctx: &Context<'_>) -> Answer<Option<Url>> {
        if self.is_deleted {
            return Ok(None);
        }
        links(ctx).signed(&format!("/logs/{}", self.blob.id)).await.map(Url).map(Some)
    }
}
