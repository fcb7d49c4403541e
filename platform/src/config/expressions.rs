//! What a derived signal or any other expression may ask for. Each has a test that exceeds it.
//!
//! | variable | limits | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_LIMIT_DERIVED_SIGNALS` | derived signals that are saved | 1000 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_BYTES` | the text of an expression | 4KiB |
//! | `DATAVIEWER_LIMIT_EXPRESSION_TOKENS` | its words, numbers and signs | 512 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_NODES` | its operands, operators and functions | 256 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_DEPTH` | how deep its brackets stand in one another, at most 64 | 32 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_CHAIN` | a chain of derived signals that use each other, at most 64 | 16 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_TOTAL_NODES` | its nodes with those of all derived signals it uses | 1024 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_MESSAGES` | messages whose signals it joins, at most 64 | 64 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_WINDOW_SAMPLES` | samples that a moving window holds | 1000000 |
//! | `DATAVIEWER_LIMIT_EXPRESSION_ROWS` | rows that are read for it, over all messages | 50000000 |

use super::{ConfigError, variables::Variables};

/// What an expression may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionLimits {
    /// Derived signals that are saved.
    pub derived_signals: usize,
    /// Bytes of its text.
    pub bytes: usize,
    /// Words, numbers and signs.
    pub tokens: usize,
    /// Operands, operators and functions.
    pub nodes: usize,
    /// How deep brackets stand in one another.
    pub depth: usize,
    /// How long a chain of derived signals that use each other may be.
    pub chain: usize,
    /// Nodes together with those of all derived signals it uses.
    pub total_nodes: usize,
    /// Messages whose signals it joins.
    pub messages: usize,
    /// Samples that a moving window holds at once.
    pub window_samples: usize,
    /// Rows that are read for it, over all messages.
    pub rows: u64,
}

/// The deepest that the language goes, whatever is configured.
const DEEPEST: (u64, u64) = (1, 64);

impl ExpressionLimits {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let bytes = variables.bytes("DATAVIEWER_LIMIT_EXPRESSION_BYTES", 4 << 10)?;
        let mut few = |name, default| variables.number(name, default, DEEPEST).map(small);
        Ok(Self {
            bytes: small(bytes),
            depth: few("DATAVIEWER_LIMIT_EXPRESSION_DEPTH", 32)?,
            chain: few("DATAVIEWER_LIMIT_EXPRESSION_CHAIN", 16)?,
            messages: few("DATAVIEWER_LIMIT_EXPRESSION_MESSAGES", 64)?,
            derived_signals: variables.count("DATAVIEWER_LIMIT_DERIVED_SIGNALS", 1000)?,
            tokens: variables.count("DATAVIEWER_LIMIT_EXPRESSION_TOKENS", 512)?,
            nodes: variables.count("DATAVIEWER_LIMIT_EXPRESSION_NODES", 256)?,
            total_nodes: variables.count("DATAVIEWER_LIMIT_EXPRESSION_TOTAL_NODES", 1024)?,
            window_samples: variables.count("DATAVIEWER_LIMIT_EXPRESSION_WINDOW_SAMPLES", 1_000_000)?,
            rows: variables.number("DATAVIEWER_LIMIT_EXPRESSION_ROWS", 50_000_000, (1, 1 << 53))?,
        })
    }
}

fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
