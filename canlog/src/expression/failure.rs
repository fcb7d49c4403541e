//! Why an expression was refused, and where.

/// An expression was refused. What the user reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What kind of fault it is.
    pub reason: Reason,
    /// What was found and what was expected, in one sentence.
    pub message: String,
    /// Where it was found.
    pub position: Position,
    /// What the user can do.
    pub hint: Option<String>,
    /// Names that may have been meant, or that the name may mean; of a cycle, the way round.
    pub candidates: Vec<String>,
    /// The derived signal in whose text the position lies; none for the text itself.
    pub derived: Option<String>,
}

/// The closed set of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not a sentence of the language.
    Syntax,
    /// No signal has this name.
    UnknownSignal,
    /// Several signals have this name.
    AmbiguousSignal,
    /// A derived signal depends on itself.
    Cycle,
    /// A limit was exceeded.
    TooComplex,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub byte: usize,
    /// Its character in the text, from 1.
    pub column: usize,
}

impl Position {
    pub(super) fn of(source: &str, byte: usize) -> Self {
        let before = source.char_indices().take_while(|&(at, _)| at < byte).count();
        Self { byte, column: before + 1 }
    }
}

impl ExpressionError {
    pub(super) fn new(reason: Reason, position: Position, message: impl Into<String>) -> Self {
        let (hint, candidates, derived) = (None, Vec::new(), None);
        Self { reason, message: message.into(), position, hint, candidates, derived }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }
}
