//! The one shape of an answer: `data`, and errors that all carry a code and the request's id.

use async_graphql::{Response, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, ALLOW, CONTENT_TYPE},
    },
    response::IntoResponse,
};
use serde_json::json;

use super::{refusal::Refusal, request_id::RequestId};
use crate::graphql::Code;

/// What a client takes an answer as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepted {
    /// `application/graphql-response+json`: the status tells whether the operation ran.
    GraphqlResponse,
    /// `application/json`, as older clients have it: 200 whenever the request was well-formed.
    Json,
}

impl Accepted {
    /// The first of ours that the `Accept` header names; no header takes anything.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(accept) = headers.get(ACCEPT) else { return Ok(Self::Json) };
        let text = accept.to_str().map_err(|_| Refusal::NotAcceptable)?;
        text.split(',')
            .filter_map(|range| range.split(';').next())
            .find_map(|range| match range.trim() {
                "application/graphql-response+json" => Some(Self::GraphqlResponse),
                "application/json" | "application/*" | "*/*" => Some(Self::Json),
                _ => None,
            })
            .ok_or(Refusal::NotAcceptable)
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// An answer of the schema.
pub(super) fn of_response(response: Response, accepted: Accepted) -> axum::response::Response {
    let ran = response.is_ok() || response.data != Value::Null || response.errors.iter().any(has_path);
    let status = match accepted {
        Accepted::GraphqlResponse if !ran => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut answer = match ran {
        true => GraphQLResponse::from(response).into_response(),
        // No `data` at all, where null would say that it was looked for.
        false => Json(json!({ "errors": response.errors })).into_response(),
    };
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, accepted.content_type());
    answer
}

/// An answer that is no more than a refusal.
pub(super) fn of_refusal(
    refusal: &Refusal,
    accepted: Accepted,
    request_id: &RequestId,
) -> axum::response::Response {
    let mut answer = of_response(stamp(refusal.into(), request_id), accepted);
    if let Some(status) = refusal.status() {
        *answer.status_mut() = status;
    }
    if matches!(refusal, Refusal::MethodNotAllowed) {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

/// Gives every error its code and the request's id, and keeps what is ours to know from the client.
pub(super) fn stamp(mut response: Response, request_id: &RequestId) -> Response {
    for error in &mut response.errors {
        let code = code_of(error);
        if code == Code::Internal.name() {
            tracing::error!(request.id = %request_id, path = ?error.path, "operation failed: {}", error.message);
            error.message = Refusal::Internal.to_string();
        }
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code.as_str());
        extensions.set("requestId", request_id.as_str());
    }
    response
}

/// The code that the resolver chose, or what the engine's own errors amount to.
fn code_of(error: &ServerError) -> String {
    let chosen = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    if let Some(Value::String(code)) = chosen {
        return code.clone();
    }
    let engine = match error.message.as_str() {
        _ if has_path(error) && error.source.is_some() => Code::Internal,
        _ if has_path(error) => Code::BadUserInput,
        "Query is too complex." => Code::QueryTooComplex,
        "Query is nested too deep." => Code::QueryTooDeep,
        text if text.starts_with("The recursion depth of the query") => Code::QueryTooDeep,
        _ => Code::GraphqlValidationFailed,
    };
    engine.name().to_owned()
}

fn has_path(error: &ServerError) -> bool {
    !error.path.is_empty()
}
