//! The racing team's CSV: `year,month,day,hour,min,sec,ms,id,data`, a local clock, id and payload in hex.
//!
//! The header decides the order of the columns, also when it comes again in the middle (the logger was
//! restarted); without one they stand as above. Without year, month and day the clock counts as never set.

use crate::frame::{Batch, IdKind, Micros};

use super::clock::LocalClock;
use super::digits::{decimal, hex_bytes, hex_id};
use super::fields;
use super::ledger::{Head, Ledger, Row};
use super::problems::BadLine;

/// The columns in the team's order; the last one is behind [`ID`].
pub(crate) const COLUMNS: [&str; 9] = ["year", "month", "day", "hour", "min", "sec", "ms", "id", "data"];
/// The first columns, which change once a minute.
const MINUTE_COLUMNS: usize = 5;
const MILLISECOND: usize = 6;
const ID: usize = 7;
/// A column that is none of these.
const IGNORED: usize = 9;

/// Reads the team's CSV.
pub(super) struct TeamCsv {
    layout: Layout,
    minute: MinuteText,
    clock: LocalClock,
    room: [u8; 64],
}

/// For each field of a row, which column it is.
struct Layout {
    columns: Vec<usize>,
    minute_first: bool,
}

/// The fields of the last minute as text: most rows begin with the same bytes.
#[derive(Default)]
struct MinuteText {
    text: Vec<u8>,
    start: Micros,
}

impl TeamCsv {
    /// At the beginning of a log.
    pub(super) fn new(clock: LocalClock) -> Self {
        let layout = Layout::new((0..COLUMNS.len()).collect());
        Self { layout, minute: MinuteText::default(), clock, room: [0; 64] }
    }

    /// Reads one line.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        self.row(text, ledger, batch).or_else(|bad| self.look_again(text, bad, ledger, batch))
    }

    /// A line that is no row as it stands: a header, or a row with spaces, quotes or empty fields at the end.
    #[cold]
    fn look_again(
        &mut self,
        text: &[u8],
        bad: BadLine,
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        if let Ok(layout) = fields::look_again(text, bad, ledger, Layout::from_header) {
            self.layout = layout;
            self.minute.text.clear();
            return Ok(());
        }
        let tidy = fields::tidied(text).ok_or(bad)?;
        self.row(&tidy, ledger, batch).map_err(|_| bad)
    }

    #[inline]
    fn row(&mut self, text: &[u8], ledger: &mut Ledger, batch: &mut Batch) -> Result<(), BadLine> {
        let cells = self.cells(text)?;
        let head = Head::new(hex_id(cells.id)?, IdKind::Unflagged);
        let payload = hex_bytes(cells.data, &mut self.room)?;
        let [second, millisecond] = cells.within_minute;
        if second > 60 || millisecond > 999 {
            return Err(BadLine::time("no minute has this second and millisecond"));
        }
        let start = match cells.minute {
            None => self.minute.start,
            Some(minute) => {
                let start = self.clock.minute(minute, ledger, text)?;
                self.minute.remember(text, self.layout.minute_first, start);
                start
            }
        };
        ledger.check_whole(head, payload.len())?;
        let time = start + Micros::from(second) * 1_000_000 + Micros::from(millisecond) * 1_000;
        ledger.frame(text, &Row { time, bus: None, head, payload }, batch);
        Ok(())
    }

    #[inline]
    fn cells<'a>(&self, text: &'a [u8]) -> Result<Cells<'a>, BadLine> {
        let known = self.minute.text.len();
        let same_minute = known > 0 && text.starts_with(&self.minute.text);
        let (mut rest, from) =
            if same_minute { (Some(&text[known..]), MINUTE_COLUMNS) } else { (Some(text), 0) };
        let (mut numbers, mut hex) = ([0; 7], [&b""[..]; 2]);
        for column in &self.layout.columns[from..] {
            let (field, tail) = fields::next(rest.ok_or(fields::TOO_FEW)?);
            rest = tail;
            match *column {
                IGNORED => {}
                column if column < ID => numbers[column] = number(field)?,
                column => hex[column - ID] = field,
            }
        }
        if rest.is_some() {
            return Err(fields::TOO_MANY);
        }
        let [year, month, day, hour, minute, second, millisecond] = numbers;
        Ok(Cells {
            minute: (!same_minute).then_some([year, month, day, hour, minute]),
            within_minute: [second, millisecond],
            id: hex[0],
            data: hex[1],
        })
    }
}

/// A row cut into what it says. `minute` is `None` when it is the one before.
struct Cells<'a> {
    minute: Option<[u32; 5]>,
    within_minute: [u32; 2],
    id: &'a [u8],
    data: &'a [u8],
}

#[inline]
fn number(field: &[u8]) -> Result<u32, BadLine> {
    decimal(field)
        .map(|value| u32::try_from(value).unwrap_or(u32::MAX))
        .ok_or(BadLine::new("expected date and time in decimal digits"))
}

impl MinuteText {
    /// Keeps the fields up to the minute's comma, where they are the first ones.
    #[cold]
    fn remember(&mut self, text: &[u8], minute_first: bool, start: Micros) {
        self.text.clear();
        let mut commas = text.iter().enumerate().filter(|(_, byte)| **byte == b',');
        if let (true, Some((comma, _))) = (minute_first, commas.nth(MINUTE_COLUMNS - 1)) {
            self.text.extend_from_slice(&text[..=comma]);
            self.start = start;
        }
    }
}

impl Layout {
    fn new(columns: Vec<usize>) -> Self {
        let minute_first = (0..MINUTE_COLUMNS).all(|column| columns[..MINUTE_COLUMNS].contains(&column));
        Self { columns, minute_first }
    }

    /// `None` when columns are missing that a frame cannot do without.
    fn from_header(names: &[String]) -> Option<Self> {
        if !missing(names).is_empty() {
            return None;
        }
        let places = COLUMNS.map(|column| fields::place(names, column));
        let column = |place| places.iter().position(|known| *known == Some(place)).unwrap_or(IGNORED);
        Some(Self::new((0..names.len()).map(column).collect()))
    }
}

/// The columns that a header lacks. The milliseconds, and the date as a whole, may be missing.
fn missing(names: &[String]) -> Vec<&'static str> {
    let has = |column: &str| fields::place(names, column).is_some();
    let dated = COLUMNS[..3].iter().any(|column| has(column));
    let needed = COLUMNS.iter().enumerate().filter(|(column, _)| match *column {
        0..3 => dated,
        MILLISECOND => false,
        _ => true,
    });
    needed.map(|(_, name)| *name).filter(|name| !has(name)).collect()
}

/// What a header that is meant as this format's lacks; `None` when the line is no such header.
pub(crate) fn lacking(text: &[u8]) -> Option<Vec<&'static str>> {
    let names = fields::header(text)?;
    let known = COLUMNS.iter().filter(|column| fields::place(&names, column).is_some()).count();
    (known >= 4).then(|| missing(&names))
}
