//! The lake: one message over all runs, for tools that read Parquet by themselves.
//!
//! Stored files lie under `runs/run=<uuid>/conversion=<uuid>/`, one Parquet file a bus, frame id and message. Which of
//! them count is in SQL alone, so the lists here are the way to them: of each undeleted run the files of its current
//! conversion, never of an attempt under way or of a conversion that was replaced. A listed address answers the same
//! bytes as long as the file is there; a file that was replaced goes after a while, and then the list names another.

use std::{collections::VecDeque, io};

use async_graphql::ScalarType;
use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
};
use entity::{
    id::{RunId, VehicleId},
    run, signal,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::ExprTrait,
};
use serde::{Deserialize, Serialize};

use super::{export::query::time as unescaped_time, name::escaped, refusal::Taken};
use crate::{
    graphql::{Answer, Refusal, scalar::DateTime},
    link::Base,
    selection::{Library, manifest::Message},
};

/// Runs of one statement.
const PAGE: u64 = 200;

/// Which runs, and in which form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Runs of this car.
    vehicle: Option<String>,
    /// Runs that do not end before this time (RFC 3339).
    from: Option<String>,
    /// Runs that start before this time.
    to: Option<String>,
    /// `json`, or `urls`: one a line.
    format: Option<String>,
}

/// One message in the list of all.
#[derive(Debug, Serialize, FromQueryResult)]
struct MessageLine {
    message: String,
    /// Runs that have it.
    runs: i64,
    #[sea_orm(skip)]
    url: String,
}

/// One file of a message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileLine {
    url: String,
    run: String,
    start: Option<serde_json::Value>,
    end: Option<serde_json::Value>,
    vehicle: Option<String>,
    bus: Option<String>,
    frame_id: Option<u32>,
    extended: bool,
    message: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

/// `GET /lake`: `[{message, runs, url}]`, by name.
pub(super) async fn messages(State(library): State<Library>, headers: HeaderMap) -> Taken {
    let base = Base::of(&library.runtime().config.http, &headers);
    let rows = signal::Entity::find()
        .select_only()
        .column(signal::Column::Message)
        .column_as(signal::Column::RunId.into_expr().count_distinct(), "runs")
        .filter(
            signal::Column::RunId.in_subquery(readable().select_only().column(run::Column::Id).into_query()),
        )
        .group_by(signal::Column::Message)
        .order_by_asc(signal::Column::Message)
        .into_model::<MessageLine>()
        .all(library.runtime().database.read())
        .await
        .map_err(Refusal::from)?;
    let url = |line: MessageLine| {
        let url = format!("{base}/lake/{}", escaped(&line.message));
        MessageLine { url, ..line }
    };
    Ok(axum::Json(rows.into_iter().map(url).collect::<Vec<_>>()).into_response())
}

/// `GET /lake/{message}?vehicle&from&to&format`: the files of one message, oldest run first.
pub(super) async fn files(
    State(library): State<Library>,
    Path(message): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Taken {
    let Query(wanted) = wanted.map_err(|error| Refusal::input("query", error.body_text()))?;
    let is_text = is_text(&wanted, &headers)?;
    let mut listing = Listing {
        runs: runs_of(&message, &wanted)?,
        base: Base::of(&library.runtime().config.http, &headers),
        library,
        message,
        after: None,
        lines: VecDeque::new(),
    };
    // Before the first byte, so that what cannot be listed has a status of its own.
    listing.fill().await?;
    if listing.lines.is_empty() {
        let hint = "`/lake` lists the messages there are; the filters may leave none.";
        return Err(Refusal::not_found("file of the message", &listing.message).with("hint", hint).into());
    }
    let (kind, body) = if is_text {
        ("text/plain; charset=utf-8", Body::from_stream(listing.urls()))
    } else {
        ("application/json", Body::from_stream(listing.json()))
    };
    Ok((StatusCode::OK, [(CONTENT_TYPE, kind)], body).into_response())
}

fn is_text(wanted: &Wanted, headers: &HeaderMap) -> Answer<bool> {
    match wanted.format.as_deref() {
        Some("urls") => Ok(true),
        Some("json") => Ok(false),
        None => Ok(headers.get(ACCEPT).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))),
        Some(_) => Err(Refusal::input("format", "A list is `json` or `urls`.")),
    }
}

/// Runs that are not deleted and were converted.
fn readable() -> Select<run::Entity> {
    run::Entity::find()
        .filter(run::Column::DeletedAt.is_null())
        .filter(run::Column::CurrentConversionId.is_not_null())
}

