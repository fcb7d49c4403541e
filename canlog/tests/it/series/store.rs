//! Decoded columns that are kept from request to request.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use canlog::series::{
    ColumnCache, Input, Recording, Reduction, Series, SeriesError, SeriesRequest, read_range,
};

use super::message::{Files, Rows, TINY};
use super::paths::Untouchable;

/// Counts how often it is read.
struct Counted<'a>(Cursor<&'a [u8]>, &'a AtomicUsize);

impl Read for Counted<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read(bytes)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn drive() -> Files {
    let value = |row: i64| (row % 11 != 0).then_some(((row * row) % 997) as f64);
    let rows =
        Rows { times: (0..5_000).map(|row| row * 10_000).collect(), values: (0..5_000).map(value).collect() };
    rows.write(500, TINY)
}

/// A window that cuts cells: both files are needed.
fn request() -> SeriesRequest {
    SeriesRequest { window: 1_234_567..30_000_001, max_points: 50, ..SeriesRequest::default() }
}

fn ask<R: Read + Seek, O: Read + Seek>(
    rows: R,
    overview: O,
    cache: &Arc<ColumnCache>,
) -> Result<Series, SeriesError> {
    let (rows, overview) = (Input::kept(rows, cache, "rows"), Input::kept(overview, cache, "overview"));
    read_range(vec![Recording { rows, overview, signal: "Speed" }.into()], &request())
}

#[test]
fn what_is_kept_is_not_read_again() {
    let files = drive();
    let cache = Arc::new(ColumnCache::new(16 << 20));
    let cold = ask(Cursor::new(&files.rows), Cursor::new(&files.overview), &cache).unwrap();
    assert_eq!(cold, files.series(&request()).unwrap(), "as without");
    let counts = cache.counts();
    assert!(counts.misses > 4 && counts.evicted == 0 && counts.bytes > 0);
    let warm = ask(Untouchable, Untouchable, &cache).unwrap();
    assert_eq!(warm, cold);
    assert_eq!((cache.counts().misses, cache.counts().hits), (counts.misses, counts.hits + counts.misses));
    let part = SeriesRequest { window: 2_000_001..2_900_000, method: Reduction::Mean, ..request() };
    let kept = Input::kept(Cursor::new(&files.rows), &cache, "rows");
    let overview = Input::kept(Cursor::new(&files.overview), &cache, "overview");
    let series = read_range(vec![Recording { rows: kept, overview, signal: "Speed" }.into()], &part).unwrap();
    assert_eq!(series, files.series(&part).unwrap(), "some rows of a chunk that is kept whole");
}

/// A reader that nobody waits for.
struct Given;

impl Read for Given {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("given up"))
    }
}

impl Seek for Given {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::Error::other("given up"))
    }
}

#[test]
fn what_nobody_waits_for_ends_though_all_of_it_is_kept() {
    let files = drive();
    let cache = Arc::new(ColumnCache::new(16 << 20));
    ask(Cursor::new(&files.rows), Cursor::new(&files.overview), &cache).unwrap();
    let ended = ask(Given, Given, &cache).unwrap_err();
    assert!(ended.to_string().contains("given up"), "{ended}");
}

#[test]
fn memory_stays_below_the_limit() {
    let files = drive();
    for most in [0, 1_000, 20_000] {
        let cache = Arc::new(ColumnCache::new(most));
        for _ in 0..3 {
            let series = ask(Cursor::new(&files.rows), Cursor::new(&files.overview), &cache).unwrap();
            assert_eq!(series, files.series(&request()).unwrap());
            assert!(cache.counts().bytes <= most, "{:?}", cache.counts());
        }
        assert!(most < 20_000 || cache.counts().evicted > 0, "{:?}", cache.counts());
    }
}

#[test]
fn concurrent_askers_share_one_reading() {
    let files = drive();
    let (alone, together) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ask = |reads: &AtomicUsize, cache: &Arc<ColumnCache>| {
        let rows = Counted(Cursor::new(files.rows.as_slice()), reads);
        ask(rows, Counted(Cursor::new(files.overview.as_slice()), reads), cache).unwrap()
    };
    let expected = ask(&alone, &Arc::new(ColumnCache::new(16 << 20)));
    let (cache, barrier) = (Arc::new(ColumnCache::new(16 << 20)), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(ask(&together, &cache), expected);
            });
        }
    });
    assert_eq!(together.into_inner(), alone.into_inner());
}

#[test]
fn a_failed_reading_is_tried_again() {
    let files = drive();
    let cache = Arc::new(ColumnCache::new(16 << 20));
    assert!(matches!(ask(Untouchable, Untouchable, &cache), Err(SeriesError::Read(_))));
    assert_eq!(cache.counts().bytes, 0);
    let series = ask(Cursor::new(&files.rows), Cursor::new(&files.overview), &cache).unwrap();
    assert_eq!(series, files.series(&request()).unwrap());
}
