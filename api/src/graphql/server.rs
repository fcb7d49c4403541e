//! `Server`: version, limits, formats.

use async_graphql::{Context, Object, SimpleObject};
use canlog::format::Format;
use platform::config::Config;

use super::{runtime, scalar::Int64};

/// This server.
pub(crate) struct Server;

/// This server: its version, limits and formats.
#[Object]
impl Server {
    /// Its version.
    async fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The log formats it reads, as `Log.format` names them. A log's format is recognised by its bytes.
    async fn formats(&self) -> Vec<&'static str> {
        Format::ALL.iter().map(|format| format.name()).collect()
    }

    /// The IANA zone of logs for which nobody names one.
    async fn time_zone(&self, ctx: &Context<'_>) -> String {
        runtime(ctx).config.time_zone.name.clone()
    }

    /// What it takes and gives at most.
    async fn limits(&self, ctx: &Context<'_>) -> Limits {
        Limits::of(&runtime(ctx).config)
    }
}

/// What a server takes and gives at most.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Limits {
    /// Bytes of a log.
    upload_bytes: Int64,
    /// Bytes of a DBC.
    dbc_bytes: Int64,
    /// Signals of one run.
    signals: Int64,
    /// Rows of one run, over all messages.
    rows: Int64,
    /// `first` and `last` of a list.
    page: Int64,
    /// `maxPoints` of a series.
    points: Int64,
    /// Values of all series of one answer.
    values: Int64,
    /// Runs of one range.
    range_runs: Int64,
    /// Exports at once.
    exports: Int64,
    /// Seconds for which the reader of an export may take nothing.
    export_stall_seconds: f64,
    /// Bytes of a GraphQL document.
    document_bytes: Int64,
    /// Tokens of a GraphQL document.
    tokens: Int64,
    /// Bracket nesting of a GraphQL document.
    nesting: Int64,
    /// Selections of a GraphQL document, fragments expanded.
    selections: Int64,
    /// Depth of a GraphQL document.
    depth: Int64,
    /// Cost of a GraphQL document: its fields times their page sizes.
    complexity: Int64,
    /// Aliases of a GraphQL document.
    aliases: Int64,
    /// Root fields of an operation.
    root_fields: Int64,
    /// Directives of a GraphQL document.
    directives: Int64,
    /// Errors of one answer.
    errors: Int64,
    /// Bytes of a JSON request.
    body_bytes: Int64,
    /// Seconds that a query or mutation may take.
    operation_seconds: f64,
    /// Seconds that a link of an answer is good for.
    link_seconds: f64,
    /// Derived signals that are saved.
    derived_signals: Int64,
    /// Bytes of an expression.
    expression_bytes: Int64,
    /// Words, numbers and signs of an expression.
    expression_tokens: Int64,
    /// Operands, operators and functions of an expression.
    expression_nodes: Int64,
    /// How deep the brackets of an expression stand in one another.
    expression_depth: Int64,
    /// How long a chain of derived signals that use each other may be.
    expression_chain: Int64,
    /// Operands, operators and functions of an expression with those of all derived signals it uses.
    expression_total_nodes: Int64,
    /// Messages whose signals an expression joins.
    expression_messages: Int64,
    /// Samples that a moving window of an expression holds.
    expression_window_samples: Int64,
    /// Rows that are read for an expression, over all messages.
    expression_rows: Int64,
}

impl Limits {
    fn of(config: &Config) -> Self {
        let limits = &config.limits;
        let count = |n: usize| Int64::from(n as u64);
        let (document, answer, expression) = (&limits.document, &limits.answer, &limits.expression);
        Self {
            upload_bytes: limits.upload.bytes.into(),
            dbc_bytes: limits.upload.dbc_bytes.into(),
            signals: count(limits.conversion.signals),
            rows: limits.conversion.rows.into(),
            page: count(answer.page),
            points: count(answer.points),
            values: count(answer.values),
            range_runs: count(answer.range_runs),
            exports: count(limits.export.concurrent),
            export_stall_seconds: limits.export.stall.as_secs_f64(),
            document_bytes: count(document.bytes),
            tokens: count(document.tokens),
            nesting: count(document.nesting),
            selections: count(document.selections),
            depth: count(document.depth),
            complexity: count(document.complexity),
            aliases: count(document.aliases),
            root_fields: count(document.root_fields),
            directives: count(document.directives),
            errors: count(answer.errors),
            body_bytes: count(limits.transport.body_bytes),
            operation_seconds: limits.transport.operation.as_secs_f64(),
            link_seconds: config.links.life.as_secs_f64(),
            derived_signals: count(expression.derived_signals),
            expression_bytes: count(expression.bytes),
            expression_tokens: count(expression.tokens),
            expression_nodes: count(expression.nodes),
            expression_depth: count(expression.depth),
            expression_chain: count(expression.chain),
            expression_total_nodes: count(expression.total_nodes),
            expression_messages: count(expression.messages),
            expression_window_samples: count(expression.window_samples),
            expression_rows: expression.rows.into(),
        }
    }
}
