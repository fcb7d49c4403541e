//! What a conversion holds at once is bounded, whatever the log.

use std::fmt::Write as _;
use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use canlog::convert::{Source, convert};

use super::{options, run};

/// An open file.
struct Open(Arc<AtomicUsize>);

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn files_of_rare_messages_are_opened_one_after_the_other() {
    let (mut dbc, mut log) = (String::from("BU_: N\n"), String::new());
    for id in 0..2_000 {
        let _ = writeln!(dbc, "BO_ {id} M{id}: 8 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N");
        let _ = writeln!(log, "(1.0) can0 {id:03X}#01");
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(log.clone()))) };
    let create = |_: &str| -> io::Result<Box<dyn Write + Send>> {
        most.fetch_max(1 + now.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Ok(Box::new(Open(Arc::clone(&now))))
    };
    let source = Source { open: &open, bytes: log.len() as u64 };
    let converted = convert(&source, &options(&dbc), &create, &mut |_| {}).unwrap();
    assert_eq!(converted.manifest.messages.len(), 2_000);
    assert!(most.into_inner() <= 4, "two threads with a file or two");
}

#[test]
fn unknown_ids_are_counted_beyond_the_limit() {
    let mut log = String::from("(1.0) can0 001#00\n");
    for id in 0..500 {
        let _ = writeln!(log, "(1.0) can0 1000{id:04X}#00");
    }
    let mut few = options("BU_: N\nBO_ 1 M: 8 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\n");
    few.limits.unknown_ids = 20;
    let (converted, _) = run(log.as_bytes(), &few).unwrap();
    let report = converted.report;
    assert_eq!((report.frames.read, report.frames.decoded, report.frames.unknown_id), (501, 1, 500));
    assert_eq!(report.unknown_ids.len(), 20);
}
