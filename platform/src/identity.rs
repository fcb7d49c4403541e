//! Whether API and worker mean the same installation: one database, and folders that both see.
//!
//! The API gives its database a random id and announces it at the broker; each folder carries an id of its own
//! (`.dataviewer-store-id`), which the database remembers. A worker compares both with what it sees itself.

use entity::{instance, store};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    runtime::Runtime,
    storage::{Area, StorageError},
};

/// Why a process must not start, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No API has worked with this database.
    #[error("no API has worked with this worker's database yet")]
    Unknown,
    /// The API works with another database.
    #[error(
        "this worker's DATABASE_URL is not the API's database; workers on other machines need PostgreSQL or \
         MySQL/MariaDB"
    )]
    OtherDatabase,
    /// The API works with other folders.
    #[error(
        "this worker does not see the API's folders: share them or set UPLOAD_BUCKET and DATA_BUCKET \
         ({} differs)", variable(*area)
    )]
    OtherFolder {
        /// Which.
        area: Area,
    },
    /// The database's objects lie in another folder than the API's.
    #[error(
        "{} is not the folder that holds this database's objects: point it there, or, when they were moved \
         here without its file `.dataviewer-store-id`, write {known} into that file", variable(*area)
    )]
    MovedFolder {
        /// Which.
        area: Area,
        /// The id of the folder that the database knows.
        known: Uuid,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

const AREAS: [Area; 2] = [Area::Uploads, Area::Data];

/// The API's part: gives database and folders their ids where they have none, and announces the database.
///
/// # Errors
/// [`IdentityError::MovedFolder`], and when database or folders cannot be used.
pub async fn establish(runtime: &Runtime) -> Result<(), IdentityError> {
    for area in AREAS {
        let here = runtime.storage.store_id(area).await?;
        let known = runtime.database.transaction::<_, DbErr, _>(move |tx| {
            Box::pin(async move { store::establish(tx, name(area), here).await })
        });
        if let Some(known) = known.await?.filter(|known| Some(*known) != here) {
            return Err(IdentityError::MovedFolder { area, known });
        }
    }
    let new = Uuid::new_v4();
    let id = runtime.database.transaction::<_, DbErr, _>(move |tx| Box::pin(instance::establish(tx, new)));
    runtime.broker.announce_instance(id.await?).await;
    Ok(())
}

/// The worker's part, on a database that has its tables.
///
/// # Errors
/// [`IdentityError::Unknown`] when no API was here yet: ask again later. The other kinds say what differs.
pub async fn check(runtime: &Runtime) -> Result<(), IdentityError> {
    let read = runtime.database.read();
    match runtime.broker.instance().await {
        Some(announced) if !instance::has(read, announced).await? => {
            return Err(IdentityError::OtherDatabase);
        }
        Some(_) => {}
        // An API that is away, or a broker that is, must not keep workers from the jobs that wait.
        None if instance::known(read).await?.is_none() => return Err(IdentityError::Unknown),
        None => {}
    }
    for area in AREAS {
        if store::known(read, name(area)).await? != runtime.storage.store_id(area).await? {
            return Err(IdentityError::OtherFolder { area });
        }
    }
    Ok(())
}

fn name(area: Area) -> &'static str {
    match area {
        Area::Uploads => "uploads",
        Area::Data => "data",
    }
}

fn variable(area: Area) -> &'static str {
    match area {
        Area::Uploads => "UPLOAD_FOLDER",
        Area::Data => "DATA_FOLDER",
    }
}
