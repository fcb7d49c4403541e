//! What a list costs the database.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use platform::testing::BackEnd;
use serde_json::json;
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};

use super::{Api, numbered};

/// Counts the statements that sea-orm sends.
#[derive(Clone, Default)]
pub(super) struct Statements(Arc<AtomicUsize>);

/// While `tracing` knows one subscriber alone, a thread without any that meets a span first decides for all that
/// nobody wants it. These two see to it that there is always more than one.
static COMPANY: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Statements::default())));

impl Statements {
    /// Counts those of this thread until the guard goes.
    pub(super) fn counted() -> (Self, DefaultGuard) {
        LazyLock::force(&COMPANY);
        let statements = Self::default();
        (statements.clone(), tracing::subscriber::set_default(statements))
    }

    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("sea_orm")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        if ["query_one_raw", "query_all_raw", "execute_raw"].contains(&span.metadata().name()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

const LIST: &str = "query($first: Int!) { runs(first: $first) { totalCount nodes {
    id status tags log { bytes sha256 } dbcs { bus dbc { name } } vehicle { name } testDay { date }
    job { state queuePosition run { id } } jobs { id progress { fraction } } conversions { id } conversion { id }
    signals(first: 3) { totalCount nodes { name } } statistics { count } } } }";

platform::on_every_back_end! {
    generous:
    a_list_of_50_runs_costs_what_a_list_of_2_does,
}

async fn generous(back_end: BackEnd) -> Api {
    Api::on_with(back_end, &[("DATAVIEWER_LIMIT_COMPLEXITY", "1000000")]).await
}

async fn a_list_of_50_runs_costs_what_a_list_of_2_does(api: Api) {
    for number in 0..50 {
        api.run(numbered(number)).await;
    }
    let (statements, _guard) = Statements::counted();
    let mut costs = Vec::new();
    for first in [2, 50] {
        statements.reset();
        let page = api.ask(LIST, json!({ "first": first })).await;
        assert_eq!(page["runs"]["nodes"].as_array().unwrap().len(), first);
        costs.push(statements.count());
    }
    assert!(costs[0] >= 8, "the list was answered from {} statements: are they still counted?", costs[0]);
    assert_eq!(costs[1], costs[0]);
}
