//! Signals as one table to take away: CSV, NDJSON, Arrow or Parquet, however long.
//!
//! | path | what |
//! | --- | --- |
//! | `/runs/{id}/data.{csv,ndjson,arrow,parquet}` | signals of a run |
//! | `/range/data.{csv,ndjson,arrow,parquet}` | signals of all runs in a window |
//!
//! The parameters are in [`query`]. Everything is looked up and the first rows are made before the answer begins, so
//! what cannot be made has a status of its own. From then on a thread writes as fast as the client reads; an error
//! breaks the transfer off, which no client takes for its end.

mod body;
mod format;
mod order;
pub(crate) mod query;
mod saved_as;
mod tag;
mod writing;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderName, Method, StatusCode,
        header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG},
        request::Parts,
    },
};
use canlog::export::TableFormat;
use futures::stream;
use tokio::sync::oneshot;

use self::{body::outlet, order::Order, query::ExportQuery, writing::Writing};
use super::{
    file::{readable, unconverted},
    name::attachment,
    refusal::Taken,
    reply::{NOT_SHARED, answer},
    validator::is_known,
};
use crate::{
    graphql::{Answer, Refusal, input, load::Lookup},
    selection::{Axis, Library, Scope, Selected, Stop, select::MAX_SIGNALS},
    transport::Line,
};

/// `GET /runs/{id}/data.csv` …
pub(super) async fn of_run(
    State(library): State<Library>,
    Path((id, file)): Path<(String, String)>,
    parts: Parts,
) -> Taken {
    let format = format::of_file(&file)?;
    let query = ExportQuery::parse(parts.uri.query().unwrap_or_default())?;
    if query.vehicle.is_some() {
        return Err(Refusal::input("vehicle", "A run has one car: `vehicle` is for ranges.").into());
    }
    let lookup = library.lookup();
    let run = readable(&library, &id).await?;
    run.current_conversion_id.ok_or_else(unconverted)?;
    let axis = Axis::of_run(&run, query.times(&lookup).await?);
    Export { library, lookup, axis, query, format }.answer(&parts).await
}

/// `GET /range/data.csv` …
pub(super) async fn of_range(
    State(library): State<Library>,
    Path(file): Path<String>,
    parts: Parts,
) -> Taken {
    let format = format::of_file(&file)?;
    let query = ExportQuery::parse(parts.uri.query().unwrap_or_default())?;
    let lookup = library.lookup();
    let Some(times) = query.times(&lookup).await? else {
        return Err(
            Refusal::input("from", "A range needs `from` and `to`, or `interval`, or `testDay`.").into()
        );
    };
    let vehicle = query.vehicle.as_ref().map(|id| input::id(id, "vehicle")).transpose()?;
    let axis = library.axis_of_range(&lookup, times, vehicle).await?;
    if axis.runs.is_empty() {
        return Err(Refusal::not_found("converted run", "in this window").into());
    }
    Export { library, lookup, axis, query, format }.answer(&parts).await
}

/// Where `query` is answered over `axis`, whose times and car it takes: a path and what stands behind its `?`.
pub(crate) fn path_and_query(axis: &Axis, query: ExportQuery, format: TableFormat) -> String {
    let (place, vehicle, is_all) = match axis.scope {
        Scope::Run(id) => (format!("/runs/{id}"), None, axis.is_whole()),
        Scope::Range(vehicle) => ("/range".to_owned(), vehicle, false),
    };
    let window = (!is_all).then(|| axis.window.clone().into());
    let query = ExportQuery { window, vehicle: vehicle.map(|id| id.to_string().into()), ..query }.to_string();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{place}/data.{}{mark}{query}", format::ending(format))
}

/// Looks up what `query` says, so that it can be answered.
///
/// # Errors
/// As those of [`Library::select`], and BAD_USER_INPUT or TOO_MANY_POINTS for what no table can be.
pub(crate) async fn check(
    library: &Library,
    lookup: &Lookup,
    axis: &Axis,
    query: &ExportQuery,
) -> Answer<()> {
    ordered(library, lookup, axis, query).await.map(drop)
}

