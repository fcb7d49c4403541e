//! Reads a whole log the way a caller does.

use canlog::format::{Format, HEAD_BYTES, Sniffed, sniff};
use canlog::frame::{Batch, Names};
use canlog::read::{ReadOptions, ReadReport, Reader};

/// What one log became.
pub(super) struct Whole {
    pub(super) batch: Batch,
    pub(super) names: String,
    pub(super) warnings: u64,
    pub(super) report: ReadReport,
}

/// Everything as one text, to compare two readings.
impl Whole {
    pub(super) fn summary(&self) -> String {
        let Self { batch, names, warnings, report } = self;
        format!("{:?} {:02x?} {:?} {names} {warnings} {report:?}", batch.frames, batch.payload, batch.values)
    }
}

/// Reads `log` in the format its beginning shows.
pub(super) fn read_sniffed(log: &[u8], options: &ReadOptions) -> Whole {
    let Sniffed { format, also } = sniff(&log[..log.len().min(HEAD_BYTES)]).unwrap();
    read_in_chunks(Reader::new(format, &also, options), log, |_| usize::MAX)
}

/// Reads `log` as `format`, whatever it is.
pub(super) fn read_as(format: Format, log: &[u8], options: &ReadOptions) -> Whole {
    read_in_chunks(Reader::new(format, &[], options), log, |_| usize::MAX)
}

/// Reads `log` in calls with so many more bytes each.
pub(super) fn read_in_chunks(mut reader: Reader, log: &[u8], mut more: impl FnMut(usize) -> usize) -> Whole {
    let mut batch = Batch::default();
    let (mut used, mut given, mut call) = (0, 0_usize, 0);
    loop {
        given = log.len().min(given.saturating_add(more(call)));
        let last = given == log.len();
        used += reader.read(&log[used..given], last, &mut batch);
        call += 1;
        if last {
            assert_eq!(used, log.len(), "the last call uses all bytes");
            break;
        }
    }
    let names = named(reader.names());
    let warnings = reader.warnings();
    Whole { batch, names, warnings, report: reader.finish() }
}

fn named(names: &Names) -> String {
    format!("{names:?}")
}
