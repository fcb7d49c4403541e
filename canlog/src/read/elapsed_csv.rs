//! `time,id,data`: milliseconds since power-on in decimal, id and payload in hex. No clock.

use crate::frame::{Batch, IdKind};

use super::digits::{hex_bytes, hex_id, milliseconds};
use super::fields;
use super::ledger::{Head, Ledger, Row};
use super::problems::BadLine;

/// Columns that a row may have.
const MAX_COLUMNS: usize = 16;

/// Reads `time,id,data`.
pub(super) struct ElapsedCsv {
    columns: Option<Columns>,
    room: [u8; 64],
}

#[derive(Clone, Copy)]
struct Columns {
    count: usize,
    time: usize,
    id: usize,
    payload: usize,
}

impl ElapsedCsv {
    /// At the beginning of a log.
    pub(super) fn new() -> Self {
        Self { columns: None, room: [0; 64] }
    }

    /// Reads one line.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        self.row(text, ledger, batch).or_else(|bad| {
            self.columns = Some(fields::look_again(text, bad, ledger, Columns::from_header)?);
            Ok(())
        })
    }

    #[inline]
    fn row(&mut self, text: &[u8], ledger: &mut Ledger, batch: &mut Batch) -> Result<(), BadLine> {
        let columns = self.columns.ok_or(BadLine::new("a row before the header time,id,data"))?;
        let row = fields::all::<MAX_COLUMNS>(text, columns.count)?;
        let time = milliseconds(fields::bare(row[columns.time]))?;
        let head = Head::new(hex_id(fields::bare(row[columns.id]))?, IdKind::Unflagged);
        let payload = hex_bytes(fields::bare(row[columns.payload]), &mut self.room)?;
        ledger.check_whole(head, payload.len())?;
        ledger.frame(text, &Row { time, bus: None, head, payload }, batch);
        Ok(())
    }
}

impl Columns {
    fn from_header(names: &[String]) -> Option<Self> {
        let place = |name| fields::place(names, name);
        let (time, id, payload) = (place("time")?, place("id")?, place("data")?);
        (names.len() <= MAX_COLUMNS).then_some(Self { count: names.len(), time, id, payload })
    }
}