/// The signals that `query` means on `axis`, and what is to be written of them.
async fn ordered(
    library: &Library,
    lookup: &Lookup,
    axis: &Axis,
    query: &ExportQuery,
) -> Answer<(Vec<Selected>, Order)> {
    let selected = if query.signals.is_empty() {
        few(library.select_all(lookup, axis).await?)?
    } else {
        library.select(lookup, axis, &query.signals).await?
    };
    let order = Order::new(query, axis, &selected, &library.runtime().config.limits.answer)?;
    Ok((selected, order))
}

/// All signals, if a table takes so many.
fn few(all: Vec<Selected>) -> Answer<Vec<Selected>> {
    match all.len() {
        0 => Err(Refusal::not_found("signal", "in this run")),
        1..=MAX_SIGNALS => Ok(all),
        found => {
            let message = format!("{found} signals where a table takes {MAX_SIGNALS}: name those you want.");
            let hint = "Write `signals=Gear,Engine.Speed`.";
            Err(Refusal::input("signals", message).with("hint", hint))
        }
    }
}

/// An export that is asked for.
struct Export {
    library: Library,
    lookup: Lookup,
    axis: Axis,
    query: ExportQuery,
    format: TableFormat,
}

impl Export {
    /// The answer. HEAD, and a client that has it, cost no place and no file.
    async fn answer(self, parts: &Parts) -> Taken {
        let (selected, order) = ordered(&self.library, &self.lookup, &self.axis, &self.query).await?;
        let tag = tag::tag(&selected, &order, self.format);
        if is_known(&parts.headers, &tag) {
            let fields = vec![(ETAG, tag), (CACHE_CONTROL, NOT_SHARED.to_owned())];
            return Ok(answer(StatusCode::NOT_MODIFIED, fields, Body::empty()));
        }
        let fields = self.fields(&selected, tag);
        let body = match parts.method {
            // Of no known length, as that of GET.
            Method::HEAD => Body::from_stream(stream::empty::<Result<&[u8], std::io::Error>>()),
            _ => self.body(selected, order, Line::of(&parts.extensions)).await?,
        };
        Ok(answer(StatusCode::OK, fields, body))
    }

    fn fields(&self, selected: &[Selected], tag: String) -> Vec<(HeaderName, String)> {
        let name = saved_as::saved_as(&self.axis, selected, format::ending(self.format));
        vec![
            (ETAG, tag),
            (ACCEPT_RANGES, "none".to_owned()),
            (CACHE_CONTROL, NOT_SHARED.to_owned()),
            (CONTENT_TYPE, format::media_type(self.format).to_owned()),
            (CONTENT_DISPOSITION, attachment(&name)),
        ]
    }

    /// Begins to write; ready as soon as it is known that there is something to send.
    async fn body(self, selected: Vec<Selected>, order: Order, line: Line) -> Answer<Body> {
        let place = self.library.place()?;
        let opened = self.library.open(&self.lookup, &self.axis, selected).await?;
        let rows = opened.rows();
        let (outlet, inlet) = outlet(self.library.runtime().config.limits.export.stall);
        let (begun, beginning) = oneshot::channel();
        let stop = Stop::new();
        let waiting = stop.clone().drop_guard();
        let span = tracing::Span::current();
        let (writing, format) = (Writing { order, opened, stop, line, place }, self.format);
        tokio::task::spawn_blocking(move || span.in_scope(|| writing.run((outlet, format), begun)));
        match beginning.await {
            Ok(Ok(())) => Ok(inlet.body(waiting)),
            Ok(Err(refusal)) => Err(self.library.explained(refusal, &rows).await),
            Err(_) => Err(Refusal::internal("the thread of an export ended without a word")),
        }
    }
}
