//! GraphiQL out of the binary: built by `api/graphiql`, kept compressed, no request to anywhere else.

use std::io::Read;

use axum::{
    body::Body,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, VARY,
        },
    },
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "assets/graphiql"]
struct Assets;

/// Only ourselves; the editor sets styles from its script, and carries its fonts in its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
);

/// `GET /graphiql`.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    asset(Path("index.html".to_owned()), headers).await
}

/// `GET /graphiql/{file}`.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match Assets::get(&format!("{name}.gz")) {
        Some(file) => deliver(&name, file, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn deliver(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = tag_of(&file);
    let mut response = if headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if takes_gzip(headers) {
        let mut response = Body::from(file.data).into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut plain = Vec::new();
        match GzDecoder::new(file.data.as_ref()).read_to_end(&mut plain) {
            Ok(_) => Body::from(plain).into_response(),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    let fixed = response.headers_mut();
    fixed.insert(ETAG, tag);
    fixed.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    fixed.insert(VARY, HeaderValue::from_static("accept-encoding"));
    fixed.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fixed.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn tag_of(file: &EmbeddedFile) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    // Weak: compressed or not, it is the same file.
    HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let refused = |weight: &str| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        matches!(parts.next(), Some("gzip" | "*")) && !parts.any(refused)
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        _ => "text/plain; charset=utf-8",
    }
}
