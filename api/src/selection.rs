//! Which signals, over which runs and times: what GraphQL's series and statistics and HTTP's exports have in
//! common, from a name to files that are proved to be what their conversion wrote.
//!
//! An [`Axis`] says which runs and which times, a [`Selector`] which signal. [`Library::select`] looks the names
//! up and answers in words; [`Library::open`] finds the files; [`Library::read`] reads them on a thread, with
//! [`Opened::traces`]:
//!
//! ```text
//! let selected = library.select(&library.lookup(), &axis, &selectors).await?;
//! let opened = library.open(&library.lookup(), &axis, selected).await?;
//! let series = library.read(opened, move |opened, stop| read_shared(opened.traces(stop), &request)).await?;
//! ```

mod axis;
pub(crate) mod catalog;
pub(crate) mod dependency;
mod derive;
mod file;
pub(crate) mod manifest;
mod open;
mod place;
pub(crate) mod select;

use std::sync::Arc;

use canlog::series::ColumnCache;
use platform::runtime::Runtime;
use tokio::sync::Semaphore;

pub(crate) use axis::{Axis, Scope};
pub(crate) use derive::Derived;
pub(crate) use file::{Stop, StoredFile};
pub(crate) use open::{Opened, refusal};
pub(crate) use place::Place;
pub(crate) use select::{Kind, Selected, Selector};

use crate::{
    graphql::load::{Batches, Lookup, loaders},
    link::Keyring,
};

/// The converted runs as this process reads them. Cheap to clone: all clones share what is remembered.
#[derive(Clone, Debug)]
pub struct Library(Arc<Shelves>);

#[derive(Debug)]
struct Shelves {
    runtime: Runtime,
    manifests: manifest::Manifests,
    /// How many readings run at once, over all operations.
    readers: Arc<Semaphore>,
    /// How many exports are on their way at once: beside the readings, which do not wait for slow clients.
    exports: Arc<Semaphore>,
    columns: Arc<ColumnCache>,
    keyring: Keyring,
}

impl Library {
    /// The library of one process; decoded columns take as many bytes as the configuration says.
    ///
    /// Twice as many readings run at once as there are processors: while one waits for the disk another computes.
    #[must_use]
    pub fn new(runtime: Runtime) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(Arc::new(Shelves {
            manifests: manifest::Manifests::default(),
            readers: Arc::new(Semaphore::new(2 * processors)),
            exports: Arc::new(Semaphore::new(runtime.config.limits.export.concurrent)),
            columns: Arc::new(ColumnCache::new(runtime.config.storage.column_cache_bytes)),
            keyring: Keyring::default(),
            runtime,
        }))
    }

    /// The handles it reads with.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// What its links are signed with.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Lookups for one request that has none of its own; what is asked at the same time becomes one statement.
    pub(crate) fn lookup(&self) -> Lookup {
        loaders(self.runtime(), &Batches::default())
    }
}

impl axum::extract::FromRef<Library> for Runtime {
    fn from_ref(library: &Library) -> Self {
        library.runtime().clone()
    }
}