/// Those of them that have the message and are wanted, oldest first.
fn runs_of(message: &str, wanted: &Wanted) -> Answer<Select<run::Entity>> {
    let having = signal::Entity::find()
        .select_only()
        .column(signal::Column::RunId)
        .filter(signal::Column::Message.eq(message));
    let mut runs = readable().filter(run::Column::Id.in_subquery(having.into_query()));
    if let Some(vehicle) = &wanted.vehicle {
        let id: VehicleId =
            vehicle.parse().map_err(|_| Refusal::not_found("vehicle", vehicle).at("vehicle"))?;
        runs = runs.filter(run::Column::VehicleId.eq(id));
    }
    let (from, to) = (time(wanted.from.as_deref(), "from")?, time(wanted.to.as_deref(), "to")?);
    if from.or(to).is_some() {
        runs = runs.filter(run::under_way(&(from.unwrap_or(i64::MIN)..to.unwrap_or(i64::MAX))));
    }
    Ok(runs.order_by_asc(run::Column::Id).limit(PAGE))
}

fn time(text: Option<&str>, name: &str) -> Answer<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    match unescaped_time(text) {
        Ok(DateTime(micros)) => Ok(Some(micros)),
        Err(_) => Err(Refusal::input(name, "A time is as in 2019-10-06T15:42:54Z.")),
    }
}

/// A list under way: what was read and not yet told, and after which run it goes on.
struct Listing {
    library: Library,
    base: Base,
    message: String,
    runs: Select<run::Entity>,
    after: Option<RunId>,
    lines: VecDeque<FileLine>,
}

impl Listing {
    /// Reads until there is a line or no more runs.
    async fn fill(&mut self) -> Answer<()> {
        while self.lines.is_empty() {
            let mut page = self.runs.clone();
            if let Some(after) = self.after {
                page = page.filter(run::Column::Id.gt(after));
            }
            let runs = page.all(self.library.runtime().database.read()).await.map_err(Refusal::from)?;
            let Some(last) = runs.last() else { break };
            self.after = Some(last.id);
            let lookup = self.library.lookup();
            let known = runs.iter().filter_map(|run| Some((run, run.current_conversion_id?)));
            let messages = known.map(|(run, conversion)| {
                let (library, lookup) = (&self.library, &lookup);
                async move { Answer::Ok((run, library.messages(lookup, conversion).await?)) }
            });
            for (run, messages) in futures::future::try_join_all(messages).await? {
                let of_message = messages.all.iter().filter(|file| file.message == self.message);
                let lines: Vec<_> = of_message.map(|file| self.line(run, file)).collect();
                self.lines.extend(lines);
            }
        }
        Ok(())
    }

    fn line(&self, run: &run::Model, file: &Message) -> FileLine {
        let conversion = run.current_conversion_id.map_or_else(String::new, |id| id.to_string());
        let time =
            |micros: Option<i64>| micros.and_then(|micros| DateTime(micros).to_value().into_json().ok());
        FileLine {
            url: format!(
                "{}/runs/{}/conversions/{conversion}/{}",
                self.base,
                run.id,
                escaped(&file.rows_file.name)
            ),
            run: run.id.to_string(),
            start: time(run.start_at),
            end: time(run.end_at),
            vehicle: run.vehicle_id.map(|id| id.to_string()),
            bus: file.bus.clone(),
            frame_id: file.frame_id,
            extended: file.extended,
            message: file.message.clone(),
            rows: file.rows,
            bytes: file.rows_file.bytes,
            sha256: file.rows_file.sha256.clone(),
        }
    }

    /// The lines, read page by page. An error breaks the answer off, so that a short list is never taken for whole.
    fn lines(self) -> impl Stream<Item = io::Result<FileLine>> {
        stream::try_unfold(self, |mut listing| async move {
            listing.fill().await.map_err(|refusal| io::Error::other(refusal.message))?;
            Ok(listing.lines.pop_front().map(|line| (line, listing)))
        })
    }

    fn urls(self) -> impl Stream<Item = io::Result<String>> {
        self.lines().map_ok(|line| line.url + "\n")
    }

    fn json(self) -> impl Stream<Item = io::Result<String>> {
        let items = self.lines().enumerate().map(|(n, line)| {
            let item = serde_json::to_string(&line?)?;
            Ok(format!("{}{item}", if n == 0 { "[\n" } else { ",\n" }))
        });
        items.chain(stream::once(async { Ok("\n]\n".to_owned()) }))
    }
}
