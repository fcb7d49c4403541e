//! The GraphQL schema: thin roots, one file a type.

mod absent;
mod answer;
mod applicability;
mod check_expression;
mod conversion;
mod dbc;
mod default_dbcs;
mod derived_signal;
mod derived_signal_edit;
pub(crate) mod error;
mod export;
pub(crate) mod expression;
mod failed;
pub(crate) mod input;
mod interval;
mod interval_edit;
mod job;
mod job_board;
mod job_event;
mod job_failure;
mod job_heal;
mod job_watch;
mod limit;
pub(crate) mod load;
mod local_day;
mod log;
mod marker_edit;
mod message_file;
mod mutation;
mod node;
mod owner;
mod page;
mod problem;
mod query;
mod range;
mod register_dbc;
mod report;
mod run;
mod run_convert;
mod run_dbc;
mod run_edit;
mod run_list;
mod run_purge;
mod run_readings;
mod run_signals;
mod run_status;
mod run_time;
pub(crate) mod scalar;
mod search;
pub(crate) mod series;
mod server;
mod signal;
mod signal_catalog;
mod statistics;
mod subscription;
mod test_day;
mod test_day_edit;
mod transact;
mod upload;
mod upload_log;
mod vehicle;
mod vehicle_edit;
pub(crate) mod window;

use async_graphql::{Context, SDLExportOptions, SchemaBuilder};
use platform::runtime::Runtime;

use crate::{
    link::{Base, Links},
    selection::Library,
};

pub(crate) use error::Answer;
pub use error::{Code, Refusal};
pub use mutation::Mutation;
pub use query::Query;
pub use register_dbc::register_default_dbc;
pub use subscription::Subscription;

/// The schema with everything its resolvers need.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema on `runtime` with a library of its own; its limits are those of the configuration.
#[must_use]
pub fn schema(runtime: &Runtime) -> Schema {
    schema_of(&Library::new(runtime.clone()))
}

/// Builds the schema on the process's library.
#[must_use]
pub fn schema_of(library: &Library) -> Schema {
    let runtime = library.runtime();
    let limits = &runtime.config.limits.document;
    let builder = builder()
        .data(runtime.clone())
        .data(job_heal::Healer::new(runtime))
        .data(library.clone())
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
        .extension(answer::Answers(runtime.clone()));
    if runtime.config.http.graphiql { builder.finish() } else { builder.disable_introspection().finish() }
}

/// The schema as text: `schema.graphql`.
#[must_use]
pub fn schema_sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_enum_items().include_specified_by();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .register_output_type::<problem::Problem>()
        .register_output_type::<node::Node>()
}

/// The converted runs as this process reads them.
fn library<'a>(ctx: &Context<'a>) -> &'a Library {
    ctx.data_unchecked::<Library>()
}

/// Makes the links of this answer.
fn links(ctx: &Context<'_>) -> Links {
    Links::new(ctx.data_opt::<Base>().cloned().unwrap_or_default(), library(ctx).clone())
}

/// The handles of this process.
fn runtime<'a>(ctx: &Context<'a>) -> &'a Runtime {
    ctx.data_unchecked::<Runtime>()
}
