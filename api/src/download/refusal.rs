//! Why nothing is taken: `{code, message, hint}`, with the status that fits.

use async_graphql::Value;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};

use crate::graphql::{Code, Refusal};

/// Seconds after which it may be worth asking again where too many ask at once.
const SOON: HeaderValue = HeaderValue::from_static("5");

/// A refusal as an answer: its code, its sentence, perhaps a hint what to do, and what else the caller can use.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) Refusal);

/// What a download comes to.
pub(crate) type Taken = Result<Response, Refused>;

impl<T: Into<Refusal>> From<T> for Refused {
    fn from(refusal: T) -> Self {
        Self(refusal.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refusal { code, message, field, details } = self.0;
        let mut body = serde_json::Map::new();
        body.insert("code".to_owned(), code.name().into());
        body.insert("message".to_owned(), message.into());
        body.insert("hint".to_owned(), serde_json::Value::Null);
        if let Some(field) = field {
            // An expression is one of the signals here.
            let parameter = if code == Code::Expression { "signals" } else { &field };
            body.insert("parameter".to_owned(), parameter.into());
        }
        for (name, value) in details {
            body.insert(name.to_owned(), Value::into_json(value).unwrap_or_default());
        }
        let mut response = (status_of(code), Json(body)).into_response();
        if code == Code::RateLimited {
            response.headers_mut().insert(RETRY_AFTER, SOON);
        }
        response
    }
}

/// The status of a refusal with this code.
fn status_of(code: Code) -> StatusCode {
    match code {
        Code::GraphqlParseFailed
        | Code::GraphqlValidationFailed
        | Code::BadUserInput
        | Code::BatchNotAllowed
        | Code::AmbiguousSignal
        | Code::Expression => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::CsrfBlocked => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyPoints
        | Code::QueryTooLarge
        | Code::QueryTooDeep
        | Code::QueryTooComplex
        | Code::DbcInvalid
        | Code::ChecksumMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Timeout | Code::StorageUnavailable | Code::DbUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}
