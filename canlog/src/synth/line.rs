//! Writing a made-up drive's lines at the speed of a disk.

use std::io::{self, Write};

use super::LogShape;

/// 2024-06-01 09:00:00 UTC.
const START_SECONDS: u64 = 1_717_232_400;
const START_OF_DAY: u64 = 9 * 3_600;
const CHUNK: usize = 1 << 18;

/// Writes lines through a buffer of its own.
pub(super) struct LineWriter<'a> {
    shape: LogShape,
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
}

impl<'a> LineWriter<'a> {
    pub(super) fn new(shape: LogShape, out: &'a mut dyn Write) -> io::Result<Self> {
        if shape == LogShape::TeamCsv {
            out.write_all(b"year,month,day,hour,min,sec,ms,id,data\n")?;
        }
        Ok(Self { shape, out, buffer: Vec::with_capacity(CHUNK + 256) })
    }

    /// One frame of eight bytes, byte 0 lowest in `payload`, so many microseconds after the start.
    pub(super) fn frame(&mut self, at: u64, bus: u32, id: u32, payload: u64) -> io::Result<()> {
        self.head(at, bus, id);
        self.hex(payload.swap_bytes(), 16);
        self.end_line()
    }

    /// The beginning of a frame's line only.
    pub(super) fn broken(&mut self, at: u64, bus: u32, id: u32) -> io::Result<()> {
        let start = self.buffer.len();
        self.head(at, bus, id);
        let half = start + (self.buffer.len() - start) / 2;
        self.buffer.truncate(half);
        self.end_line()
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.out.flush()
    }

    fn head(&mut self, at: u64, bus: u32, id: u32) {
        match self.shape {
            LogShape::Candump => self.candump_head(at, bus, id),
            LogShape::TeamCsv => self.team_head(at, id),
        }
    }

    fn candump_head(&mut self, at: u64, bus: u32, id: u32) {
        self.buffer.push(b'(');
        self.decimal(START_SECONDS + at / 1_000_000, 10);
        self.buffer.push(b'.');
        self.decimal(at % 1_000_000, 6);
        self.buffer.extend_from_slice(b") can");
        self.decimal(u64::from(bus), if bus < 10 { 1 } else { 2 });
        self.buffer.push(b' ');
        self.hex(u64::from(id), if id > 0x7FF { 8 } else { 3 });
        self.buffer.push(b'#');
    }

    fn team_head(&mut self, at: u64, id: u32) {
        let seconds = START_OF_DAY + at / 1_000_000;
        self.buffer.extend_from_slice(b"2024,6,");
        let fields =
            [1 + seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60, at / 1_000 % 1_000];
        for field in fields {
            self.decimal(field, field.checked_ilog10().unwrap_or(0) + 1);
            self.buffer.push(b',');
        }
        self.hex(u64::from(id), 8);
        self.buffer.push(b',');
    }

    fn decimal(&mut self, value: u64, digits: u32) {
        for digit in (0..digits).rev() {
            self.buffer.push(b'0' + (value / 10_u64.pow(digit) % 10) as u8);
        }
    }

    fn hex(&mut self, value: u64, digits: u32) {
        for digit in (0..digits).rev() {
            self.buffer.push(b"0123456789ABCDEF"[(value >> (4 * digit) & 15) as usize]);
        }
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
