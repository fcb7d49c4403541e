//! The team's first shape: `12345,0CFFF048,0000000012C00A00`, milliseconds in decimal, id and always eight
//! bytes in hex, no header. The line end is sometimes missing, then the next record follows at once.

use crate::frame::{Batch, IdKind};

use super::digits::{hex_bytes, hex_id, milliseconds};
use super::fields;
use super::ledger::{Head, Ledger, Row};
use super::problems::BadLine;

/// Hex digits of every payload.
const DIGITS: usize = 16;
const EXPECTED: BadLine = BadLine::new("expected time,id,payload with 16 hex digits of payload");

/// Reads records that run on.
pub(super) struct RunOnCsv {
    room: [u8; 64],
}

impl RunOnCsv {
    /// At the beginning of a log.
    pub(super) fn new() -> Self {
        Self { room: [0; 64] }
    }

    /// Reads one line, which may hold several records.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        let mut rest = text.trim_ascii();
        loop {
            let (time, tail) = fields::next(rest);
            let (id, tail) = fields::next(tail.ok_or(EXPECTED)?);
            let (payload, tail) = tail.and_then(|tail| tail.split_at_checked(DIGITS)).ok_or(EXPECTED)?;
            let time = milliseconds(time)?;
            let head = Head::new(hex_id(id)?, IdKind::Unflagged);
            let payload = hex_bytes(payload, &mut self.room)?;
            ledger.frame(text, &Row { time, bus: None, head, payload }, batch);
            rest = tail;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }
}
