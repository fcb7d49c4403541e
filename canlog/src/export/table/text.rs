//! Rows as lines of text.

use std::io::{self, Write};

use super::TableColumn;
use super::stamp::Stamp;
use crate::export::Rows;
use crate::parquet::TIMESTAMP;

/// Bytes that are written at once, and some more.
const GATHERED: usize = 64 << 10;

/// A file of lines.
pub(super) struct Text<W> {
    out: W,
    gathered: Vec<u8>,
    stamp: Stamp,
    layout: Layout,
}

/// What stands around times and values.
struct Layout {
    /// Before a line's time, behind it, and at the end of the line.
    time: [&'static [u8]; 2],
    end: &'static [u8],
    /// Before the values of each column.
    marks: Vec<Vec<u8>>,
    /// Whether the mark stands there without a value, too.
    gap: bool,
    /// What infinities are called, where numbers can be infinite.
    infinite: Option<&'static [u8]>,
}

impl<W: Write> Text<W> {
    pub(super) fn csv(out: W, columns: &[TableColumn]) -> Self {
        let names = columns.iter().map(|column| quoted(&column.name));
        let mut heading: Vec<u8> = Vec::from(TIMESTAMP);
        heading.extend(names.flat_map(|name| [",".to_owned(), name]).flat_map(String::into_bytes));
        heading.push(b'\n');
        let marks = vec![b",".to_vec(); columns.len()];
        let layout = Layout { time: [b"", b""], end: b"\n", marks, gap: true, infinite: None };
        Self { out, gathered: heading, stamp: Stamp::new(), layout }
    }

    pub(super) fn json(out: W, columns: &[TableColumn]) -> io::Result<Self> {
        let mark = |column: &TableColumn| Ok([b",", &*serde_json::to_vec(&column.name)?, b":"].concat());
        let marks = columns.iter().map(mark).collect::<io::Result<_>>()?;
        let time: [&[u8]; 2] = [b"{\"timestamp\":\"", b"\""];
        let layout = Layout { time, end: b"}\n", marks, gap: false, infinite: Some(b"null") };
        Ok(Self { out, gathered: Vec::new(), stamp: Stamp::new(), layout })
    }

    pub(super) fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let (line, layout) = (&mut self.gathered, &self.layout);
        for (row, &time) in rows.times.iter().enumerate() {
            line.extend_from_slice(layout.time[0]);
            line.extend_from_slice(self.stamp.at(time)?);
            line.extend_from_slice(layout.time[1]);
            for (mark, column) in layout.marks.iter().zip(&rows.columns) {
                layout.value(column[row], mark, line);
            }
            line.extend_from_slice(layout.end);
            if line.len() >= GATHERED {
                self.out.write_all(line)?;
                line.clear();
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.gathered)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl Layout {
    #[inline]
    fn value(&self, value: f64, mark: &[u8], line: &mut Vec<u8>) {
        if value.is_nan() {
            line.extend_from_slice(if self.gap { mark } else { b"" });
            return;
        }
        line.extend_from_slice(mark);
        match self.infinite {
            Some(infinite) if value.is_infinite() => line.extend_from_slice(infinite),
            _ => line.extend_from_slice(zmij::Buffer::new().format(value).as_bytes()),
        }
    }
}

/// A field of CSV.
fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && !name.contains(['"', ',', '\n', '\r']) && name.trim() == name;
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
