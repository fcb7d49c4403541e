//! GraphQL on the wire: POST and GET, the multipart request, and the WebSocket, all on one path.
//!
//! `post` reads JSON bodies, `socket` speaks graphql-transport-ws, `multipart` receives a file and then runs its
//! operation; each of them hands a request to `operation`, which guards, parses, times and runs it, and each
//! answers in the shape of `answer`.

pub(crate) mod answer;
mod line;
mod multipart;
mod operation;
mod places;
mod post;
pub(crate) mod refusal;
pub(crate) mod request_id;
mod socket;
mod tally;

use std::{sync::Arc, time::Duration};

use async_graphql::Executor;
use axum::{Router, http::HeaderMap, middleware::from_fn, routing::get};
use platform::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::link::Base;
pub(crate) use line::Line;
use operation::{OperationLimits, Operations};
pub use places::Peer;
use places::Places;
use request_id::RequestId;

/// How long we wait for a client.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A socket's silence before `connection_init`.
    pub socket_init: Duration,
    /// One message to a slow reader.
    pub socket_send: Duration,
    /// The time over which an upload's rate is averaged.
    pub upload_window: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { socket_init: seconds(10), socket_send: seconds(10), upload_window: seconds(30) }
    }
}

/// The GraphQL endpoint of one schema.
#[derive(Clone)]
pub struct Endpoint<E> {
    schema: E,
    runtime: Runtime,
    patience: Patience,
    sockets: Places,
    uploads: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl<E: Executor> Endpoint<E> {
    /// An endpoint with the limits of the configuration; what outlives a request (sockets, uploads) is tracked
    /// by `tasks`.
    pub fn new(schema: E, runtime: Runtime, tasks: TaskTracker) -> Self {
        let limits = &runtime.config.limits;
        let sockets = Places::new(limits.transport.sockets, limits.transport.sockets_per_address);
        let uploads = Arc::new(Semaphore::new(limits.upload.concurrent));
        Self { schema, runtime, patience: Patience::default(), sockets, uploads, tasks }
    }

    /// The same endpoint with other patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Its one path.
    pub fn routes(self) -> Router {
        let methods = get(socket::or_query::<E>).post(post::receive::<E>);
        Router::new().route("/graphql", methods).with_state(self).layer(from_fn(request_id::assign))
    }

    fn operations(&self, request_id: RequestId, headers: &HeaderMap) -> Operations<E> {
        let config = &self.runtime.config;
        let limits = OperationLimits {
            guard: (&config.limits.document).into(),
            timeout: config.limits.transport.operation,
            errors: config.limits.answer.errors,
            introspection: config.http.graphiql,
        };
        let base = Base::of(&config.http, headers);
        Operations { schema: self.schema.clone(), limits, request_id, base, slots: None }
    }

    fn body_bytes(&self) -> usize {
        self.runtime.config.limits.transport.body_bytes
    }
}
