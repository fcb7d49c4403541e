//! One line and a few numbers a request.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use metrics::Counter;
use platform::metrics::name;

/// Asked every few seconds by machines: worth a line only to who looks for it.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Middleware: counts, times and tells. Inside the request's span, which has its id.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = known(request.method());
    let route =
        request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or("none").to_owned();
    let response = next.run(request).await;
    let (took, status) = (began.elapsed(), response.status());
    count(method, &route, status);
    metrics::histogram!(name::HTTP_REQUEST_SECONDS, "route" => route.clone()).record(took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    if PROBES.contains(&route.as_str()) {
        tracing::debug!(method, route, status, duration_ms, "answered");
    } else {
        tracing::info!(method, route, status, duration_ms, "answered");
    }
    let served = metrics::counter!(name::SERVED_BYTES, "route" => route);
    response.map(|body| Body::new(Counted { body, served }))
}

fn count(method: &'static str, route: &str, status: StatusCode) {
    let labels =
        [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_u16().to_string())];
    metrics::counter!(name::HTTP_REQUESTS, &labels).increment(1);
}

/// A client may call its method anything; a label must not follow it.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A body that counts what of it is sent.
struct Counted {
    body: Body,
    served: Counter,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.served.increment(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
