//! ETags of exports: two have the same one only if they have the same bytes.

use canlog::export::TableFormat;
use entity::{id::ConversionId, signal};
use sha2::{Digest, Sha256};

use super::order::Order;
use crate::selection::Selected;

/// A column of a file that never changes.
#[derive(Debug)]
#[expect(dead_code, reason = "their texts are what is hashed")]
struct Source<'a> {
    conversion: ConversionId,
    file: &'a str,
    column: &'a str,
}

impl<'a> Source<'a> {
    fn new(row: &'a signal::Model) -> Self {
        Self { conversion: row.conversion_id, file: &row.file, column: &row.name }
    }
}

/// The ETag for these signals, asked for like this: made of all that the bytes depend on, the program among it.
pub(super) fn tag(selected: &[Selected], order: &Order, format: TableFormat) -> String {
    let mut hash = Sha256::new();
    // `Debug` quotes texts, so that two lists of names never read as one.
    hash.update(format!("{:?}", (env!("CARGO_PKG_VERSION"), format, order)));
    for signal in selected {
        let sources: Vec<_> = signal.sources().map(Source::new).collect();
        let derived = signal.derived().map(|derived| (&derived.expression, &derived.plan));
        hash.update(format!("{:?}", (&sources, derived)));
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}
