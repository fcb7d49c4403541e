//! What a client may ask for, and what a log may hold. Each has a test that exceeds it.
//!
//! | variable | limits | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_MAX_UPLOAD_BYTES` | one log | 16GiB |
//! | `DATAVIEWER_LIMIT_DOCUMENT_BYTES` | a GraphQL document | 16KiB |
//! | `DATAVIEWER_LIMIT_TOKENS` | its tokens | 2000 |
//! | `DATAVIEWER_LIMIT_NESTING` | its bracket nesting | 32 |
//! | `DATAVIEWER_LIMIT_SELECTIONS` | its selections, fragments expanded | 5000 |
//! | `DATAVIEWER_LIMIT_DEPTH` | its depth; introspection needs 15 | 15 |
//! | `DATAVIEWER_LIMIT_COMPLEXITY` | its cost: fields times page sizes | 50000 |
//! | `DATAVIEWER_LIMIT_ALIASES` | its aliases | 30 |
//! | `DATAVIEWER_LIMIT_ROOT_FIELDS` | its root fields | 20 |
//! | `DATAVIEWER_LIMIT_DIRECTIVES` | its directives | 10 |
//! | `DATAVIEWER_LIMIT_ERRORS` | errors returned | 20 |
//! | `DATAVIEWER_LIMIT_PAGE` | `first` and `last` | 500 |
//! | `DATAVIEWER_LIMIT_POINTS` | `maxPoints` of one series | 100000 |
//! | `DATAVIEWER_LIMIT_VALUES` | values of one answer | 2000000 |
//! | `DATAVIEWER_LIMIT_RANGE_RUNS` | runs of one range | 500 |
//! | `DATAVIEWER_LIMIT_EXPORTS` | exports at once; each takes a thread and some megabytes | 16 |
//! | `DATAVIEWER_LIMIT_EXPORT_STALL_SECONDS` | how long the reader of an export may take nothing | 30 |
//! | `DATAVIEWER_LIMIT_BODY_BYTES` | a JSON body | 256KiB |
//! | `DATAVIEWER_LIMIT_OPERATION_SECONDS` | one query or mutation | 15 |
//! | `DATAVIEWER_LIMIT_SOCKETS` | WebSockets at once | 2000 |
//! | `DATAVIEWER_LIMIT_SOCKETS_PER_ADDRESS` | of them from one address | 20 |
//! | `DATAVIEWER_LIMIT_SOCKET_OPERATIONS` | operations on one socket | 64 |
//! | `DATAVIEWER_LIMIT_UPLOADS` | uploads at once | 32 |
//! | `DATAVIEWER_LIMIT_UPLOAD_RATE` | slowest upload, bytes a second over 30 s | 1KiB |
//! | `DATAVIEWER_LIMIT_UPLOAD_EXPIRY_SECONDS` | how long an unfinished upload is kept | 86400 |
//! | `DATAVIEWER_LIMIT_FREE_BYTES` | room that uploads leave on the disk | 256MiB |
//! | `DATAVIEWER_LIMIT_DBC_BYTES` | one DBC file | 64MiB |
//! | `DATAVIEWER_LIMIT_SIGNALS` | signals of one conversion | 200000 |
//! | `DATAVIEWER_LIMIT_ROWS` | rows of one conversion | 4000000000 |

use std::time::Duration;

use super::{ConfigError, expressions::ExpressionLimits, variables::Variables};

/// What a client may ask for, and what a log may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// A GraphQL document, before and after parsing.
    pub document: DocumentLimits,
    /// What an answer may hold.
    pub answer: AnswerLimits,
    /// Signals to take away.
    pub export: ExportLimits,
    /// Sockets and bodies.
    pub transport: TransportLimits,
    /// Logs and DBCs on their way in.
    pub upload: UploadLimits,
    /// What one conversion may hold.
    pub conversion: ConversionLimits,
    /// What an expression may ask for.
    pub expression: ExpressionLimits,
}

/// A GraphQL document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Its bytes.
    pub bytes: usize,
    /// Its tokens.
    pub tokens: usize,
    /// Its bracket nesting.
    pub nesting: usize,
    /// Its selections, fragments expanded.
    pub selections: usize,
    /// Its depth.
    pub depth: usize,
    /// Its cost: fields times page sizes.
    pub complexity: usize,
    /// Its aliases.
    pub aliases: usize,
    /// Its root fields.
    pub root_fields: usize,
    /// Its directives.
    pub directives: usize,
}

/// What an answer may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Errors returned.
    pub errors: usize,
    /// `first` and `last`.
    pub page: usize,
    /// `maxPoints` of one series.
    pub points: usize,
    /// Values of all series together.
    pub values: usize,
    /// Runs of one range.
    pub range_runs: usize,
}

