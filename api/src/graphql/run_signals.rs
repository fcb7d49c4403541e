//! `Run.signals`: a page of what was recorded in a run.

use async_graphql::Context;

use super::{
    error::Answer,
    load::{SignalSearch, SignalsOf, load},
    page::{Connection, Cursor, PageArgs, Window},
    run::Run,
    runtime,
    signal::Signal,
};

impl Run {
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
