//! One operation under the house's limits, whichever way it came: guarded, parsed, timed, and a panic of its
//! own ends only itself.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    Data, Executor, Request, Response,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use futures::{FutureExt, StreamExt, future, stream, stream::BoxStream};
use tokio::{sync::Semaphore, time::timeout};
use tracing::Instrument;

use super::{answer::stamp, refusal::Refusal, request_id::RequestId, tally};
use crate::{guard::Guard, link::Base};

/// Limits of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperationLimits {
    /// What is looked at before parsing.
    pub(super) guard: Guard,
    /// How long a query or mutation may take.
    pub(super) timeout: Duration,
    /// Errors in one answer: a document of 16 KiB can cause thousands.
    pub(super) errors: usize,
    /// Whether the schema may be asked about itself.
    pub(super) introspection: bool,
}

/// The schema behind the limits; for the length of one request or socket.
#[derive(Clone)]
pub(super) struct Operations<E> {
    pub(super) schema: E,
    pub(super) limits: OperationLimits,
    pub(super) request_id: RequestId,
    /// What the addresses in answers begin with.
    pub(super) base: Base,
    /// Operations that may run at once, where several can.
    pub(super) slots: Option<(usize, Arc<Semaphore>)>,
}

/// A request that passed the guard and parses.
pub(super) struct Admitted {
    pub(super) request: Request,
    /// None when the document has no operation of that name; the schema says so in its own words.
    pub(super) kind: Option<OperationType>,
}

impl<E: Executor> Operations<E> {
    /// Guards and parses.
    pub(super) fn admit(&self, mut request: Request) -> Result<Admitted, Refusal> {
        self.limits.guard.document(&request.query)?;
        if request.query.trim().is_empty() {
            return Err(Refusal::BadRequest("the request has no `query`".into()));
        }
        if !self.limits.introspection {
            request = request.disable_introspection();
        }
        let name = request.operation_name.clone();
        let document = request
            .parsed_query()
            .map_err(|error| Refusal::Parse { message: error.message, locations: error.locations })?;
        let kind = kind_of(document, name.as_deref());
        Ok(Admitted { request: request.data(self.base.clone()), kind })
    }

    /// Executes a query or mutation; when its time is up it is dropped.
    pub(super) async fn run(&self, admitted: Admitted) -> Response {
        let kind = admitted.kind;
        let response = match timeout(self.limits.timeout, self.execute_in_span(admitted)).await {
            Ok(response) => response,
            Err(_) => self.refuse(&self.timed_out()),
        };
        tally::ended(kind, &response);
        response
    }

    /// Executes a mutation that follows an upload: as long as it takes.
    pub(super) async fn run_unhurried(&self, admitted: Admitted) -> Response {
        let kind = admitted.kind;
        let response = self.execute_in_span(admitted).await;
        tally::ended(kind, &response);
        response
    }

    async fn execute_in_span(&self, admitted: Admitted) -> Response {
        let span = tracing::info_span!("operation", kind = tally::name_of(admitted.kind));
        let executed = AssertUnwindSafe(self.schema.execute(admitted.request)).catch_unwind();
        match executed.instrument(span).await {
            Ok(response) => self.stamp(response),
            Err(_) => self.refuse(&Refusal::Internal),
        }
    }

    fn run_stream(&self, admitted: Admitted, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let (operations, limit) = (self.clone(), self.limits.timeout);
        let admitted_kind = admitted.kind;
        let endless = admitted_kind == Some(OperationType::Subscription);
        let mut answers = AssertUnwindSafe(self.schema.execute_stream(admitted.request, session))
            .catch_unwind()
            .map(move |answer| match answer {
                Ok(response) => operations.stamp(response),
                Err(_) => operations.refuse(&Refusal::Internal),
            });
        if endless {
            let open = tally::Open::new();
            return answers.inspect(move |_| open.goes_on()).boxed();
        }
        let (late, kind) = (self.refuse(&self.timed_out()), admitted_kind);
        stream::once(async move { timeout(limit, answers.next()).await.unwrap_or(Some(late)) })
            .filter_map(future::ready)
            .inspect(move |response| tally::ended(kind, response))
            .boxed()
    }

    pub(super) fn refuse(&self, refusal: &Refusal) -> Response {
        stamp(refusal.into(), &self.request_id)
    }

    fn stamp(&self, mut response: Response) -> Response {
        response.errors.truncate(self.limits.errors);
        stamp(response, &self.request_id)
    }

    fn timed_out(&self) -> Refusal {
        Refusal::Timeout { seconds: self.limits.timeout.as_secs() }
    }
}

/// What a socket runs its operations by.
impl<E: Executor> Executor for Operations<E> {
    async fn execute(&self, request: Request) -> Response {
        match self.admit(request) {
            Ok(admitted) => self.run(admitted).await,
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let slot = match &self.slots {
            None => None,
            Some((limit, slots)) => match slots.clone().try_acquire_owned() {
                Ok(slot) => Some(slot),
                Err(_) => return once(self.refuse(&Refusal::TooMany { limit: *limit })),
            },
        };
        match self.admit(request) {
            Err(refusal) => once(self.refuse(&refusal)),
            Ok(admitted) => {
                let answers = self.run_stream(admitted, session);
                answers
                    .inspect(move |_| {
                        let _ = &slot;
                    })
                    .boxed()
            }
        }
    }
}

fn once(response: Response) -> BoxStream<'static, Response> {
    stream::once(future::ready(response)).boxed()
}

fn kind_of(document: &ExecutableDocument, name: Option<&str>) -> Option<OperationType> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation.node.ty),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| operation.node.ty)
        }
        // The parser keeps a named operation under its name, also when it is the only one.
        (DocumentOperations::Multiple(operations), None) => match operations.len() {
            1 => operations.values().next().map(|operation| operation.node.ty),
            _ => None,
        },
    }
}
