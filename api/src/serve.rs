//! The accept loop: our own, because the stock one waits for ever for a request that never comes.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use async_graphql::Executor;
use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use platform::runtime::Runtime;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Layer;

use crate::{
    router::{operations_router, router_of},
    selection::Library,
    transport::{Line, Peer},
};

/// Connections open at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4_096;
/// How long a client may take to send its first byte, and then a request's headers.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server stops.
const DRAIN: Duration = Duration::from_secs(30);
/// What accept waits for when the process has no file descriptor left.
const BREATH: Duration = Duration::from_millis(100);

/// Serves a schema on `listener` until the runtime's shutdown, then finishes what is under way: no new
/// connections, requests and uploads get 30 s, sockets are told that the server goes away.
pub async fn serve_schema<E: Executor>(schema: E, library: Library, listener: TcpListener) {
    let (tasks, shutdown) = (TaskTracker::new(), library.runtime().shutdown.clone());
    accept(router_of(schema, library, tasks.clone()), listener, tasks, shutdown).await;
}

/// Serves liveness, readiness and metrics on `listener` until the runtime's shutdown.
pub async fn serve_operations(runtime: Runtime, listener: TcpListener) {
    let router = operations_router(&runtime);
    accept(router, listener, TaskTracker::new(), runtime.shutdown).await;
}

async fn accept(router: Router, listener: TcpListener, tasks: TaskTracker, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    sleep(BREATH).await;
                    continue;
                }
            },
        };
        let (router, shutdown) = (router.clone(), shutdown.clone());
        tasks.spawn(async move {
            talk(stream, peer, router, shutdown).await;
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    if timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "stopped with requests under way");
    }
}

/// One connection, to its end.
async fn talk(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: CancellationToken) {
    let mut byte = [0];
    let first_byte = async {
        tokio::select! {
            () = shutdown.cancelled() => false,
            first = timeout(PATIENCE, stream.peek(&mut byte)) => matches!(first, Ok(Ok(1..))),
        }
    };
    if !first_byte.await {
        return;
    }
    let _ = stream.set_nodelay(true);
    let line = Line::default();
    let known = (Extension(Peer(Some(peer.ip()))), Extension(line.clone()));
    let service = TowerToHyperService::new(known.layer(router));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let ending = async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    tokio::select! {
        ended = ending => if let Err(error) = ended {
            tracing::debug!(%error, %peer, "connection ended");
        },
        () = line.is_cut() => tracing::debug!(%peer, "connection cut"),
    }
}