/// Signals to take away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportLimits {
    /// Exports at once.
    pub concurrent: usize,
    /// How long a reader may take nothing.
    pub stall: Duration,
}

/// Sockets and bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportLimits {
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// One query or mutation.
    pub operation: Duration,
    /// WebSockets at once.
    pub sockets: usize,
    /// Of them from one address.
    pub sockets_per_address: usize,
    /// Operations on one socket.
    pub socket_operations: usize,
}

/// Logs and DBCs on their way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of one log.
    pub bytes: u64,
    /// Uploads at once.
    pub concurrent: usize,
    /// Slowest upload, bytes a second averaged over 30 s.
    pub rate: u64,
    /// How long an unfinished upload is kept.
    pub expiry: Duration,
    /// Bytes that uploads leave free on the disk.
    pub free_bytes: u64,
    /// Bytes of one DBC file.
    pub dbc_bytes: u64,
}

/// What one conversion may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionLimits {
    /// Signals.
    pub signals: usize,
    /// Rows, over all messages.
    pub rows: u64,
}

impl LimitsConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            document: DocumentLimits::read(variables)?,
            answer: AnswerLimits {
                errors: variables.count("DATAVIEWER_LIMIT_ERRORS", 20)?,
                page: variables.count("DATAVIEWER_LIMIT_PAGE", 500)?,
                points: variables.count("DATAVIEWER_LIMIT_POINTS", 100_000)?,
                values: variables.count("DATAVIEWER_LIMIT_VALUES", 2_000_000)?,
                range_runs: variables.count("DATAVIEWER_LIMIT_RANGE_RUNS", 500)?,
            },
            export: ExportLimits {
                concurrent: variables.count("DATAVIEWER_LIMIT_EXPORTS", 16)?,
                stall: variables.seconds("DATAVIEWER_LIMIT_EXPORT_STALL_SECONDS", 30)?,
            },
            transport: TransportLimits {
                body_bytes: in_memory(variables, "DATAVIEWER_LIMIT_BODY_BYTES", 256 << 10)?,
                operation: variables.seconds("DATAVIEWER_LIMIT_OPERATION_SECONDS", 15)?,
                sockets: variables.count("DATAVIEWER_LIMIT_SOCKETS", 2000)?,
                sockets_per_address: variables.count("DATAVIEWER_LIMIT_SOCKETS_PER_ADDRESS", 20)?,
                socket_operations: variables.count("DATAVIEWER_LIMIT_SOCKET_OPERATIONS", 64)?,
            },
            upload: UploadLimits {
                bytes: variables.bytes("DATAVIEWER_MAX_UPLOAD_BYTES", 16 << 30)?,
                concurrent: variables.count("DATAVIEWER_LIMIT_UPLOADS", 32)?,
                rate: variables.bytes("DATAVIEWER_LIMIT_UPLOAD_RATE", 1 << 10)?,
                expiry: variables.seconds("DATAVIEWER_LIMIT_UPLOAD_EXPIRY_SECONDS", 86_400)?,
                free_bytes: variables.bytes("DATAVIEWER_LIMIT_FREE_BYTES", 256 << 20)?,
                dbc_bytes: variables.bytes("DATAVIEWER_LIMIT_DBC_BYTES", 64 << 20)?,
            },
            conversion: ConversionLimits {
                signals: variables.count("DATAVIEWER_LIMIT_SIGNALS", 200_000)?,
                rows: variables.number("DATAVIEWER_LIMIT_ROWS", 4_000_000_000, (1, 1 << 53))?,
            },
            expression: ExpressionLimits::read(variables)?,
        })
    }
}

impl DocumentLimits {
    fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            bytes: in_memory(variables, "DATAVIEWER_LIMIT_DOCUMENT_BYTES", 16 << 10)?,
            tokens: variables.count("DATAVIEWER_LIMIT_TOKENS", 2000)?,
            nesting: variables.count("DATAVIEWER_LIMIT_NESTING", 32)?,
            selections: variables.count("DATAVIEWER_LIMIT_SELECTIONS", 5000)?,
            depth: variables.count("DATAVIEWER_LIMIT_DEPTH", 15)?,
            complexity: variables.count("DATAVIEWER_LIMIT_COMPLEXITY", 50_000)?,
            aliases: variables.count("DATAVIEWER_LIMIT_ALIASES", 30)?,
            root_fields: variables.count("DATAVIEWER_LIMIT_ROOT_FIELDS", 20)?,
            directives: variables.count("DATAVIEWER_LIMIT_DIRECTIVES", 10)?,
        })
    }
}

/// A size of something that is held in memory.
fn in_memory(variables: &mut Variables, name: &str, default: u64) -> Result<usize, ConfigError> {
    Ok(usize::try_from(variables.bytes(name, default)?).unwrap_or(usize::MAX))
}
