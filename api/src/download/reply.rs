//! A stored object as an answer: whole, one range, its headers alone, or that the client has it.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
            ETAG, RANGE,
        },
    },
    response::{IntoResponse, Response},
};
use platform::storage::{Expected, ObjectKey, Storage, StorageError};

use super::{
    name::attachment,
    range::{Wanted, wanted},
    validator::{is_continued, is_known},
};

/// How an answer may be kept: by who asked, who asks again whether it still is the same.
pub(super) const NOT_SHARED: &str = "private, no-cache";

/// A stored object.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) key: ObjectKey,
    pub(crate) is: Expected,
    /// What it is saved as.
    pub(crate) file_name: String,
    pub(crate) media_type: &'static str,
}

/// How it is asked for: GET or HEAD, and which part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
}

impl Stored {
    /// The answer. HEAD does not touch the storage.
    pub(crate) async fn deliver(
        &self,
        storage: &Storage,
        asked: Asked<'_>,
    ) -> Result<Response, StorageError> {
        let (tag, bytes) = (format!("\"{}\"", self.is.sha256), self.is.bytes);
        if is_known(asked.headers, &tag) {
            let fields = vec![(ETAG, tag), (CACHE_CONTROL, NOT_SHARED.to_owned())];
            return Ok(answer(StatusCode::NOT_MODIFIED, fields, Body::empty()));
        }
        let is_head = asked.method == Method::HEAD;
        let ranged = !is_head && is_continued(asked.headers, &tag);
        let range = asked.headers.get(RANGE).filter(|_| ranged).and_then(|value| value.to_str().ok());
        let mut fields = self.fields(tag);
        let (status, range) = match range.map_or(Wanted::All, |text| wanted(text, bytes)) {
            Wanted::All => (StatusCode::OK, 0..bytes),
            Wanted::Some(range) => {
                fields.push((CONTENT_RANGE, format!("bytes {}-{}/{bytes}", range.start, range.end - 1)));
                (StatusCode::PARTIAL_CONTENT, range)
            }
            Wanted::None => {
                fields.push((CONTENT_RANGE, format!("bytes */{bytes}")));
                return Ok(answer(StatusCode::RANGE_NOT_SATISFIABLE, fields, Body::empty()));
            }
        };
        fields.push((CONTENT_LENGTH, (range.end - range.start).to_string()));
        let body = match status {
            _ if is_head => Body::empty(),
            // A damaged object ends early, and so differs from what the header announced.
            StatusCode::OK => Body::from_stream(storage.read_whole(&self.key, &self.is).await?),
            _ => Body::from_stream(storage.read(&self.key, range).await?),
        };
        Ok(answer(status, fields, body))
    }

    fn fields(&self, tag: String) -> Vec<(HeaderName, String)> {
        vec![
            (ETAG, tag),
            (ACCEPT_RANGES, "bytes".to_owned()),
            // What was deleted must not live on: whoever keeps it asks again, which costs no bytes.
            (CACHE_CONTROL, NOT_SHARED.to_owned()),
            (CONTENT_TYPE, self.media_type.to_owned()),
            (CONTENT_DISPOSITION, attachment(&self.file_name)),
        ]
    }
}

/// An answer with these headers.
pub(crate) fn answer(status: StatusCode, fields: Vec<(HeaderName, String)>, body: Body) -> Response {
    let mut response = (status, body).into_response();
    for (name, text) in fields {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
