//! Request ids: taken from the caller when they are presentable, made otherwise, and given back.

use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const LONGEST: usize = 128;

/// The id of one HTTP request, as in its log lines and in each of its errors.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match given.filter(|text| is_presentable(text)) {
            Some(text) => Self(text.into()),
            None => Self(Uuid::now_v7().to_string().into()),
        }
    }

    /// Its text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the text may stand in our logs as it is.
fn is_presentable(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Middleware: the id becomes an extension of the request, a field of its span and a header of the answer.
/// A request that has one already keeps it.
pub(crate) async fn assign(mut request: Request, next: Next) -> Response {
    if request.extensions().get::<RequestId>().is_some() {
        return next.run(request).await;
    }
    let id = RequestId::of(request.headers());
    let span = tracing::info_span!("request", request.id = %id, method = %request.method(), path = request.uri().path());
    let parent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    platform::trace::follow(&span, parent);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
