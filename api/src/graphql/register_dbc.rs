//! `registerDbc`: a DBC comes in, from a client or from the operator.

use std::{path::Path, time::Duration};

use async_graphql::{Context, InputObject, SimpleObject, Union};
use bytes::Bytes;
use canlog::dbc::{self as format, DbcError, Limits};
use entity::{
    dbc::{self, Column, Model, NewDbc, Registered},
    id::DbcId,
    tombstone,
};
use futures::TryStreamExt;
use platform::{runtime::Runtime, storage::ObjectKey};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::{
    dbc::Dbc,
    error::{Answer, Code, Refusal},
    input,
    problem::{DbcRefused, Refused},
    runtime,
    scalar::Upload,
    upload_log::received,
};

/// A DBC to register: as a file or as text.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RegisterDbcInput {
    /// The file.
    file: Option<Upload>,
    /// Its text, instead of a file.
    text: Option<String>,
    /// A name to know it by; the file's unless told.
    name: Option<String>,
    /// Whether uploads that name no DBC are decoded with it from now on, instead of the defaults so far.
    #[graphql(default)]
    make_default: bool,
}

/// A DBC is registered.
#[derive(Debug, SimpleObject)]
pub(crate) struct RegisterDbcPayload {
    /// The DBC, with its diagnostics.
    dbc: Dbc,
    /// Whether it is new: the same bytes are registered once, under their first name.
    created: bool,
}

/// What `registerDbc` answers.
#[derive(Union)]
pub(crate) enum RegisterDbcResult {
    Registered(RegisterDbcPayload),
    DbcRefused(DbcRefused),
    Refused(Refused),
}

/// Answers `Mutation.registerDbc`.
pub(crate) async fn answer(ctx: &Context<'_>, input: RegisterDbcInput) -> Answer<RegisterDbcResult> {
    let outcome = match bytes_of(ctx, &input).await {
        Ok((bytes, name)) => register(runtime(ctx), bytes, name, input.make_default).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok((row, created)) => Ok(RegisterDbcPayload { dbc: Dbc(row), created }.into()),
        Err(refusal) if refusal.code.is_ours() => Err(refusal),
        Err(refusal) if refusal.code == Code::DbcInvalid => Ok(DbcRefused::from(refusal).into()),
        Err(refusal) => Ok(Refused::from(refusal).into()),
    }
}

/// Registers the operator's own DBC and makes it the default.
///
/// # Errors
/// When the file cannot be read or used; the message says why.
pub async fn register_default_dbc(runtime: &Runtime, path: &Path) -> Result<DbcId, Refusal> {
    let name = path.file_name().map_or_else(|| "default.dbc".into(), |name| name.to_string_lossy());
    let size = tokio::fs::metadata(path).await.map(|file| file.len());
    if size.as_ref().is_ok_and(|size| *size > runtime.config.limits.upload.dbc_bytes) {
        return Err(too_large(runtime));
    }
    let bytes = tokio::fs::read(path)
        .await
        .map_err(|error| Refusal::input("DBC", format!("{} cannot be read: {error}", path.display())))?;
    let (row, _) = register(runtime, bytes.into(), name.into_owned(), true).await?;
    Ok(row.id)
}

fn too_large(runtime: &Runtime) -> Refusal {
    let most = runtime.config.limits.upload.dbc_bytes;
    Refusal::new(Code::PayloadTooLarge, format!("A DBC has at most {most} bytes."))
}

/// The bytes and a name for them.
async fn bytes_of(ctx: &Context<'_>, input: &RegisterDbcInput) -> Answer<(Bytes, String)> {
    let name = input::optional_text(input.name.as_deref(), "name", 255)?;
    match (&input.file, &input.text) {
        (None, Some(text)) => {
            Ok((text.clone().into_bytes().into(), name.unwrap_or_else(|| "unnamed.dbc".to_owned())))
        }
        (Some(file), None) => {
            let log = received(ctx, *file)?;
            let bytes = stored(runtime(ctx), &log.object_key, log.bytes).await;
            // A DBC is kept under a key of its own, whatever becomes of it.
            crate::upload::discard_unless_committed(runtime(ctx), log.upload_id).await;
            Ok((bytes?, name.unwrap_or_else(|| log.file_name.clone())))
        }
        _ => Err(Refusal::input("file", "Give either `file` or `text`.")),
    }
}

async fn stored(runtime: &Runtime, key: &ObjectKey, size: u64) -> Answer<Bytes> {
    if size > runtime.config.limits.upload.dbc_bytes {
        return Err(too_large(runtime));
    }
    let parts = runtime.storage.read(key, 0..size).await.map_err(Refusal::storage)?;
    let bytes: Vec<Bytes> = parts.try_collect().await.map_err(Refusal::storage)?;
    Ok(bytes.concat().into())
}

