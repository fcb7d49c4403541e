//! Operations over plain HTTP.

use async_graphql::{Executor, Request, parser::types::OperationType};
use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
    response::Response,
};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Endpoint,
    answer::{Accepted, of_refusal, of_response},
    multipart,
    operation::Operations,
    refusal::Refusal,
    request_id::RequestId,
};

/// Objects around the variables in a body: the body itself.
const ENVELOPE: usize = 1;

/// `POST /graphql`.
pub(super) async fn receive<E: Executor>(
    State(endpoint): State<Endpoint<E>>,
    axum::Extension(request_id): axum::Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let accepted = match Accepted::of(&headers) {
        Ok(accepted) => accepted,
        Err(refusal) => return of_refusal(&refusal, Accepted::Json, &request_id),
    };
    let operations = endpoint.operations(request_id.clone(), &headers);
    let outcome = match media_type(&headers) {
        Ok("application/json") => run_json(&endpoint, &operations, body).await,
        Ok("multipart/form-data") => multipart::run(&endpoint, operations, headers, body).await,
        Ok(_) => Err(Refusal::MediaType("send `application/json`, or `multipart/form-data` for a file")),
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(response) => of_response(response, accepted),
        Err(refusal) => of_refusal(&refusal, accepted, &request_id),
    }
}

/// The parameters of a `GET`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// `GET /graphql?query=…`: queries only, since links and images of foreign pages cause GETs too.
pub(super) async fn query<E: Executor>(
    operations: Operations<E>,
    headers: &HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let request_id = operations.request_id.clone();
    let accepted = match Accepted::of(headers) {
        Ok(accepted) => accepted,
        Err(refusal) => return of_refusal(&refusal, Accepted::Json, &request_id),
    };
    let outcome = match parameters {
        Ok(Query(parameters)) => run_query(&operations, parameters).await,
        Err(rejection) => Err(Refusal::BadRequest(rejection.body_text())),
    };
    match outcome {
        Ok(response) => of_response(response, accepted),
        Err(refusal) => of_refusal(&refusal, accepted, &request_id),
    }
}

async fn run_query<E: Executor>(
    operations: &Operations<E>,
    parameters: Parameters,
) -> Result<async_graphql::Response, Refusal> {
    let mut request = Request::new(parameters.query);
    request.operation_name = parameters.operation_name;
    if let Some(text) = parameters.variables.filter(|text| !text.is_empty()) {
        operations.limits.guard.json(text.as_bytes(), 0)?;
        request.variables = serde_json::from_str(&text)
            .map_err(|error| Refusal::BadRequest(format!("`variables` is not a JSON object: {error}")))?;
    }
    let admitted = operations.admit(request)?;
    match admitted.kind {
        Some(OperationType::Mutation | OperationType::Subscription) => Err(Refusal::MethodNotAllowed),
        Some(OperationType::Query) | None => Ok(operations.run(admitted).await),
    }
}

async fn run_json<E: Executor>(
    endpoint: &Endpoint<E>,
    operations: &Operations<E>,
    body: Body,
) -> Result<async_graphql::Response, Refusal> {
    let bytes = timeout(operations.limits.timeout, read(body, endpoint.body_bytes()))
        .await
        .map_err(|_| Refusal::TooSlow)??;
    operations.limits.guard.json(&bytes, ENVELOPE)?;
    let admitted = operations.admit(request_of(parse(&bytes)?)?)?;
    if admitted.kind == Some(OperationType::Subscription) {
        return Err(Refusal::BadRequest("subscriptions run over WebSocket, on the same path".into()));
    }
    Ok(operations.run(admitted).await)
}

/// JSON text that passed the guard.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| not_a_request(&error))
}

/// The one request that a body holds.
pub(super) fn request_of(body: Value) -> Result<Request, Refusal> {
    match body {
        Value::Array(_) => Err(Refusal::Batch),
        body => serde_json::from_value(body).map_err(|error| not_a_request(&error)),
    }
}

fn not_a_request(error: &serde_json::Error) -> Refusal {
    Refusal::BadRequest(format!("the body is not a GraphQL request in JSON: {error}"))
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::BadRequest("the body ended early".into()))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Refusal::TooLarge { limit: limit as u64 });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// The body's media type without its parameters.
fn media_type(headers: &HeaderMap) -> Result<&str, Refusal> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::MediaType("send the body uncompressed"));
    }
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(text.split(';').next().unwrap_or_default().trim())
}
