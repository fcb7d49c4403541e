//! Around every operation: its loaders and budget, limits on the parsed document, null where a field failed, and a code
//! on every error.

use std::{mem, sync::Arc};

use async_graphql::{
    ErrorExtensionValues, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
        NextRequest, NextResolve, NextSubscribe, NextValidation, ResolveInfo,
    },
    futures_util::stream::{BoxStream, StreamExt},
    parser::types::ExecutableDocument,
};
use platform::runtime::Runtime;

use super::{
    absent::without_absent,
    error::Code,
    failed::Failed,
    limit,
    load::{self, Batches},
    series::Budget,
};

/// Makes an [`Answering`] for every operation.
pub(crate) struct Answers(pub(crate) Runtime);

impl ExtensionFactory for Answers {
    fn create(&self) -> Arc<dyn Extension> {
        let (runtime, batches, failed) = (self.0.clone(), Batches::default(), Failed::default());
        Arc::new(Answering { runtime, batches, failed })
    }
}

struct Answering {
    runtime: Runtime,
    batches: Batches,
    failed: Failed,
}

#[async_trait]
impl Extension for Answering {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        coded(&self.runtime, next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let runtime = self.runtime.clone();
        next.run(ctx, stream).map(move |response| coded(&runtime, response)).boxed()
    }

    /// Limits come first of all: the engine's own checks take exponential time over fragments of fragments.
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        // Lent while the request gives its document away; they may be long.
        let (name, given) = (request.operation_name.take(), mem::take(&mut request.variables));
        let document = request.parsed_query().map_err(|error| with(error, Code::GraphqlParseFailed))?;
        limit::check(document, &self.runtime.config.limits.document)
            .map_err(|refusal| with(ServerError::new(refusal.message, None), refusal.code))?;
        if let Some(left) = without_absent(document, name.as_deref(), &given) {
            request.set_parsed_query(left);
        }
        (request.operation_name, request.variables) = (name, given);
        let request = request.data(load::loaders(&self.runtime, &self.batches)).data(Budget::default());
        next.run(ctx, request).await
    }

    /// The document is parsed already: what is left to refuse is its recursion.
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables).await.map_err(|error| with(error, Code::QueryTooDeep))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|errors| {
            let code = |error: &ServerError| match error.message.as_str() {
                "Query is too complex." => Code::QueryTooComplex,
                "Query is nested too deep." => Code::QueryTooDeep,
                _ => Code::GraphqlValidationFailed,
            };
            errors
                .into_iter()
                .map(|error| {
                    let code = code(&error);
                    with(error, code)
                })
                .collect()
        })
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        self.failed.complete(self.batches.gather(next.run(ctx, operation_name)).await)
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (path, is_nullable) = (info.path_node, !info.return_type.ends_with('!'));
        self.failed.settle(path, is_nullable, next.run(ctx, info).await)
    }
}

/// Gives every error a code and drops those beyond the limit. Our resolvers' errors have one; the rest is the
/// engine's own and about arguments, variables and operation names.
fn coded(runtime: &Runtime, mut response: Response) -> Response {
    response.errors.truncate(runtime.config.limits.answer.errors);
    response.errors = response.errors.into_iter().map(|error| with(error, Code::BadUserInput)).collect();
    response
}

/// The error with `code`, unless it has one.
fn with(mut error: ServerError, code: Code) -> ServerError {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code.name());
    }
    error
}
