//! Links: addresses of downloads that whoever has them can take, for some minutes and without anything else.
//!
//! `https://logs.example.org/logs/log_…?expires=1767225600&signature=9f86…`: the signature is HMAC-SHA-256, in hex,
//! over path and query up to `&signature=`, and the last of all. The path is the one that this server sees, so a
//! proxy may put something in front of it. All processes of an installation have one [`key`]. What carries a
//! signature is [checked](admit) before a download sees it; what carries none is served as it is.

mod claim;
mod key;

use std::time::{Duration, SystemTime};

use async_graphql::Value;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header::HOST, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform::{config::http::HttpConfig, runtime::Runtime};

use crate::{
    download::Refused,
    graphql::{Answer, Code, Refusal, scalar::DateTime},
    selection::Library,
};
use claim::Claim;
pub(crate) use key::Keyring;

/// What the addresses in the answers to a request begin with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(String);

impl Base {
    /// As configured, else as this client reached us.
    pub(crate) fn of(config: &HttpConfig, headers: &HeaderMap) -> Self {
        let host = || headers.get(HOST).and_then(|host| host.to_str().ok());
        let reached = || host().map(|host| format!("http://{host}"));
        Self(config.public_url.clone().or_else(reached).unwrap_or_default())
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Makes the links of one answer.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    base: Base,
    library: Library,
}

impl Links {
    pub(crate) fn new(base: Base, library: Library) -> Self {
        Self { base, library }
    }

    /// A link to a path on this server and its query, escaped as they are sent.
    ///
    /// # Errors
    /// DB_UNAVAILABLE when the key is not known yet and cannot be read.
    pub(crate) async fn signed(&self, path_and_query: &str) -> Answer<String> {
        let runtime = self.library.runtime();
        let key = self.library.keyring().key(runtime).await?;
        let until = now().saturating_add(runtime.config.links.life.as_secs());
        let joint = if path_and_query.contains('?') { '&' } else { '?' };
        let text = format!("{path_and_query}{joint}expires={until}");
        Ok(format!("{}{text}&signature={}", self.base, key.signature(&text)))
    }
}

/// Lets a request through that says nothing of a signature, and one whose signature holds: without it, so that it is
/// the same request to whoever answers. Any other is refused.
pub(crate) async fn admit(State(library): State<Library>, mut request: Request, next: Next) -> Response {
    match Claim::of(request.uri()) {
        None => {}
        Some(claim) => match checked(library.runtime(), library.keyring(), claim).await {
            Ok(plain) => {
                let mut parts = request.uri().clone().into_parts();
                parts.path_and_query = Some(plain);
                match parts.try_into() {
                    Ok(uri) => *request.uri_mut() = uri,
                    Err(error) => return Refused(Refusal::internal(error)).into_response(),
                }
            }
            Err(refusal) => return Refused(refusal).into_response(),
        },
    }
    next.run(request).await
}

/// Path and query that the claim is about, if it holds.
async fn checked(runtime: &Runtime, keyring: &Keyring, claim: Claim) -> Answer<PathAndQuery> {
    let Claim::Signed { text, until, signature, plain } = claim else { return Err(changed()) };
    if !keyring.key(runtime).await?.made(&signature, &text) {
        return Err(changed());
    }
    if now() > until {
        return Err(expired(until));
    }
    plain.parse().map_err(Refusal::internal)
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn changed() -> Refusal {
    forbidden("This link is not as this server gave it.")
}

fn expired(until: u64) -> Refusal {
    let micros = i64::try_from(until).ok().and_then(|seconds| seconds.checked_mul(1_000_000));
    let refusal = forbidden("This link is too old.");
    match micros.map(|micros| async_graphql::ScalarType::to_value(&DateTime(micros))) {
        Some(Value::String(time)) => refusal.with("expired", time),
        _ => refusal,
    }
}

fn forbidden(message: &str) -> Refusal {
    let hint = "Ask GraphQL for the field again: each answer has new links. Take a link whole, between quotes in a \
                shell, up to the end of its signature.";
    Refusal::new(Code::Forbidden, message).with("hint", hint)
}
