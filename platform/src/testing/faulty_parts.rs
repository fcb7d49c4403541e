//! A bucket that fails when told to, for objects that come part by part.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use object_store::{
    MultipartId, PutPayload, PutResult, Result,
    multipart::{MultipartStore, PartId},
    path::Path,
};

use super::faulty_store::{FaultKind, Faults, spoilt_payload};

/// `inner` with `faults`; each step is an operation.
pub struct FaultyParts {
    inner: Arc<dyn MultipartStore>,
    faults: Arc<Faults>,
}

impl fmt::Debug for FaultyParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyParts").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl FaultyParts {
    /// `inner` with `faults`.
    pub fn new(inner: Arc<dyn MultipartStore>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl MultipartStore for FaultyParts {
    async fn create_multipart(&self, at: &Path) -> Result<MultipartId> {
        self.faults.operate(async |_| self.inner.create_multipart(at).await).await
    }

    async fn put_part(
        &self,
        at: &Path,
        id: &MultipartId,
        index: usize,
        payload: PutPayload,
    ) -> Result<PartId> {
        let put = async |fault: Option<FaultKind>| {
            self.inner.put_part(at, id, index, spoilt_payload(payload, fault)).await
        };
        self.faults.operate(put).await
    }

    async fn complete_multipart(&self, at: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        self.faults.operate(async |_| self.inner.complete_multipart(at, id, parts).await).await
    }

    async fn abort_multipart(&self, at: &Path, id: &MultipartId) -> Result<()> {
        self.faults.operate(async |_| self.inner.abort_multipart(at, id).await).await
    }
}
