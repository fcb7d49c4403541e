//! Why a request is not executed, in the closed set of codes.

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError};
use axum::http::StatusCode;

use platform::storage::StorageErrorKind;

use crate::{graphql::Code, guard::Violation, upload::ReceiveError};

/// Why a request got no answer from the schema.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Guard(#[from] Violation),
    #[error("{message}")]
    Parse { message: String, locations: Vec<Pos> },
    #[error("{0}")]
    BadRequest(String),
    #[error("one operation a request: a list of operations is not accepted")]
    Batch,
    #[error(
        "a multipart request carries the header `GraphQL-Require-Preflight`, so that no foreign page can send it"
    )]
    Csrf,
    #[error("this page's origin is not the server's")]
    ForeignOrigin,
    #[error("GET runs queries only; send a mutation by POST, a subscription by WebSocket")]
    MethodNotAllowed,
    #[error("{0}")]
    MediaType(&'static str),
    #[error("answers come as `application/graphql-response+json` or `application/json`")]
    NotAcceptable,
    #[error("more than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body comes slower than the server waits for")]
    TooSlow,
    #[error("the operation took longer than {seconds} s")]
    Timeout { seconds: u64 },
    #[error("{limit} operations run on this connection already")]
    TooMany { limit: usize },
    #[error("as many sockets are open already as the server, or your address, may have")]
    TooManySockets,
    #[error("as many uploads are under way as the server takes; try again")]
    TooManyUploads,
    #[error("the storage has no room left")]
    StorageFull,
    #[error("the storage does not answer; try again")]
    Storage,
    #[error("the database does not answer; try again")]
    Database,
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// The code a client acts on.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Guard(Violation::TooLarge { .. }) => Code::QueryTooLarge,
            Self::Guard(Violation::TooManyTokens { .. }) => Code::QueryTooComplex,
            Self::Guard(Violation::TooDeep { .. }) => Code::QueryTooDeep,
            Self::Guard(Violation::UnterminatedString { .. }) | Self::Parse { .. } => {
                Code::GraphqlParseFailed
            }
            Self::BadRequest(_) | Self::MethodNotAllowed | Self::MediaType(_) | Self::NotAcceptable => {
                Code::BadUserInput
            }
            Self::Batch => Code::BatchNotAllowed,
            Self::Csrf | Self::ForeignOrigin => Code::CsrfBlocked,
            Self::TooLarge { .. } => Code::PayloadTooLarge,
            Self::TooSlow | Self::Timeout { .. } => Code::Timeout,
            Self::TooMany { .. } | Self::TooManySockets | Self::TooManyUploads => Code::RateLimited,
            Self::StorageFull => Code::StorageFull,
            Self::Storage => Code::StorageUnavailable,
            Self::Database => Code::DbUnavailable,
            Self::Internal => Code::Internal,
        }
    }

    /// The status of an answer that is no more than this refusal; none when the media type decides, because
    /// the request was a well-formed one and GraphQL refused it.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Guard(_) | Self::Parse { .. } | Self::Timeout { .. } | Self::Internal => None,
            Self::BadRequest(_) | Self::Batch => Some(StatusCode::BAD_REQUEST),
            Self::Csrf | Self::ForeignOrigin => Some(StatusCode::FORBIDDEN),
            Self::MethodNotAllowed => Some(StatusCode::METHOD_NOT_ALLOWED),
            Self::MediaType(_) => Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::NotAcceptable => Some(StatusCode::NOT_ACCEPTABLE),
            Self::TooLarge { .. } => Some(StatusCode::PAYLOAD_TOO_LARGE),
            Self::TooSlow => Some(StatusCode::REQUEST_TIMEOUT),
            Self::TooMany { .. } | Self::TooManySockets | Self::TooManyUploads => {
                Some(StatusCode::TOO_MANY_REQUESTS)
            }
            Self::StorageFull => Some(StatusCode::INSUFFICIENT_STORAGE),
            Self::Storage | Self::Database => Some(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::TooLarge { limit } => Self::TooLarge { limit },
            ReceiveError::TooSlow => Self::TooSlow,
            ReceiveError::Body(_) => Self::BadRequest(error.to_string()),
            ReceiveError::NoRoom { .. } => Self::StorageFull,
            ReceiveError::Storage(error) => {
                tracing::error!(%error, "log not stored");
                match error.kind {
                    StorageErrorKind::Full => Self::StorageFull,
                    _ => Self::Storage,
                }
            }
            ReceiveError::Database(error) => {
                tracing::error!(%error, "upload not recorded");
                Self::Database
            }
        }
    }
}

impl From<&Refusal> for Response {
    fn from(refusal: &Refusal) -> Self {
        let mut error = ServerError::new(refusal.to_string(), None);
        if let Refusal::Parse { locations, .. } = refusal {
            error.locations.clone_from(locations);
        }
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refusal.code().name());
        error.extensions = Some(extensions);
        Self::from_errors(vec![error])
    }
}
