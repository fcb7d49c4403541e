//! Reading series, so many values an answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Context;
use canlog::series::{Series as Read, SeriesRequest, read_range, read_shared};
use futures::future::try_join_all;

use super::{Grid, Series, Shape, SignalSelector};
use crate::{
    graphql::{
        error::{Answer, Refusal},
        export::Export,
        library,
        load::lookup,
        runtime,
    },
    selection::{Axis, Selected, refusal},
};

/// The values that one operation's answer holds so far.
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// Takes the values of `series` in.
    fn take(&self, series: &Read, most: usize) -> Answer<()> {
        let values = series.time.len() + series.values.len() + series.min.len() + series.max.len();
        if self.0.fetch_add(values, Ordering::Relaxed) + values > most {
            let message = format!("At most {most} values an answer: ask for fewer signals or points.");
            return Err(Refusal::too_many_points(message));
        }
        Ok(())
    }
}

/// Answers `series` over an axis: everything is checked before a file is opened.
pub(crate) async fn of_axis(
    ctx: &Context<'_>,
    axis: &Axis,
    selectors: Vec<SignalSelector>,
    shape: Shape,
) -> Answer<Vec<Series>> {
    let request = shape.request(axis, runtime(ctx).config.limits.answer.points)?;
    let selectors = selectors.into_iter().map(SignalSelector::selector).collect::<Answer<Vec<_>>>()?;
    let selected = library(ctx).select(lookup(ctx), axis, &selectors).await?;
    let read = match shape.grid {
        Grid::Shared => shared(ctx, axis, selected.clone(), request).await?,
        Grid::Native => {
            let native = |selected: &Selected| native(ctx, axis, selected.clone(), request.clone());
            try_join_all(selected.iter().map(native)).await?
        }
    };
    let series = |((selector, selected), read)| {
        let export = Export::of_series(axis, (&selected, selector), shape);
        Series::new(selected, read, export)
    };
    Ok(selectors.into_iter().zip(selected).zip(read).map(series).collect())
}

/// One signal with times of its own.
async fn native(ctx: &Context<'_>, axis: &Axis, selected: Selected, request: SeriesRequest) -> Answer<Read> {
    let opened = library(ctx).open(lookup(ctx), axis, vec![selected]).await?;
    let reading = library(ctx).read(opened, move |opened, stop| {
        let runs = opened.traces(stop)?.into_iter().next().unwrap_or_default();
        read_range(runs, &request).map_err(refusal)
    });
    counted(ctx, reading.await?)
}

/// All signals with the same times.
async fn shared(
    ctx: &Context<'_>,
    axis: &Axis,
    selected: Vec<Selected>,
    request: SeriesRequest,
) -> Answer<Vec<Read>> {
    let opened = library(ctx).open(lookup(ctx), axis, selected).await?;
    let request = SeriesRequest { runs: opened.spans(), ..request };
    let reading = library(ctx)
        .read(opened, move |opened, stop| read_shared(opened.traces(stop)?, &request).map_err(refusal));
    reading.await?.into_iter().map(|series| counted(ctx, series)).collect()
}

fn counted(ctx: &Context<'_>, series: Read) -> Answer<Read> {
    ctx.data_unchecked::<Budget>().take(&series, runtime(ctx).config.limits.answer.values)?;
    Ok(series)
}
