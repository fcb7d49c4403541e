//! The broker of several processes: Redis between them, the in-process broker as the hub within each.
//!
//! Whatever happens in a process is told to its own hub directly and to the others through Redis, so that
//! it works on alone while Redis is away. Redis may be emptied, stopped or frozen at any moment: what is lost
//! is time, until somebody looks at SQL.

mod beat;
mod client;
mod line;
mod link;
mod listen;
mod message;
mod rings;
mod tls;

use std::{future::Future, sync::Arc, time::Duration};

use client::Connection;
use entity::id::JobId;
use line::Line;
use message::News;
use rings::Reader;
pub(super) use rings::RedisBells;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{BrokerError, event::JobProgressEvent, in_process::InProcess};
use crate::config::broker::RedisConfig;

/// How long a caller waits for Redis at most.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a start waits until it is known whether Redis is there.
const START: Duration = Duration::from_secs(3);

/// The broker of several processes.
#[derive(Clone, Debug)]
pub struct Redis {
    line: Arc<Line>,
    reader: Arc<Reader>,
    stop: CancellationToken,
    /// Ends the tasks with the last clone.
    _guard: Arc<DropGuard>,
}

impl Redis {
    /// Connects in the background; waits a moment for it, and goes on without.
    pub(super) async fn connect(config: &RedisConfig) -> Result<Self, BrokerError> {
        let commands = Connection::new(config, PATIENCE)?;
        let news = Connection::new(config, PATIENCE)?;
        let rings = Connection::new(config, rings::BLOCK + rings::MARGIN)?;
        let stop = CancellationToken::new();
        let line = Arc::new(Line::new(&config.prefix, commands.clone()));
        let ears = listen::Ears::of(&news.client);
        until(&stop, commands.keep(stop.clone()));
        until(&stop, news.clone().keep(stop.clone()));
        until(&stop, listen::listen(line.clone(), news, ears));
        until(&stop, beat::beat(line.clone()));
        if timeout(START, line.link.settled()).await.is_err() || !line.link.is_flowing() {
            tracing::warn!("Redis is not there yet; until it is, workers and watchers look at the database");
        }
        let reader = Arc::new(Reader::new(rings, stop.child_token()));
        Ok(Self { line, reader, stop: stop.clone(), _guard: Arc::new(stop.drop_guard()) })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.line.link.is_flowing()
    }

    pub(super) async fn ping(&self) -> Result<(), BrokerError> {
        self.line.ping().await
    }

    pub(super) async fn announce_instance(&self, instance: Uuid) {
        self.line.announce(instance).await;
    }

    pub(super) async fn instance(&self) -> Option<Uuid> {
        self.line.instance().await
    }

    pub(super) async fn close(&self) {
        self.reader.stop(&self.line).await;
        self.stop.cancel();
        self.line.link.answers(false);
        self.line.link.breaks();
    }

    pub(super) async fn ring(&self, job: JobId) {
        self.line.ring(job).await;
    }

    pub(super) fn bells(&self) -> RedisBells {
        self.reader.bells(&self.line)
    }

    pub(super) async fn publish(&self, event: &JobProgressEvent) {
        self.hub().publish(event);
        self.line.tell(News::Progress(*event)).await;
    }

    pub(super) async fn notify_changed(&self, job: JobId) {
        self.hub().notify_changed(job);
        self.line.tell(News::Changed(job)).await;
    }

    pub(super) fn hub(&self) -> &InProcess {
        &self.line.hub
    }
}

/// Runs `task` until it ends or `stop` is asked for.
fn until(stop: &CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = task => {}
        }
    });
}