/// Parses, stores and records a DBC; the same bytes again give the one that is there. Answers whether it is new.
async fn register(runtime: &Runtime, bytes: Bytes, name: String, default: bool) -> Answer<(Model, bool)> {
    let parsed = parse(runtime, bytes.clone()).await?;
    let known = dbc::Entity::find().filter(Column::Sha256.eq(parsed.sha256.as_str()));
    if let Some(row) = known.one(runtime.database.read()).await? {
        if default {
            make_default(runtime, row.id).await?;
        }
        return Ok((Model { is_default: row.is_default || default, ..row }, false));
    }
    let key = ObjectKey::Dbc(parsed.id);
    let new = NewDbc { name, object_key: key.to_string(), ..parsed };
    // The object before its row, which is never without its bytes; until then a tombstone owns it.
    reserve(runtime, &new.object_key).await?;
    runtime.storage.put(&key, bytes).await.map_err(Refusal::storage)?;
    let written = runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let new = new.clone();
        Box::pin(async move { record(tx, new, default).await })
    });
    let Registered { dbc, duplicate } = written.await?;
    if dbc.object_key != key.to_string()
        && let Err(error) = runtime.storage.delete(&key).await
    {
        tracing::warn!(%error, "a surplus object is left for the collector");
    }
    Ok((dbc, !duplicate))
}

/// How long storing and recording a DBC may take.
const PATIENCE: Duration = Duration::from_secs(86_400);

async fn reserve(runtime: &Runtime, key: &str) -> Answer<()> {
    let key = key.to_owned();
    let reserved = runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let key = key.clone();
        Box::pin(async move { tombstone::reserve(tx, &key, PATIENCE).await })
    });
    Ok(reserved.await?)
}

/// Registers the DBC and makes it the default where asked to.
async fn record(tx: &DatabaseTransaction, new: NewDbc, default: bool) -> Result<Registered, DbErr> {
    let key = new.object_key.clone();
    let Registered { dbc, duplicate } = dbc::register(tx, new).await?;
    if dbc.object_key != key {
        tombstone::bury(tx, &key).await?;
    } else if !tombstone::lift(tx, &key).await? {
        return Err(DbErr::Custom(format!("{key} was given up before it was recorded")));
    }
    if default {
        dbc::set_defaults(tx, &[dbc.id]).await?;
    }
    let is_default = dbc.is_default || default;
    Ok(Registered { dbc: Model { is_default, ..dbc }, duplicate })
}

/// Makes this one the DBC of uploads that name none.
async fn make_default(runtime: &Runtime, id: DbcId) -> Answer<()> {
    let made = runtime
        .database
        .transaction::<_, DbErr, _>(move |tx| Box::pin(async move { dbc::set_defaults(tx, &[id]).await }));
    Ok(made.await?)
}

/// What the file says, without name and key. A file that makes the parser panic is invalid too.
async fn parse(runtime: &Runtime, bytes: Bytes) -> Answer<NewDbc> {
    let most = usize::try_from(runtime.config.limits.upload.dbc_bytes).unwrap_or(usize::MAX);
    if bytes.len() > most {
        return Err(too_large(runtime));
    }
    let limits = Limits { bytes: most, ..Limits::default() };
    let parsed = tokio::task::spawn_blocking(move || {
        let dbc = format::parse_within(&bytes, &limits)?;
        Ok(row_of(&dbc, bytes.len()))
    });
    match parsed.await {
        Ok(Ok(row)) => row,
        Ok(Err(error)) => Err(invalid(error)),
        Err(panic) => {
            tracing::error!(error = %panic, "reading a DBC panicked");
            Err(Refusal::new(Code::DbcInvalid, "The DBC cannot be read."))
        }
    }
}

fn row_of(dbc: &format::Dbc, bytes: usize) -> Answer<NewDbc> {
    let signals: usize = dbc.messages.iter().map(|message| message.plan.signals.len()).sum();
    Ok(NewDbc {
        id: DbcId::new(),
        sha256: dbc.sha256.clone(),
        name: String::new(),
        version: dbc.version.clone(),
        object_key: String::new(),
        bytes: i64::try_from(bytes).map_err(Refusal::internal)?,
        message_count: i32::try_from(dbc.messages.len()).map_err(Refusal::internal)?,
        signal_count: i32::try_from(signals).map_err(Refusal::internal)?,
        diagnostics: serde_json::to_string(&dbc.diagnostics).map_err(Refusal::internal)?,
    })
}

fn invalid(error: DbcError) -> Refusal {
    let refusal = Refusal::new(Code::DbcInvalid, format!("The DBC cannot be read: {error}."))
        .at("file")
        .with("line", error.line)
        .with("column", error.column);
    match error.hint {
        Some(hint) => refusal.with("hint", hint),
        None => refusal,
    }
}
