//! How much an expression may ask for.

/// Brackets deeper than this are refused whatever the limits say: the parser calls itself.
const DEEPEST: usize = 64;
/// Sets of time bases are the bits of a word.
const MOST_BASES: usize = 64;

/// Bounds of expressions; each is refused when exceeded, as [`super::Reason::TooComplex`] or while evaluating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one expression's text.
    pub source_bytes: usize,
    /// Words, numbers and signs of one text.
    pub tokens: usize,
    /// Operands, operators and functions of one text.
    pub nodes: usize,
    /// How deep brackets, calls, signs and powers stand in one another; at most 64.
    pub depth: usize,
    /// How long a chain of derived signals that use each other may be; at most 64.
    pub derived_depth: usize,
    /// Operands, operators and functions together with those of all derived signals used.
    pub plan_nodes: usize,
    /// Time bases (messages) of one expression; at most 64.
    pub time_bases: usize,
    /// Samples that a moving window holds at once.
    pub window_samples: usize,
    /// Rows read, over all time bases.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 4 << 10,
            tokens: 512,
            nodes: 256,
            depth: 32,
            derived_depth: 16,
            plan_nodes: 1_024,
            time_bases: MOST_BASES,
            window_samples: 1_000_000,
            rows: 50_000_000,
        }
    }
}

impl Limits {
    pub(super) fn deepest(&self) -> usize {
        self.depth.min(DEEPEST)
    }

    pub(super) fn longest_chain(&self) -> usize {
        self.derived_depth.min(DEEPEST)
    }

    pub(super) fn most_bases(&self) -> usize {
        self.time_bases.min(MOST_BASES)
    }
}
