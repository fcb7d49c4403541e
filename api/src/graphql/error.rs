//! Why there is no answer: the closed set of codes, and the one type every resolver refuses with.

use async_graphql::{Enum, ErrorExtensionValues, Value, resolver_utils::EnumType};
use platform::database;
use sea_orm::DbErr;

/// Why there is no answer: the closed set of codes (`errors[].extensions.code`, and `Problem.code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[graphql(name = "ErrorCode")]
pub enum Code {
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An argument or a variable has a value that cannot be used.
    BadUserInput,
    /// There is nothing with this id.
    NotFound,
    /// The state of things does not allow it.
    Conflict,
    /// Who asks is not known.
    Unauthenticated,
    /// Who asks may not do this.
    Forbidden,
    /// The request could come from another site's form: a preflight header is missing.
    CsrfBlocked,
    /// One operation a request.
    BatchNotAllowed,
    /// Several signals of the run have this name; the candidates are listed.
    AmbiguousSignal,
    /// More points were asked for than one answer may hold.
    TooManyPoints,
    /// The document is too long.
    QueryTooLarge,
    /// The document is nested too deep.
    QueryTooDeep,
    /// The document asks for too much.
    QueryTooComplex,
    /// An expression cannot be used.
    Expression,
    /// No reader knows this log.
    UnsupportedFormat,
    /// The DBC cannot be read; line and column say where.
    DbcInvalid,
    /// More bytes were sent than are taken.
    PayloadTooLarge,
    /// The bytes that arrived are not those that were announced.
    ChecksumMismatch,
    /// Too many requests.
    RateLimited,
    /// It took too long.
    Timeout,
    /// There is no room left to store it.
    StorageFull,
    /// The storage does not answer, or lost what it should hold.
    StorageUnavailable,
    /// The database does not answer.
    DbUnavailable,
    /// A fault of the server; its log says more under the request id.
    Internal,
}

impl Code {
    /// The code as clients read it, e.g. `NOT_FOUND`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::items().iter().find(|item| item.value == self).map_or("INTERNAL", |item| item.name)
    }

    /// Whether the server (not the caller) has to do something about it.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::StorageFull | Self::StorageUnavailable | Self::DbUnavailable | Self::Internal)
    }
}

/// Why a field or a mutation has no answer.
///
/// It is not `Display` on purpose: async-graphql turns everything that is into an error with that text, and
/// a database's or a file system's text must not reach a client by a `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the closed set.
    pub code: Code,
    /// One sentence for the caller; no path, no SQL, no key.
    pub message: String,
    /// The input field that is to blame.
    pub field: Option<String>,
    /// What else the caller can use, beside the code in `extensions`.
    pub(crate) details: Vec<(&'static str, Value)>,
}

impl Refusal {
    /// A refusal with a sentence for the caller.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, details: Vec::new() }
    }

    /// An argument that cannot be used.
    pub fn input(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Code::BadUserInput, message) }
    }

    /// Nothing has this id.
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} {id}."))
    }

    /// The state of things does not allow it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// More points than one answer holds; a file holds them.
    pub(crate) fn too_many_points(message: impl Into<String>) -> Self {
        let hint =
            "A file has as many as there are: ask for `exportUrl`, or for `data.csv` without `maxPoints`.";
        Self::new(Code::TooManyPoints, message).with("hint", hint)
    }

    /// A fault of ours: `cause` goes to the log, the caller learns only that it happened.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "a resolver failed");
        Self::new(Code::Internal, "The server failed to answer; its log says more.")
    }

    /// The storage failed: `cause` goes to the log.
    pub fn storage(cause: impl std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "the storage failed");
        Self::new(Code::StorageUnavailable, "The storage does not answer; try again later.")
    }

    /// Whether a name means nothing where it was looked for.
    pub(crate) fn is_unknown_name(&self) -> bool {
        let is_unknown =
            |(name, value): &(&str, Value)| *name == "reason" && *value == Value::from("UNKNOWN_SIGNAL");
        match self.code {
            Code::NotFound => true,
            Code::Expression => self.details.iter().any(is_unknown),
            _ => false,
        }
    }

    /// Names the input field that is to blame.
    #[must_use]
    pub(crate) fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Adds something the caller can use.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((name, value.into()));
        self
    }
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        if database::is_refused_text(&error) {
            return Self::new(
                Code::BadUserInput,
                "A text is too long, or has a letter that cannot be stored.",
            );
        }
        if database::is_passing(&error) || matches!(error, DbErr::Conn(_)) {
            tracing::error!(error = %error, "the database does not answer");
            return Self::new(Code::DbUnavailable, "The database does not answer; try again later.");
        }
        Self::internal(error)
    }
}

impl From<Refusal> for async_graphql::Error {
    fn from(refusal: Refusal) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refusal.code.name());
        if let Some(field) = refusal.field {
            extensions.set("field", field);
        }
        for (name, value) in refusal.details {
            extensions.set(name, value);
        }
        let mut error = Self::new(refusal.message);
        error.extensions = Some(extensions);
        error
    }
}

/// What a resolver answers.
pub(crate) type Answer<T> = Result<T, Refusal>;
