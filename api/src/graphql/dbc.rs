//! `Dbc`: a registered CAN database.

use async_graphql::{Enum, ID, Object, SimpleObject};
use canlog::dbc::Diagnostic;
use entity::dbc;

use super::scalar::{DateTime, Int64};

/// A registered CAN database.
#[derive(Clone, Debug)]
pub(crate) struct Dbc(pub(crate) dbc::Model);

/// A registered CAN database: how the bytes of frames become signals.
#[Object]
impl Dbc {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name it was registered with.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its `VERSION`; often empty.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// SHA-256 of the file, hex: the same bytes are registered once.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// Size of the file in bytes.
    async fn bytes(&self) -> Int64 {
        Int64(self.0.bytes)
    }

    /// Messages in it.
    async fn message_count(&self) -> i32 {
        self.0.message_count
    }

    /// Signals in it.
    async fn signal_count(&self) -> i32 {
        self.0.signal_count
    }

    /// Whether uploads that name no DBC are decoded with it.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// What is odd about it: overlaps, duplicate names, signals beyond their message. It is used all the same.
    async fn diagnostics(&self) -> Vec<DbcDiagnostic> {
        let diagnostics: Vec<Diagnostic> = serde_json::from_str(&self.0.diagnostics).unwrap_or_default();
        diagnostics.into_iter().map(DbcDiagnostic::from).collect()
    }

    /// When it was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Something odd in a DBC that does not keep it from being used.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DbcDiagnostic {
    /// What it is.
    code: DbcDiagnosticCode,
    /// The message.
    message: Option<String>,
    /// The signal.
    signal: Option<String>,
    /// Line in the file, from 1.
    line: Option<i32>,
    /// What was found and what is made of it, in one sentence.
    text: String,
}

impl From<Diagnostic> for DbcDiagnostic {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            code: diagnostic.code.into(),
            message: diagnostic.message,
            signal: diagnostic.signal,
            line: diagnostic.line.and_then(|line| i32::try_from(line).ok()),
            text: diagnostic.text,
        }
    }
}

/// What can be odd in a DBC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "canlog::dbc::DiagnosticCode")]
pub(crate) enum DbcDiagnosticCode {
    /// The text is not UTF-8 and was read as Windows-1252.
    #[graphql(name = "CP1252")]
    Cp1252,
    /// The file defines no message.
    NoMessages,
    /// A section that no one knows, or a statement without effect on decoding that cannot be read.
    UnreadStatement,
    /// A statement about a message, signal or value table that the file does not define.
    UnknownReference,
    /// An id that its kind of frame cannot have.
    FrameIdRange,
    /// Two messages of one id; the first decodes.
    DuplicateFrameId,
    /// Two messages of one name.
    DuplicateMessageName,
    /// A message with two signals of one name; the later ones get a suffix.
    DuplicateSignalName,
    /// A message longer than any frame or transport can carry.
    MessageLength,
    /// A signal that ends behind its message's length.
    SignalBeyondMessage,
    /// A signal that no frame can hold, of no bits or of more than 64; it is never present.
    SignalUnreadable,
    /// Two signals share bits and can be in one frame.
    SignalOverlap,
    /// An IEEE float whose width is not 16, 32 or 64 bits; it is never present.
    FloatWidth,
    /// A factor of 0: every value equals the offset.
    FactorZero,
    /// A factor or offset that is no finite number; the signal is never present.
    NotFinite,
    /// The minimum is above the maximum.
    MinAboveMax,
    /// A node that the file does not declare.
    UndeclaredNode,
    /// A multiplexed signal whose multiplexor is missing, ambiguous or switched by the signal itself.
    Multiplexing,
    /// Several J1939 messages of one PGN; each is found by its whole id only.
    PgnShared,
    /// There is more of the kind; the list is cut.
    More,
}
