//! Places of exports.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::Library;
use crate::graphql::{Answer, Code, Refusal};

/// A place among the exports that are on their way; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Library {
    /// A place for an export, if there is one now.
    ///
    /// # Errors
    /// RATE_LIMITED.
    pub(crate) fn place(&self) -> Answer<Place> {
        let permit = Arc::clone(&self.0.exports).try_acquire_owned();
        permit.map(|permit| Place { _permit: permit }).map_err(|_| {
            let most = self.runtime().config.limits.export.concurrent;
            Refusal::new(Code::RateLimited, format!("{most} exports are on their way already."))
                .with("hint", "Ask again in a few seconds.")
        })
    }
}
