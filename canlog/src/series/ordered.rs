//! The rows of a message file in stable time order, however its times step back.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::series::SeriesError;
use crate::series::file::ColumnFile;
use crate::series::mixed::{Mixed, Place};
use crate::series::view::{Numbers, View};

/// Rows of overlapping row groups that wait at most; those beyond are read again.
const MOST_WAITING: usize = 1 << 20;

/// Some columns of a message file, row group by row group in the order of time. A row group whose times no other
/// one overlaps is given as it was decoded; others wait for each other.
///
/// Rows in which no column has a value are left out; where one has none there is NaN.
pub(crate) struct Ordered<'a, R> {
    file: ColumnFile<R>,
    columns: Vec<&'a str>,
    extent: Range<Micros>,
    window: Range<Micros>,
    /// Row groups to be read, the next one last.
    ahead: Vec<Ahead>,
    ready: Ready,
    mixed: Mixed,
    most_waiting: usize,
}

/// Rows of a row group that were not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ahead {
    /// None of them belongs before this place, and those that do were given.
    from: Place,
    group: usize,
    /// The place of the row group's first row in the file.
    first_row: u64,
}

/// Rows in order, before all others.
#[derive(Default)]
struct Ready {
    times: Option<View<Vec<Micros>>>,
    columns: Vec<View<Numbers>>,
    /// How many were taken.
    taken: usize,
}

impl<'a, R: Read + Seek> Ordered<'a, R> {
    /// # Errors
    /// When a column is unknown.
    pub(crate) fn open(file: ColumnFile<R>, columns: Vec<&'a str>) -> Result<Self, SeriesError> {
        if let Some(unknown) = columns.iter().find(|column| !file.has_column(column)) {
            return Err(SeriesError::UnknownSignal((*unknown).to_owned()));
        }
        let (extent, mixed) = (file.extent()?, Mixed::new(columns.len()));
        let (ahead, ready, most_waiting) = (Vec::new(), Ready::default(), MOST_WAITING);
        Ok(Self { file, columns, extent, window: 0..0, ahead, ready, mixed, most_waiting })
    }

    /// As [`ColumnFile::passing`].
    pub(crate) fn passing(self) -> Self {
        Self { file: self.file.passing(), ..self }
    }

    /// As [`Self::passing`] where the numbers of `window` are more than can be kept.
    pub(crate) fn kept_within(self, window: &Range<Micros>) -> Self {
        let meets = |group: &usize| {
            let times = self.file.time_range(*group);
            times.is_none_or(|(first, last)| first < window.end && last >= window.start)
        };
        let groups = (0..self.file.row_groups()).filter(meets);
        let rows: u64 = groups.map(|group| self.file.rows_of(group) as u64).sum();
        if self.file.keeps(rows * (1 + self.columns.len() as u64)) { self } else { self.passing() }
    }

    /// Whether every row surely has all values.
    pub(crate) fn is_full(&self) -> bool {
        self.columns.iter().all(|column| self.file.is_full(column))
    }

    /// Takes the columns of `other`, which reads the same file; before the first row is read.
    pub(crate) fn join(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.mixed = Mixed::new(self.columns.len());
    }

    /// The times of all rows of the file, end excluded.
    pub(crate) fn extent(&self) -> Range<Micros> {
        self.extent.clone()
    }

    /// Begins with the first row of `window`.
    pub(crate) fn begin(&mut self, window: Range<Micros>) {
        (self.ready, self.mixed) = (Ready::default(), Mixed::new(self.columns.len()));
        self.ahead.clear();
        let mut first_row = 0;
        for group in 0..self.file.row_groups() {
            let (first, last) = self.file.time_range(group).unwrap_or((Micros::MIN, Micros::MAX));
            if first < window.end && last >= window.start {
                self.ahead.push(Ahead { from: (first, first_row), group, first_row });
            }
            first_row += self.file.rows_of(group) as u64;
        }
        self.ahead.sort_unstable_by(|one, other| other.cmp(one));
        self.window = window;
    }

    /// Makes the next rows ready; false when there are no more.
    pub(crate) fn advance(&mut self) -> Result<bool, SeriesError> {
        while self.times().is_empty() {
            let bound = self.ahead.last().map(|next| next.from);
            if let Some((times, columns)) = self.mixed.take_below(bound) {
                self.ready = Ready::of(times, columns);
                continue;
            }
            let Some(next) = self.ahead.pop() else { return Ok(false) };
            self.read(next)?;
        }
        Ok(true)
    }

    /// No later row has an earlier time; `None` at the end.
    pub(crate) fn bound(&self) -> Option<Micros> {
        let waiting = self.ahead.last().map(|next| next.from.0).into_iter().chain(self.mixed.first());
        self.times().first().copied().or_else(|| waiting.min()).map(|time| time.max(self.window.start))
    }

    /// Times of rows that are ready, ascending.
    pub(crate) fn times(&self) -> &[Micros] {
        let times = self.ready.times.as_ref().map_or(&[][..], View::integers);
        times.get(self.ready.taken..).unwrap_or_default()
    }

    /// What a column has in these rows.
    pub(crate) fn column(&self, column: usize) -> &[f64] {
        let values = self.ready.columns.get(column).map_or(&[][..], View::values);
        values.get(self.ready.taken..).unwrap_or_default()
    }

