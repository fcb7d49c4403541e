//! The schema on real parts: databases of every back end, files, broker.

mod catalog;
mod days;
mod defaults;
mod derived;
mod derived_limits;
mod derived_names;
mod failures;
mod introspection;
mod limits;
mod logs;
mod pages;
mod purge;
mod ranges;
mod runs;
mod search;
mod series;
mod stalled;
mod statements;
mod takeaway;
mod times;
mod two;
mod watch;

use api::graphql::{Schema, schema};
use async_graphql::{Request, Variables};
use entity::{
    id::{RunId, UploadId},
    job,
    run::NewRun,
    upload::CommitOutcome,
};
use platform::testing::{BackEnd, TestRuntime, seed};
use sea_orm::EntityTrait;
use serde_json::Value;

/// A schema and what it works on.
pub(super) struct Api {
    pub(super) runtime: TestRuntime,
    pub(super) schema: Schema,
}

impl Api {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(super) async fn on(back_end: BackEnd) -> Self {
        Self::on_with(back_end, &[]).await
    }

    pub(super) async fn on_with(back_end: BackEnd, variables: &[(&str, &str)]) -> Self {
        let runtime = TestRuntime::start_on(back_end, variables).await.unwrap();
        let schema = schema(&runtime);
        Self { runtime, schema }
    }

    pub(super) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let runtime = TestRuntime::start_with(variables).await.unwrap();
        let schema = schema(&runtime);
        Self { runtime, schema }
    }

    /// The whole answer.
    pub(super) async fn answer(&self, query: &str, variables: Value) -> Value {
        let request = Request::new(query).variables(Variables::from_json(variables));
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }

    /// The data of an answer without errors.
    pub(super) async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code of the first error.
    pub(super) async fn refusal(&self, query: &str, variables: Value) -> String {
        let answer = self.answer(query, variables).await;
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A run of a log that nobody stored, with a waiting job.
    pub(super) async fn run(&self, new: NewRun) -> (RunId, job::Model) {
        let id = UploadId::new();
        let mut order = seed::order(id, &id.to_string());
        order.run = NewRun { time_zone: "UTC".to_owned(), ..new };
        let outcome = seed::commit(&self.runtime.database, order).await.unwrap();
        let CommitOutcome::Committed(made) = outcome else { panic!("{outcome:?}") };
        let job = job::Entity::find_by_id(made.job_id).one(self.runtime.database.read()).await.unwrap();
        (made.run_id, job.unwrap())
    }
}

/// A run with this number.
pub(super) fn numbered(number: i32) -> NewRun {
    NewRun { number: Some(number), ..NewRun::default() }
}
