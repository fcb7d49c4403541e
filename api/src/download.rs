//! Raw logs, byte for byte.

use std::{fmt::Write, ops::Range};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, IF_RANGE, RANGE,
        },
    },
    response::{IntoResponse, Response},
};
use entity::{blob, id::BlobId, run};
use platform::{
    runtime::Runtime,
    storage::{Expected, ObjectKey, StorageError},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// `GET /logs/{id}`: the whole log, or the one range asked for.
pub(crate) async fn log(
    State(runtime): State<Runtime>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let log = match named(&runtime, &id).await {
        Ok(Some(log)) => log,
        Ok(None) => return (StatusCode::NOT_FOUND, "no such log\n").into_response(),
        Err(error) => {
            tracing::error!(%error, log.id = id, "log not looked up");
            return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; try again\n")
                .into_response();
        }
    };
    match deliver(&runtime, &log, &headers).await {
        Ok(response) => response,
        // Purged since it was looked up.
        Err(_) if matches!(named(&runtime, &id).await, Ok(None)) => {
            (StatusCode::NOT_FOUND, "no such log\n").into_response()
        }
        Err(error) => {
            tracing::error!(%error, log.id = id, "stored log not readable");
            (StatusCode::SERVICE_UNAVAILABLE, "the storage does not answer; try again\n").into_response()
        }
    }
}

/// A stored log and the name that its newest run has it under.
struct Log {
    key: ObjectKey,
    is: Expected,
    file_name: String,
}

async fn named(runtime: &Runtime, id: &str) -> Result<Option<Log>, DbErr> {
    match id.parse() {
        Ok(id) => find(runtime, id).await,
        Err(_) => Ok(None),
    }
}

async fn find(runtime: &Runtime, id: BlobId) -> Result<Option<Log>, DbErr> {
    let db = runtime.database.read();
    let blob = blob::Entity::find_by_id(id).filter(blob::Column::State.eq(blob::BlobState::Present));
    let runs = run::Entity::find()
        .filter(run::Column::BlobId.eq(id))
        .filter(run::Column::DeletedAt.is_null())
        .order_by_desc(run::Column::CreatedAt);
    // A log is readable through a run: with its last run deleted, it is gone for readers.
    let (Some(blob), Some(run)) = (blob.one(db).await?, runs.one(db).await?) else { return Ok(None) };
    Ok(blob.object_key.parse().ok().map(|key| Log {
        key,
        is: Expected { bytes: u64::try_from(blob.bytes).unwrap_or_default(), sha256: blob.sha256 },
        file_name: run.file_name,
    }))
}

async fn deliver(runtime: &Runtime, log: &Log, headers: &HeaderMap) -> Result<Response, StorageError> {
    let tag = format!("\"{}\"", log.is.sha256);
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let current = headers.get(IF_RANGE).is_none_or(|known| known == tag.as_str());
    let wanted = headers.get(RANGE).filter(|_| current).and_then(|value| value.to_str().ok());
    let mut fields = vec![
        (ETAG, tag),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, disposition(&log.file_name)),
    ];
    let (status, range) = match wanted.map_or(Wanted::All, |text| wanted_of(text, log.is.bytes)) {
        Wanted::All => (StatusCode::OK, 0..log.is.bytes),
        Wanted::Some(range) => {
            fields.push((CONTENT_RANGE, format!("bytes {}-{}/{}", range.start, range.end - 1, log.is.bytes)));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::None => {
            fields.push((CONTENT_RANGE, format!("bytes */{}", log.is.bytes)));
            return Ok(answer(StatusCode::RANGE_NOT_SATISFIABLE, fields, Body::empty()));
        }
    };
    fields.push((CONTENT_LENGTH, (range.end - range.start).to_string()));
    let body = match status {
        // A damaged log ends early, and so differs from what the header announced.
        StatusCode::OK => Body::from_stream(runtime.storage.read_whole(&log.key, &log.is).await?),
        _ => Body::from_stream(runtime.storage.read(&log.key, range).await?),
    };
    Ok(answer(status, fields, body))
}

fn answer(status: StatusCode, fields: Vec<(HeaderName, String)>, body: Body) -> Response {
    let mut response = (status, body).into_response();
    for (name, text) in fields {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Some(Range<u64>),
    /// A range beyond the end.
    None,
}

/// What a `Range` header asks of `size` bytes. Several ranges, and what is no range, mean all.
fn wanted_of(text: &str, size: u64) -> Wanted {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let range = match (first.trim(), last.trim()) {
        ("", last) => last.parse().map(|count: u64| size.saturating_sub(count)..size),
        (first, "") => first.parse().map(|first| first..size),
        (first, last) => {
            first.parse().and_then(|first| Ok(first..last.parse::<u64>()?.saturating_add(1).min(size)))
        }
    };
    match range {
        Err(_) => Wanted::All,
        Ok(range) if range.is_empty() => Wanted::None,
        Ok(range) => Wanted::Some(range),
    }
}

/// An attachment under the uploader's name: in ASCII for old clients, in UTF-8 for all others.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-' | b'_' => exact.push(char::from(byte)),
            _ => {
                let _ = write!(exact, "%{byte:02X}");
            }
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (text, expected) in [
            ("bytes=0-3", Wanted::Some(0..4)),
            ("bytes=4-", Wanted::Some(4..10)),
            ("bytes=-2", Wanted::Some(8..10)),
            ("bytes=-99", Wanted::Some(0..10)),
            ("bytes=8-99", Wanted::Some(8..10)),
            ("bytes=10-", Wanted::None),
            ("bytes=-0", Wanted::None),
            ("bytes=5-2", Wanted::None),
            ("bytes=0-1,4-5", Wanted::All),
            ("rows=0-1", Wanted::All),
        ] {
            assert_eq!(wanted_of(text, 10), expected, "{text}");
        }
        assert_eq!(wanted_of("bytes=0-", 0), Wanted::None);
    }

    #[test]
    fn names_cannot_leave_the_header() {
        assert_eq!(
            disposition("Ä\"b\\c.csv"),
            "attachment; filename=\"__b_c.csv\"; filename*=UTF-8''%C3%84%22b%5Cc.csv"
        );
    }
}
