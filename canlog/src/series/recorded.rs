//! Where the samples of a recorded signal in one run come from: cells, rows, or both.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::overview::layout::{Figure, LevelFooter};
use crate::overview::{Cell, Overview};
use crate::series::file::ColumnFile;
use crate::series::input::Input;
use crate::series::reduce::Buckets;
use crate::series::rows::{Take, scan};
use crate::series::{Recording, Reduction, SeriesError};

/// One signal's rows and cells in one run, as far as they lie in a window.
pub(crate) struct Recorded<'a, R, O> {
    rows: Option<Input<R>>,
    overview: Overview<O>,
    signal: &'a str,
    /// What of the window lies in the run.
    pub(crate) window: Range<Micros>,
    cells: Option<Cells>,
}

/// The cells of a window, sorted by what the window does to them.
struct Cells {
    width: Micros,
    /// Those that lie in the window with all their samples.
    whole: Vec<(Micros, Cell<f64>)>,
    /// What the window leaves of the others.
    cut: Vec<Range<Micros>>,
}

impl<'a, R: Read + Seek, O: Read + Seek> Recorded<'a, R, O> {
    pub(crate) fn open(recording: Recording<'a, R, O>, window: &Range<Micros>) -> Result<Self, SeriesError> {
        let Recording { rows, overview, signal } = recording;
        let overview = Overview::open(overview)?;
        if !overview.has_signal(signal) {
            return Err(SeriesError::UnknownSignal(signal.to_owned()));
        }
        let extent = overview.extent();
        let window = window.start.max(extent.start)..window.end.min(extent.end);
        Ok(Self { rows: Some(rows), overview, signal, window, cells: None })
    }

    /// Reads the cells of the coarsest level that is no wider than `widest` and fits into `every`.
    pub(crate) fn look(
        &mut self,
        widest: Micros,
        every: Option<Micros>,
        method: Reduction,
    ) -> Result<(), SeriesError> {
        if let Some(level) = self.overview.level(widest, every).filter(|_| !self.window.is_empty()).cloned() {
            self.cells = Some(self.cells(&level, method)?);
        }
        Ok(())
    }

    /// Leaves to the rows what lies in these spans (ascending, apart from each other).
    pub(crate) fn cut_within(&mut self, spans: &[Range<Micros>]) {
        let Some(cells) = &mut self.cells else { return };
        let width = cells.width;
        let meets = |start: Micros| {
            let next = spans.partition_point(|span| span.end <= start);
            spans.get(next).is_some_and(|span| span.start < start.saturating_add(width))
        };
        let cut = cells.whole.extract_if(.., |&mut (start, _)| meets(start));
        let (window, cut) = (self.window.clone(), cut.map(|(start, _)| start).collect::<Vec<_>>());
        let span = |start: Micros| start.max(window.start)..start.saturating_add(width).min(window.end);
        cells.cut.extend(cut.into_iter().map(span));
        cells.cut.sort_by_key(|span| span.start);
        cells.cut.dedup();
    }

    /// Whether the overview has cells that fit into buckets of this width.
    pub(crate) fn has_cells(&self, every: Micros) -> bool {
        self.overview.level(every, Some(every)).is_some()
    }

    /// The name under which decoded columns of its message file are kept.
    pub(crate) fn file(&self) -> Option<&str> {
        Some(&self.rows.as_ref()?.kept.as_ref()?.file)
    }

    /// The message file and the signal's column.
    pub(crate) fn into_rows(self) -> Option<(Input<R>, &'a str)> {
        Some((self.rows?, self.signal))
    }

    /// The width of the cells that were read.
    pub(crate) fn cell_width(&self) -> Option<Micros> {
        self.cells.as_ref().map(|cells| cells.width)
    }

    /// Samples that are surely there.
    pub(crate) fn surely(&self) -> u64 {
        let whole = self.cells.iter().flat_map(|cells| &cells.whole);
        whole.map(|(_, cell)| cell.count.unsigned_abs()).sum()
    }

