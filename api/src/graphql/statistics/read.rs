//! Reading statistics: from what the conversion stored where that is enough, else from the rows.

use async_graphql::Context;
use canlog::statistics::{StatisticsRequest, read_statistics};
use futures::future::try_join_all;

use super::{Statistics, stored};
use crate::{
    graphql::{
        error::{Answer, Refusal},
        library,
        load::lookup,
        series::SignalSelector,
    },
    selection::{Axis, Selected, refusal},
};

/// Signals that a caller who names none is taken to ask for, in the cost of the field.
const UNNAMED: usize = 50;

/// What the field costs, for the complexity limit.
pub(crate) fn cost(signals: Option<&Vec<SignalSelector>>, child: usize) -> usize {
    1 + signals.map_or(UNNAMED, Vec::len) * child
}

/// Answers `statistics` over an axis, of all its recorded signals unless some are named.
pub(crate) async fn of_axis(
    ctx: &Context<'_>,
    axis: &Axis,
    signals: Option<Vec<SignalSelector>>,
) -> Answer<Vec<Statistics>> {
    let selected = match signals {
        Some(signals) => {
            let selectors = signals.into_iter().map(SignalSelector::selector).collect::<Answer<Vec<_>>>()?;
            library(ctx).select(lookup(ctx), axis, &selectors).await?
        }
        None => library(ctx).select_all(lookup(ctx), axis).await?,
    };
    let quantiles = ["p05", "p50", "p95"].iter().any(|name| ctx.look_ahead().field(name).exists());
    try_join_all(selected.into_iter().map(|selected| one(ctx, axis, selected, quantiles))).await
}

async fn one(ctx: &Context<'_>, axis: &Axis, selected: Selected, quantiles: bool) -> Answer<Statistics> {
    let known = (!quantiles).then(|| stored::figures(axis, &selected)).flatten();
    let figures = match known {
        Some(figures) => figures,
        None => read(ctx, axis, selected.clone(), quantiles).await?,
    };
    Ok(Statistics { of: selected, figures })
}

async fn read(
    ctx: &Context<'_>,
    axis: &Axis,
    selected: Selected,
    quantiles: bool,
) -> Result<canlog::statistics::Statistics, Refusal> {
    let window = axis.window.clone();
    let request = StatisticsRequest { window, quantiles, ..StatisticsRequest::default() };
    let opened = library(ctx).open(lookup(ctx), axis, vec![selected]).await?;
    let reading = library(ctx).read(opened, move |opened, stop| {
        let runs = opened.traces(stop)?.into_iter().next().unwrap_or_default();
        read_statistics(runs, &request).map_err(refusal)
    });
    reading.await
}
