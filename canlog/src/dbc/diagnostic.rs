//! What a DBC that can be used has wrong all the same, as data.

use serde::{Deserialize, Serialize};

/// Something in a DBC that deserves a look. The file is usable all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What it is.
    pub code: DiagnosticCode,
    /// The message concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The signal concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is wrong and what is made of it, in one sentence.
    pub text: String,
}

/// The closed set of diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiagnosticCode {
    /// The text is not UTF-8 and was read as Windows-1252.
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

/// Diagnostics as they are found, up to a limit.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    limit: usize,
    more: u64,
}

/// What a diagnostic is about.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About<'a> {
    pub(crate) message: Option<&'a str>,
    pub(crate) signal: Option<&'a str>,
    pub(crate) line: Option<u64>,
}

impl About<'_> {
    pub(crate) fn line(line: u64) -> Self {
        Self { line: Some(line), ..Self::default() }
    }
}

impl Diagnostics {
    /// An empty list of at most `limit` entries.
    pub(crate) fn new(limit: usize) -> Self {
        Self { list: Vec::new(), limit, more: 0 }
    }

    /// Notes one; `text` is only made while there is room.
    pub(crate) fn add(&mut self, code: DiagnosticCode, about: About, text: impl FnOnce() -> String) {
        if self.list.len() >= self.limit {
            self.more += 1;
            return;
        }
        let (message, signal) = (about.message.map(str::to_owned), about.signal.map(str::to_owned));
        self.list.push(Diagnostic { code, message, signal, line: about.line, text: text() });
    }

    /// The list by line, with a last entry that counts what was cut.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| diagnostic.line);
        if self.more > 0 {
            let text = format!("{} more are not listed", self.more);
            let code = DiagnosticCode::More;
            self.list.push(Diagnostic { code, message: None, signal: None, line: None, text });
        }
        self.list
    }
}
