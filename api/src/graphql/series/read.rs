//! Reading series, so many values an answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Context;
use canlog::series::{SeriesRequest, read_range, read_shared};
use futures::future::try_join_all;

use super::{Grid, Series, Shape, SignalSelector};
use crate::{
    graphql::{
        error::{Answer, Code, Refusal},
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
    fn take(&self, series: &canlog::series::Series, most: usize) -> Answer<()> {
        let values = series.time.len() + series.values.len() + series.min.len() + series.max.len();
        if self.0.fetch_add(values, Ordering::Relaxed) + values > most {
            let message = format!("At most {most} values an answer: ask for fewer signals or points.");
            return Err(Refusal::new(Code::TooManyPoints, message));
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
    if shape.grid == Grid::Shared {
        return shared(ctx, selected, request).await;
    }
    try_join_all(selected.into_iter().map(|selected| native(ctx, selected, request.clone()))).await
}

/// One signal with times of its own.
async fn native(ctx: &Context<'_>, selected: Selected, request: SeriesRequest) -> Answer<Series> {
    let opened = library(ctx).open(lookup(ctx), vec![selected.clone()]).await?;
    let reading = library(ctx).read(opened, move |opened, stop| {
        let runs = opened.traces(stop)?.into_iter().next().unwrap_or_default();
        read_range(runs, &request).map_err(refusal)
    });
    answer(ctx, selected, reading.await?)
}

/// All signals with the same times.
async fn shared(ctx: &Context<'_>, selected: Vec<Selected>, request: SeriesRequest) -> Answer<Vec<Series>> {
    let opened = library(ctx).open(lookup(ctx), selected.clone()).await?;
    let reading = library(ctx)
        .read(opened, move |opened, stop| read_shared(opened.traces(stop)?, &request).map_err(refusal));
    let each = selected.into_iter().zip(reading.await?);
    each.map(|(selected, series)| answer(ctx, selected, series)).collect()
}

fn answer(ctx: &Context<'_>, selected: Selected, series: canlog::series::Series) -> Answer<Series> {
    ctx.data_unchecked::<Budget>().take(&series, runtime(ctx).config.limits.answer.values)?;
    Ok(Series::new(selected, series))
}
