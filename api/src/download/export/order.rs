//! What is to be written, and its writing: on a thread, as fast as the client takes it.

use std::io;

use canlog::{
    export::{Export, ExportRequest, Rows, Table, TableColumn, TableFormat},
    series::{Reduction, Series, SeriesError, SeriesRequest, read_shared},
};
use platform::config::limits::AnswerLimits;

use super::{
    body::{Fate, Outlet},
    query::ExportQuery,
};
use crate::{
    graphql::{
        Answer, Refusal,
        series::{Fill, Grid, Shape},
    },
    selection::{Axis, Opened, Selected, Stop, refusal},
};

/// What is to be written of signals.
#[derive(Debug)]
pub(super) struct Order {
    /// Name and unit of each signal.
    signals: Vec<TableColumn>,
    rows: Wanted,
}

/// Which rows.
#[derive(Debug)]
enum Wanted {
    /// However many there are.
    All(ExportRequest),
    /// At most so many, and at most so many values: those of a series.
    Points(SeriesRequest, usize),
}

/// Why an export does not end well.
pub(super) enum Failure {
    /// The client went away.
    Gone,
    /// The client takes nothing.
    Stalled,
    /// It cannot be made.
    Refused(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            io::ErrorKind::TimedOut => Self::Stalled,
            _ => Self::Refused(Refusal::internal(error)),
        }
    }
}

impl Order {
    /// What `query` says of these signals.
    ///
    /// # Errors
    /// BAD_USER_INPUT for several signals on times of their own, TOO_MANY_POINTS.
    pub(super) fn new(
        query: &ExportQuery,
        axis: &Axis,
        selected: &[Selected],
        limits: &AnswerLimits,
    ) -> Answer<Self> {
        if query.grid == Some(Grid::Native) && selected.len() > 1 {
            let message = "A table has one column of times: several signals share it.";
            return Err(
                Refusal::input("grid", message).with("hint", "Leave `grid` out, or take one file a signal.")
            );
        }
        let (resolution, fill) = (query.resolution, query.fill.unwrap_or(Fill::None));
        let rows = if resolution.max_points.is_some() {
            let shape = Shape { resolution, grid: Grid::Shared, fill };
            Wanted::Points(shape.request(axis, limits.points)?, limits.values)
        } else {
            Wanted::All(ExportRequest {
                window: axis.window.clone(),
                every: resolution.every.map(|every| every.0),
                method: resolution.method.into(),
                fill: fill.into(),
                ..ExportRequest::default()
            })
        };
        let column = |signal: &Selected| TableColumn { name: signal.name.clone(), unit: signal.unit.clone() };
        Ok(Self { signals: selected.iter().map(column).collect(), rows })
    }

    /// Writes all rows. `begun` is called when the first of them are made, before anything is written.
    pub(super) fn write(
        self,
        (opened, stop): (&Opened, &Stop),
        (outlet, format): (Outlet, TableFormat),
        begun: impl FnOnce(),
    ) -> Result<(), Failure> {
        let failed = |error: SeriesError| match stop.is_cancelled() {
            true => Failure::Gone,
            false => refusal(error).into(),
        };
        let request = match self.rows {
            Wanted::All(request) => request,
            Wanted::Points(request, most_values) => {
                let request = SeriesRequest { runs: opened.spans(), ..request };
                let series = read_shared(opened.traces(stop)?, &request).map_err(failed)?;
                let rows = points(&series);
                within(&rows, most_values)?;
                let every = series.first().and_then(|series| series.bucket);
                if request.max_points == 1 && every.is_some() {
                    begun();
                    let table =
                        Sheet::new((outlet, format), self.signals, request.method == Reduction::MinMax);
                    return table?.write(&rows)?.end();
                }
                // Those of `every`, if one had asked for it.
                let method = if every.is_some() { request.method } else { Reduction::Raw };
                ExportRequest { window: request.window, every, method, fill: request.fill, runs: Vec::new() }
            }
        };
        let request = ExportRequest { runs: opened.spans(), ..request };
        let mut export = Export::open(opened.traces(stop)?, &request).map_err(failed)?;
        let mut rows = export.next().map_err(failed)?;
        begun();
        let is_doubled = request.every.is_some() && request.method == Reduction::MinMax;
        let mut table = Sheet::new((outlet, format), self.signals, is_doubled)?;
        while let Some(block) = rows {
            table = table.write(block)?;
            // Rows may come for long without a read, which alone would notice it.
            rows = if stop.is_cancelled() {
                return Err(Failure::Gone);
            } else {
                export.next().map_err(failed)?
            };
        }
        table.end()
    }
}

/// A table on its way to a client. What formats make of an error of the client's hides which it was.
struct Sheet {
    table: Table<Outlet>,
    fate: Fate,
}

impl Sheet {
    fn new(
        (outlet, format): (Outlet, TableFormat),
        signals: Vec<TableColumn>,
        is_doubled: bool,
    ) -> Result<Self, Failure> {
        let fate = outlet.fate();
        match Table::new(outlet, format, columns(signals, is_doubled)) {
            Ok(table) => Ok(Self { table, fate }),
            Err(error) => Err(fate.of(error).into()),
        }
    }

    fn write(mut self, rows: &Rows) -> Result<Self, Failure> {
        self.table.write(rows).map_err(|error| self.fate.of(error))?;
        Ok(self)
    }

    fn end(self) -> Result<(), Failure> {
        let Self { table, fate } = self;
        let ended = table.finish().and_then(Outlet::end);
        ended.map_err(|error| fate.of(error).into())
    }
}

/// A column a signal, or one of its smallest and one of its largest values.
fn columns(signals: Vec<TableColumn>, is_doubled: bool) -> Vec<TableColumn> {
    if !is_doubled {
        return signals;
    }
    let of = |signal: &TableColumn, what| TableColumn {
        name: format!("{}.{what}", signal.name),
        ..signal.clone()
    };
    signals.iter().flat_map(|signal| [of(signal, "min"), of(signal, "max")]).collect()
}

/// The entries of series on one grid as rows; one without any value (a gap, an empty bucket) is none.
fn points(series: &[Series]) -> Rows {
    let columns: Vec<&Vec<f64>> = series
        .iter()
        .flat_map(|series| match series.method {
            Reduction::MinMax => vec![&series.min, &series.max],
            _ => vec![&series.values],
        })
        .collect();
    let Some(first) = series.first() else { return Rows::default() };
    let is_row = |at: &usize| columns.iter().any(|column| !column[*at].is_nan());
    let kept: Vec<usize> = (0..first.time.len()).filter(is_row).collect();
    Rows {
        times: kept.iter().map(|&at| first.t0 + (first.time[at] * 1e6).round() as i64).collect(),
        columns: columns.iter().map(|column| kept.iter().map(|&at| column[at]).collect()).collect(),
    }
}

fn within(rows: &Rows, most: usize) -> Answer<()> {
    if rows.times.len() * (1 + rows.columns.len()) <= most {
        return Ok(());
    }
    let message = format!("At most {most} values where points are wanted: ask for fewer signals or points.");
    Err(Refusal::too_many_points(message))
}
