//! `MessageFile`: a file of a conversion, of all rows of one message.

use async_graphql::{Context, Object};
use entity::{
    id::{ConversionId, RunId},
    run,
};

use super::{
    error::Answer,
    library, links,
    load::lookup,
    page::{Connection, Cursor, PageArgs, Total, Window},
    runtime,
    scalar::{Int64, Url},
};
use crate::{download::escaped, selection::manifest::Message};

/// A file of a conversion, of all rows of one message.
#[derive(Clone, Debug)]
pub(crate) struct MessageFile {
    run: RunId,
    conversion: ConversionId,
    message: Message,
    is_deleted: bool,
}

/// The rows of one message (of one bus and frame id) of a run as a Parquet file: a column `timestamp` and one a signal.
#[Object]
impl MessageFile {
    /// The message's name in the DBC.
    async fn message(&self) -> &str {
        &self.message.message
    }

    /// The bus in the log's own text (`can0`, `1`); null where the format has none.
    async fn bus(&self) -> Option<&str> {
        self.message.bus.as_deref()
    }

    /// The frame id without flag bits; null for a log that another tool decoded.
    async fn frame_id(&self) -> Option<i32> {
        self.message.frame_id.and_then(|id| i32::try_from(id).ok())
    }

    /// Whether the frame id is of the 29-bit kind.
    async fn extended(&self) -> bool {
        self.message.extended
    }

    /// Its rows.
    async fn rows(&self) -> Int64 {
        self.message.rows.into()
    }

    /// Its name.
    async fn file_name(&self) -> &str {
        &self.message.rows_file.name
    }

    /// Its size in bytes.
    async fn bytes(&self) -> Int64 {
        self.message.rows_file.bytes.into()
    }

    /// SHA-256 of its bytes, hex.
    async fn sha256(&self) -> &str {
        &self.message.rows_file.sha256
    }

    /// Where to get it, whole or by ranges: a link that is good for `server { limits { linkSeconds } }`. Null once the
    /// run is deleted.
    async fn url(&self, ctx: &Context<'_>) -> Answer<Option<Url>> {
        if self.is_deleted {
            return Ok(None);
        }
        let name = escaped(&self.message.rows_file.name);
        let path = format!("/runs/{}/conversions/{}/{name}", self.run, self.conversion);
        links(ctx).signed(&path).await.map(Url).map(Some)
    }
}

/// A page of the files of what readers see of a run now; `None` before the first conversion.
pub(crate) async fn page(
    ctx: &Context<'_>,
    run: &run::Model,
    message: Option<&str>,
    args: PageArgs,
) -> Answer<Option<Connection<MessageFile>>> {
    let window = Window::new(args, "file", runtime(ctx).config.limits.answer.page)?;
    let Some(conversion) = run.current_conversion_id else { return Ok(None) };
    let messages = library(ctx).messages(lookup(ctx), conversion).await?;
    let wanted = |file: &Message| message.is_none_or(|name| file.message == name);
    let files: Vec<(i64, &Message)> = (0..).zip(&messages.all).filter(|(_, file)| wanted(file)).collect();
    let total = Total::Known(files.len());
    let cursor = |(place, _): &(i64, &Message)| Cursor {
        tag: "file".to_owned(),
        key: (*place).into(),
        id: conversion.0,
    };
    let is_deleted = run.deleted_at.is_some();
    let node = |(_, message): (i64, &Message)| {
        let message = message.clone();
        MessageFile { run: run.id, conversion, message, is_deleted }
    };
    let rows = window.cut(files, |(place, _)| *place);
    Ok(Some(window.page(rows, total, cursor, node)))
}
