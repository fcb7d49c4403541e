//! `registerDbc`: a DBC comes in, from a client or from the operator.

use std::path::Path;

use async_graphql::{Context, InputObject, SimpleObject, Union};
use bytes::Bytes;
use canlog::dbc::{self as format, DbcError, Limits};
use entity::{
    clock,
    dbc::{self, Column, Model},
    id::DbcId,
};
use futures::TryStreamExt;
use platform::{runtime::Runtime, storage::ObjectKey};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::Expr,
};

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
            make_default(runtime, vec![row.id]).await?;
        }
        return Ok((Model { is_default: row.is_default || default, ..row }, false));
    }
    let id = DbcId::new();
    let key = ObjectKey::Dbc(id);
    let row = Model {
        id,
        name,
        object_key: key.to_string(),
        bytes: i64::try_from(bytes.len()).map_err(Refusal::internal)?,
        is_default: default,
        ..parsed
    };
    // The object first: a row is never without its bytes.
    runtime.storage.put(&key, bytes).await.map_err(Refusal::storage)?;
    let written = runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let row = row.clone();
        Box::pin(async move { insert(tx, row).await })
    });
    let row = written.await?;
    let created = row.id == id;
    if !created && let Err(error) = runtime.storage.delete(&key).await {
        tracing::warn!(%error, "a surplus object is left for the sweeper");
    }
    Ok((row, created))
}

/// Inserts the row unless the same bytes were registered meanwhile.
async fn insert(tx: &DatabaseTransaction, row: Model) -> Result<Model, DbErr> {
    let known = dbc::Entity::find().filter(Column::Sha256.eq(row.sha256.as_str()));
    let row = match known.one(tx).await? {
        Some(known) => Model { is_default: known.is_default || row.is_default, ..known },
        None => {
            let row = Model { created_at: clock::now(tx).await?, ..row };
            dbc::Entity::insert(row.clone().into_active_model().reset_all())
                .exec_without_returning(tx)
                .await?;
            row
        }
    };
    if row.is_default {
        set_default(tx, &[row.id]).await?;
    }
    Ok(row)
}

/// Makes these the DBCs of uploads that name none.
pub(crate) async fn make_default(runtime: &Runtime, ids: Vec<DbcId>) -> Answer<()> {
    let made = runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let ids = ids.clone();
        Box::pin(async move { set_default(tx, &ids).await })
    });
    Ok(made.await?)
}

async fn set_default(tx: &DatabaseTransaction, ids: &[DbcId]) -> Result<(), DbErr> {
    for (condition, is_default) in
        [(Column::Id.is_not_in(ids.iter().copied()), false), (Column::Id.is_in(ids.iter().copied()), true)]
    {
        let update = dbc::Entity::update_many().col_expr(Column::IsDefault, Expr::value(is_default));
        update.filter(condition).exec(tx).await?;
    }
    Ok(())
}

/// What the file says, as a row without id, name and key. A file that makes the parser panic is invalid too.
async fn parse(runtime: &Runtime, bytes: Bytes) -> Answer<Model> {
    let most = usize::try_from(runtime.config.limits.upload.dbc_bytes).unwrap_or(usize::MAX);
    if bytes.len() > most {
        return Err(too_large(runtime));
    }
    let limits = Limits { bytes: most, ..Limits::default() };
    let parsed = tokio::task::spawn_blocking(move || {
        let dbc = format::parse_within(&bytes, &limits)?;
        Ok(row_of(&dbc))
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

fn row_of(dbc: &format::Dbc) -> Answer<Model> {
    let signals: usize = dbc.messages.iter().map(|message| message.plan.signals.len()).sum();
    Ok(Model {
        id: DbcId(uuid::Uuid::nil()),
        sha256: dbc.sha256.clone(),
        name: String::new(),
        version: dbc.version.clone(),
        object_key: String::new(),
        bytes: 0,
        message_count: i32::try_from(dbc.messages.len()).map_err(Refusal::internal)?,
        signal_count: i32::try_from(signals).map_err(Refusal::internal)?,
        diagnostics: serde_json::to_string(&dbc.diagnostics).map_err(Refusal::internal)?,
        is_default: false,
        created_at: 0,
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