    /// Puts the samples into buckets, from cells where there are some.
    pub(crate) fn gather(&mut self, buckets: &mut Buckets) -> Result<(), SeriesError> {
        let Some(cells) = self.cells.take() else {
            return self.scan(&mut |times, values| buckets.add_samples(times, values));
        };
        for (start, cell) in &cells.whole {
            buckets.add((*start).max(self.window.start), cell);
        }
        self.scan_spans(&cells.cut, &mut |times, values| buckets.add_samples(times, values))
    }

    /// Gives all samples of the window; cells say where there are none.
    pub(crate) fn scan(&mut self, take: Take) -> Result<(), SeriesError> {
        let spans = match &self.cells {
            Some(cells) => cells.spans(),
            None if self.window.is_empty() => Vec::new(),
            None => vec![self.window.clone()],
        };
        self.scan_spans(&spans, take)
    }

    fn scan_spans(&mut self, spans: &[Range<Micros>], take: Take) -> Result<(), SeriesError> {
        match self.rows.take().filter(|_| !spans.is_empty()) {
            Some(rows) => scan(&mut ColumnFile::open(rows)?, self.signal, spans, take),
            None => Ok(()),
        }
    }

    fn cells(&mut self, level: &LevelFooter, method: Reduction) -> Result<Cells, SeriesError> {
        let extent = self.overview.extent();
        let figures: &[Figure] = match method {
            Reduction::MinMax => &[Figure::Min, Figure::Max],
            Reduction::Mean => &[Figure::Sum],
            Reduction::First => &[Figure::First],
            Reduction::Last => &[Figure::Last],
            Reduction::Raw => &[],
        };
        let window = self.window.clone();
        // Growing would copy them again and again.
        let most = window.end.saturating_sub(window.start) / level.width + 2;
        let most =
            usize::try_from(most).unwrap_or_default().min(usize::try_from(level.cells).unwrap_or_default());
        let mut cells = Cells { width: level.width, whole: Vec::with_capacity(most), cut: Vec::new() };
        self.overview.cells(level, (self.signal, figures), &window, &mut |start, cell| {
            let end = start.saturating_add(level.width);
            if start.max(extent.start) >= window.start && end.min(extent.end) <= window.end {
                cells.whole.push((start, cell));
            } else {
                cells.cut.push(start.max(window.start)..end.min(window.end));
            }
        })?;
        if matches!(method, Reduction::First | Reduction::Last) {
            cells.cut_reopened();
        }
        cells.cut.sort_by_key(|span| span.start);
        cells.cut.dedup();
        Ok(cells)
    }
}

impl Cells {
    /// The times that hold samples, joined where they touch.
    fn spans(&self) -> Vec<Range<Micros>> {
        let whole = self.whole.iter().map(|&(start, _)| start..start.saturating_add(self.width));
        joined(whole.chain(self.cut.iter().cloned()).collect())
    }

    /// First and last of a cell that was opened again are in the rows only.
    fn cut_reopened(&mut self) {
        self.whole.sort_by_key(|&(start, _)| start);
        let mut whole = Vec::with_capacity(self.whole.len());
        for cells in self.whole.chunk_by(|one, other| one.0 == other.0) {
            match cells {
                [cell] => whole.push(*cell),
                _ => self.cut.push(cells[0].0..cells[0].0.saturating_add(self.width)),
            }
        }
        self.whole = whole;
    }
}

/// The same times as spans in ascending order that do not touch.
pub(crate) fn joined(mut all: Vec<Range<Micros>>) -> Vec<Range<Micros>> {
    all.retain(|span| !span.is_empty());
    all.sort_by_key(|span| span.start);
    let mut spans: Vec<Range<Micros>> = Vec::new();
    for span in all {
        match spans.last_mut() {
            Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
            _ => spans.push(span),
        }
    }
    spans
}
