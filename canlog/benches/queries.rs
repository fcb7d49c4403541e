//! One query in one fresh process, for `deploy/bench/queries.py`: prints the seconds of the first and of the second
//! identical one (of which decoded columns are kept).
//!
//! `queries make FOLDER` makes the runs; `queries QUERY FOLDER ROWS OVERVIEW` asks, the files being in that folder.

mod drive;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use canlog::export::{Export, ExportRequest};
use canlog::expression::{Catalog, Column, Expression, Limits, Plan};
use canlog::series::{BaseFile, ColumnCache, Derivation, Input, Recording, SeriesRequest, Trace, read_range};
use canlog::statistics::{StatisticsRequest, read_statistics};

use crate::drive::{LONG, Run, SHORT, window};

type One<'a> = Trace<'a, File, File>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder] => make(Path::new(folder)),
        [query, folder, rows, overview] => ask(query, Path::new(folder), (rows, overview)),
        // As all benches are run: no folder, nothing to compare with.
        _ => {}
    }
}

fn make(folder: &Path) {
    for (name, frames) in [("short", SHORT), ("long", LONG)] {
        let folder = folder.join(name);
        if let Err(error) = fs::create_dir_all(&folder) {
            panic!("{error}");
        }
        let run = Run::make(&folder, frames);
        drop((run.rows(), run.overview()));
    }
}

#[expect(clippy::print_stdout, reason = "the figures")]
fn ask(query: &str, folder: &Path, (rows, overview): (&str, &str)) {
    let cache = Arc::new(ColumnCache::new(256 << 20));
    let open = |name: &str| match File::open(folder.join(name)) {
        Ok(file) => Input::kept(file, &cache, name),
        Err(error) => panic!("{error}"),
    };
    let signal = |signal| Recording { rows: open(rows), overview: open(overview), signal }.into();
    let plan = plan("(A + B) * (A - C) / (B + 2) + A * 3 - C * B + 1.5");
    let derived = || Derivation {
        plan: &plan,
        bases: vec![BaseFile { rows: open(rows), columns: vec!["A", "B", "C"] }],
    };
    let once = || {
        let start = Instant::now();
        let seen = match query {
            "view" => view(signal("A"), 0..1_000),
            "hundredth" => view(signal("A"), 450..460),
            "statistics" => statistics(signal("A")),
            "derived" => view(derived().into(), 0..1_000),
            "derived-statistics" => statistics(derived().into()),
            "export" => export(vec![vec![signal("A")]]),
            "export-four" => export(["A", "B", "C", "D"].map(|name| vec![signal(name)]).into()),
            "export-derived" => export(vec![vec![derived().into()]]),
            _ => panic!("no such query: {query}"),
        };
        (start.elapsed().as_secs_f64(), seen)
    };
    let (cold, warm) = (once(), once());
    println!("{} {} {}", cold.0, warm.0, cold.1);
}

fn view(run: One<'_>, thousandths: std::ops::Range<u64>) -> u64 {
    let all = thousandths.end == 1_000;
    let window = if all { i64::MIN..i64::MAX } else { window(LONG, thousandths) };
    match read_range(vec![run], &SeriesRequest { window, ..SeriesRequest::default() }) {
        Ok(series) => series.source_samples,
        Err(error) => panic!("{error}"),
    }
}

fn statistics(run: One<'_>) -> u64 {
    match read_statistics(vec![run], &StatisticsRequest::default()) {
        Ok(statistics) => statistics.count,
        Err(error) => panic!("{error}"),
    }
}

fn export(signals: Vec<Vec<One<'_>>>) -> u64 {
    let mut rows = 0;
    let all = || -> Result<(), canlog::series::SeriesError> {
        let mut export = Export::open(signals, &ExportRequest::default())?;
        while let Some(block) = export.next()? {
            rows += block.times.len() as u64;
        }
        Ok(())
    };
    match all() {
        Ok(()) => rows,
        Err(error) => panic!("{error}"),
    }
}

fn plan(source: &str) -> Plan {
    let mut catalog = Catalog::default();
    for (column, name) in ["A", "B", "C", "D"].into_iter().enumerate() {
        catalog.add_signal(&[name], Column { base: 0, column });
    }
    let limits = Limits::default();
    match Expression::parse(source, &limits).and_then(|read| Plan::new(&read, &catalog, &limits)) {
        Ok(plan) => plan,
        Err(refusal) => panic!("{source}: {refusal}"),
    }
}
