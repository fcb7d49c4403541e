//! `Run.signals`: a page of what was recorded in a run.

use async_graphql::{Context, ID};

use super::{
    error::{Answer, Refusal},
    load::{SignalSearch, SignalsOf, load},
    page::{Connection, Cursor, PageArgs, Window},
    run::Run,
    runtime,
    signal::Signal,
    window::TimeWindow,
};
use crate::selection::Axis;

impl Run {
    /// What of it lies in `window`; all without one.
    pub(super) async fn axis(&self, ctx: &Context<'_>, window: Option<TimeWindow>) -> Answer<Axis> {
        let window = match window {
            Some(window) => Some(window.range(ctx, "window").await?),
            None => None,
        };
        Ok(Axis::of_run(&self.0, window))
    }

    /// The one with this id, or with this name (of this message).
    pub(super) async fn one_signal(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        name: Option<String>,
        message: Option<String>,
    ) -> Answer<Signal> {
        match (id, name) {
            (Some(id), None) => Signal::of_id(ctx, self.0.id, &id).await,
            (None, Some(name)) => {
                let mut rows = Signal::of_name(ctx, self.0.id, &name).await?;
                rows.retain(|row| message.as_ref().is_none_or(|message| *message == row.message));
                Signal::one(rows, &name)
            }
            _ => Err(Refusal::input("id", "Give either `id` or `name`.")),
        }
    }

    /// Those that `search` finds, in the manifest's order.
    pub(super) async fn signal_page(
        &self,
        ctx: &Context<'_>,
        search: SignalSearch,
        args: PageArgs,
    ) -> Answer<Connection<Signal>> {
        let window = Window::new(args, "signal", runtime(ctx).config.limits.answer.page)?;
        let all = std::sync::Arc::new(sea_orm::QueryTrait::into_query(search.select(&[self.0.id])));
        let key = SignalsOf { run: self.0.id, search, window: window.clone() };
        let rows = load(ctx, key).await?.unwrap_or_default();
        let cursor = |row: &entity::signal::Model| Cursor {
            tag: "signal".to_owned(),
            key: i64::from(row.position).into(),
            id: row.id.0,
        };
        Ok(window.page(rows, all, cursor, Signal::from))
    }
}