    /// Leaves rows behind.
    pub(crate) fn skip(&mut self, rows: usize) {
        self.ready.taken += rows;
    }

    fn read(&mut self, next: Ahead) -> Result<(), SeriesError> {
        let times = self.file.times(next.group)?;
        let (all, window) = (times.integers(), &self.window);
        let sorted = all.is_sorted();
        let rows = if sorted {
            let before = |end: Micros| all.partition_point(|&time| time < end);
            before(window.start)..before(window.end)
        } else {
            0..all.len()
        };
        let Some(last) = rows.clone().next_back() else { return Ok(()) };
        let read = |name: &&str| self.file.numbers(next.group, name, rows.clone());
        let columns = self.columns.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let last = (all[last], next.first_row + last as u64);
        let whole = sorted && self.mixed.len() == 0 && next.from.1 == next.first_row;
        if whole && self.ahead.last().is_none_or(|other| last < other.from) {
            self.ready = Ready::without_empty(times.part(rows), columns);
            return Ok(());
        }
        for (at, row) in rows.enumerate() {
            let place = (all[row], next.first_row + row as u64);
            let filled = columns.iter().any(|column| column.is_filled(at));
            if filled && place >= next.from && window.contains(&place.0) {
                self.mixed.push(place, columns.iter().map(|column| column.values()[at]));
            }
        }
        self.put_back();
        Ok(())
    }

    /// Of too many rows that wait the last are read again.
    fn put_back(&mut self) {
        let mut dropped = self.mixed.cut(self.most_waiting).into_iter().peekable();
        if dropped.peek().is_none() {
            return;
        }
        let mut first_row = 0;
        let starts = (0..self.file.row_groups()).map(|group| {
            let start = first_row;
            first_row += self.file.rows_of(group) as u64;
            start
        });
        let starts: Vec<u64> = starts.collect();
        let mut again = vec![false; starts.len()];
        for from in dropped {
            let group = starts.partition_point(|&start| start <= from.1) - 1;
            if std::mem::replace(&mut again[group], true) {
                continue;
            }
            match self.ahead.iter_mut().find(|ahead| ahead.group == group) {
                Some(ahead) => ahead.from = ahead.from.min(from),
                None => self.ahead.push(Ahead { from, group, first_row: starts[group] }),
            }
        }
        self.ahead.sort_unstable_by(|one, other| other.cmp(one));
    }
}

impl Ready {
    fn of(times: Vec<Micros>, columns: Vec<Vec<f64>>) -> Self {
        let columns = columns.into_iter().map(View::full);
        Self { columns: columns.collect(), times: Some(View::all(times)), taken: 0 }
    }

    fn without_empty(times: View<Vec<Micros>>, columns: Vec<View<Numbers>>) -> Self {
        if columns.is_empty() || columns.iter().any(View::is_full) {
            return Self { times: Some(times), columns, taken: 0 };
        }
        let rows = 0..times.integers().len();
        let filled: Vec<usize> =
            rows.filter(|&row| columns.iter().any(|column| column.is_filled(row))).collect();
        let kept = |column: &View<Numbers>| filled.iter().map(|&row| column.values()[row]).collect();
        Self::of(
            filled.iter().map(|&row| times.integers()[row]).collect(),
            columns.iter().map(kept).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use polars::prelude::{DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series};

    use super::Ordered;
    use crate::series::Input;
    use crate::series::file::ColumnFile;

    #[test]
    fn few_rows_wait_however_the_times_are_mixed() {
        let times: Vec<i64> = (0..1_000).map(|row| row * 7_919 % 500 / 2).collect();
        let values: Vec<f64> = (0..1_000).map(f64::from).collect();
        let doubled: Vec<f64> = values.iter().map(|value| 2.0 * value).collect();
        let columns = vec![
            Series::new("timestamp".into(), &times).into_column(),
            Series::new("a".into(), &values).into_column(),
            Series::new("b".into(), &doubled).into_column(),
        ];
        let mut frame = DataFrame::new(times.len(), columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_row_group_size(Some(64)).finish(&mut frame).unwrap();
        let mut wanted: Vec<(i64, f64)> = times.into_iter().zip(values).collect();
        wanted.sort_by_key(|&(time, _)| time);
        for most in [1, 7, 100, 2_000] {
            let open = |column| {
                let file = ColumnFile::open(Input::new(Cursor::new(&bytes))).unwrap();
                Ordered::open(file, vec![column]).unwrap()
            };
            let mut rows = open("a");
            rows.most_waiting = most;
            rows.begin(i64::MIN..i64::MAX);
            rows.join(open("b"));
            let mut got = Vec::new();
            while rows.advance().unwrap() {
                assert!(rows.times().len() <= most);
                assert_eq!(rows.bound(), Some(rows.times()[0]));
                assert!(rows.column(0).iter().map(|value| 2.0 * value).eq(rows.column(1).iter().copied()));
                got.extend(rows.times().iter().copied().zip(rows.column(0).iter().copied()));
                rows.skip(rows.times().len());
            }
            assert_eq!((got == wanted, got.len(), rows.bound()), (true, 1_000, None));
        }
    }
}
