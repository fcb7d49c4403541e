//! Files of conversions: of each message its rows and its overview, as Parquet.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method},
};
use entity::{
    conversion::{self, ConversionState},
    id::{ConversionId, RunId},
    run,
};
use platform::storage::{FileName, ObjectKey};
use sea_orm::EntityTrait;

use super::{
    refusal::{Refused, Taken},
    reply::{Asked, Stored},
};
use crate::{
    graphql::{Answer, Code, Refusal},
    selection::Library,
};

/// Parquet's own.
const MEDIA_TYPE: &str = "application/vnd.apache.parquet";

/// `GET /runs/{id}/messages/{file}`: a file of what readers see of the run now.
pub(super) async fn of_run(
    State(library): State<Library>,
    Path((id, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Taken {
    let asked = Asked { method: &method, headers: &headers };
    let mut before = None;
    loop {
        let run = readable(&library, &id).await?;
        let now = run.current_conversion_id.ok_or_else(unconverted)?;
        if before.replace(now) == Some(now) {
            return Err(Refusal::storage(format!("{file} of {now} is not readable")).into());
        }
        let stored = stored(&library, run.id, now, &file).await?;
        match stored.deliver(&library.runtime().storage, asked).await {
            Ok(response) => return Ok(response),
            // Converted again, and the old files removed, since it was looked up? Then the new ones are as good.
            Err(error) => tracing::warn!(%error, run.id = %run.id, "a file of a conversion is not readable"),
        }
    }
}

/// `GET /runs/{id}/conversions/{conversion}/{file}`: a file that never changes. A conversion that was superseded is
/// readable until the collector removes its files.
pub(super) async fn of_conversion(
    State(library): State<Library>,
    Path((id, conversion, file)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Taken {
    let run = readable(&library, &id).await?;
    let missing = || Refused::from(Refusal::not_found("conversion", &conversion));
    let conversion: ConversionId = conversion.parse().map_err(|_| missing())?;
    let row = conversion::Entity::find_by_id(conversion).one(library.runtime().database.read()).await;
    let was_published = |row: &conversion::Model| {
        row.run_id == run.id && matches!(row.state, ConversionState::Published | ConversionState::Superseded)
    };
    row.map_err(Refusal::from)?.filter(was_published).ok_or_else(missing)?;
    let stored = stored(&library, run.id, conversion, &file).await?;
    let delivered = stored.deliver(&library.runtime().storage, Asked { method: &method, headers: &headers });
    match delivered.await {
        Ok(response) => Ok(response),
        Err(_) if run.current_conversion_id != Some(conversion) => {
            let refusal = Refusal::not_found("file", format!("{file} of a conversion that was superseded"));
            Err(refusal.with("hint", "Ask `/lake/{message}` again for the files of now.").into())
        }
        Err(error) => Err(Refusal::storage(error).into()),
    }
}

/// Of a run without files.
pub(super) fn unconverted() -> Refusal {
    let hint = "Wait until its job has succeeded: `run { job { state } }`.";
    Refusal::new(Code::NotFound, "The run was not converted yet.").with("hint", hint)
}

/// The run, unless it is deleted.
pub(super) async fn readable(library: &Library, id: &str) -> Answer<run::Model> {
    let missing = || Refusal::not_found("run", id);
    let run: RunId = id.parse().map_err(|_| missing())?;
    let row = run::Entity::find_by_id(run).one(library.runtime().database.read()).await?;
    row.filter(|row| row.deleted_at.is_none()).ok_or_else(missing)
}

/// A file of a conversion, as its manifest knows it.
async fn stored(library: &Library, run: RunId, conversion: ConversionId, name: &str) -> Answer<Stored> {
    let messages = library.messages(&library.lookup(), conversion).await?;
    let (Some(found), Ok(file)) = (messages.file(name), name.parse::<FileName>()) else {
        let hint = "`/lake/{message}` lists the files of a message.";
        return Err(Refusal::not_found("file", name).with("hint", hint));
    };
    let key = ObjectKey::Conversion { run, conversion, file };
    Ok(Stored { key, is: found.is(), file_name: name.to_owned(), media_type: MEDIA_TYPE })
}
