//! Links to signals as tables: what `series` shows, whole and as a file.

use async_graphql::{Context, Enum};
use canlog::export::TableFormat;

use super::{
    error::{Answer, Refusal},
    library, links,
    load::lookup,
    scalar::Url,
    series::{Fill, Resolution, Shape, SignalSelector},
};
use crate::{
    download::export::{check, path_and_query, query::ExportQuery},
    selection::{Axis, Selected, Selector},
};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "TableFormat")]
pub(crate) enum ExportFormat {
    /// Comma-separated values, with a line of names.
    Csv,
    /// A JSON object a line.
    #[graphql(name = "NDJSON")]
    NdJson,
    /// Arrow's file format (Feather, version 2).
    Arrow,
    /// Parquet.
    Parquet,
}

/// Bytes of a link at most: what every client and proxy takes.
const MOST_BYTES: usize = 8 << 10;

/// Signals over an axis, to be taken away.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    axis: Axis,
    query: ExportQuery,
    /// Whether there is something behind a link.
    is_there: bool,
}

impl Export {
    /// The export of these arguments. Everything is looked up, so that a link is not the way to learn of a wrong name.
    pub(super) async fn checked(
        ctx: &Context<'_>,
        axis: Axis,
        signals: Option<Vec<SignalSelector>>,
        (resolution, fill): (Option<Resolution>, Fill),
    ) -> Answer<Self> {
        let signals = signals.unwrap_or_default().into_iter().map(SignalSelector::selector);
        let signals = signals.collect::<Answer<Vec<_>>>()?;
        let query = ExportQuery {
            signals,
            resolution: resolution.unwrap_or_default(),
            fill: Some(fill),
            ..ExportQuery::default()
        };
        let is_there = axis.has_readings();
        if is_there {
            // What a link leads to knows no runs beside its window.
            check(library(ctx), lookup(ctx), &axis.of_its_runs(), &query).await?;
        }
        Ok(Self { axis, query, is_there })
    }

    /// The export of what a series shows of one signal: all samples of its window, or its buckets if it has been told
    /// how wide they are.
    pub(super) fn of_series(axis: &Axis, (selected, selector): (&Selected, Selector), shape: Shape) -> Self {
        let query = ExportQuery {
            signals: vec![selector],
            resolution: Resolution { max_points: None, ..shape.resolution },
            fill: Some(shape.fill),
            ..ExportQuery::default()
        };
        let read = axis.read();
        let is_there = axis.has_readings() && selected.sources().any(|row| read.contains(&row.run_id));
        Self { axis: axis.clone(), query, is_there }
    }

    /// The link; none while there is nothing behind it.
    pub(super) async fn link(&self, ctx: &Context<'_>, format: ExportFormat) -> Answer<Option<Url>> {
        if !self.is_there {
            return Ok(None);
        }
        let address = path_and_query(&self.axis, self.query.clone(), format.into());
        if address.len() > MOST_BYTES {
            let message = format!("The link would have more than {MOST_BYTES} bytes.");
            let hint = "Name fewer signals, or save long expressions as derived signals.";
            return Err(Refusal::input("signals", message).with("hint", hint));
        }
        links(ctx).signed(&address).await.map(Url).map(Some)
    }
}
