//! How API and workers wake each other: wake-ups and progress, never truth.
//!
//! Everything here may be lost without losing work: workers poll SQL anyway, and a terminal state is read
//! from SQL. What is promised: a ring between two looks is never missed, a watcher sees the latest progress
//! in order, and nothing grows without bound.

mod error;
mod event;
mod in_process;
mod redis;

use entity::id::JobId;
pub use error::BrokerError;
pub use event::{BoardEvent, JobProgressEvent, JobSignal};
use in_process::{InProcess, InProcessBells, InProcessBoard};
use redis::{Redis, RedisBells};
use tokio::sync::watch;
use uuid::Uuid;

use crate::config::broker::BrokerConfig;

/// How API and workers wake each other. One variant a kind; all pass one conformance suite.
#[derive(Clone, Debug)]
pub enum Broker {
    /// Within this process.
    InProcess(InProcess),
    /// Through Redis.
    Redis(Redis),
}

/// A worker's ear: see [`Bells::next`].
#[derive(Debug)]
pub enum Bells {
    /// Within this process.
    InProcess(InProcessBells),
    /// Through Redis.
    Redis(RedisBells),
}

/// A watcher of all jobs: see [`Board::next`]. Every kind of broker passes news on within the process.
#[derive(Debug)]
pub struct Board(InProcessBoard);

impl Broker {
    /// The broker that the configuration asks for. One that cannot be reached now is no error: it is tried
    /// again in the background, and until then workers and watchers look at SQL.
    ///
    /// # Errors
    /// [`BrokerError`] when what is configured cannot be used at all.
    pub async fn connect(config: &BrokerConfig) -> Result<Self, BrokerError> {
        match config {
            BrokerConfig::InProcess => Ok(Self::InProcess(InProcess::default())),
            BrokerConfig::Redis(redis) => Redis::connect(redis).await.map(Self::Redis),
        }
    }

    /// Whether news of other processes arrive now. Where not, whoever waits for news looks at SQL more often.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match self {
            Self::InProcess(_) => true,
            Self::Redis(broker) => broker.is_connected(),
        }
    }

    /// Asks the broker whether it answers; takes at most a second.
    ///
    /// # Errors
    /// [`BrokerError`] when it does not.
    pub async fn ping(&self) -> Result<(), BrokerError> {
        match self {
            Self::InProcess(_) => Ok(()),
            Self::Redis(broker) => broker.ping().await,
        }
    }

    /// Tells everybody at this broker which database the API works with. See [`Broker::instance`].
    pub async fn announce_instance(&self, instance: Uuid) {
        match self {
            Self::InProcess(broker) => broker.announce_instance(instance),
            Self::Redis(broker) => broker.announce_instance(instance).await,
        }
    }

    /// The database that an API at this broker has announced; none when there was none lately, or when the
    /// broker does not answer.
    pub async fn instance(&self) -> Option<Uuid> {
        match self {
            Self::InProcess(broker) => broker.instance(),
            Self::Redis(broker) => broker.instance().await,
        }
    }

    /// Lets go of the broker. What is rung and published later reaches this process only.
    pub async fn close(&self) {
        match self {
            Self::InProcess(_) => {}
            Self::Redis(broker) => broker.close().await,
        }
    }

    /// Wakes the workers: a job may be claimed. Best effort; call it after the commit.
    pub async fn ring(&self, job: JobId) {
        match self {
            Self::InProcess(broker) => broker.ring(),
            Self::Redis(broker) => broker.ring(job).await,
        }
    }

    /// A worker's ear. Take it before the first look at SQL: what rings from then on is heard.
    #[must_use]
    pub fn bells(&self) -> Bells {
        match self {
            Self::InProcess(broker) => Bells::InProcess(broker.bells()),
            Self::Redis(broker) => Bells::Redis(broker.bells()),
        }
    }

    /// Tells watchers how far a job is; older news than they have is dropped.
    pub async fn publish(&self, event: &JobProgressEvent) {
        match self {
            Self::InProcess(broker) => broker.publish(event),
            Self::Redis(broker) => broker.publish(event).await,
        }
    }

    /// Tells watchers that a job's row changed: they read it again. Call it after the commit.
    pub async fn notify_changed(&self, job: JobId) {
        match self {
            Self::InProcess(broker) => broker.notify_changed(job),
            Self::Redis(broker) => broker.notify_changed(job).await,
        }
    }

    /// The latest about one job. Register first, then read the row: no change in between is missed.
    #[must_use]
    pub fn watch(&self, job: JobId) -> watch::Receiver<JobSignal> {
        self.hub().watch(job)
    }

    /// News of all jobs. Register first, then read the rows.
    #[must_use]
    pub fn board(&self) -> Board {
        Board(self.hub().board())
    }

    /// The jobs that somebody in this process watches, each once.
    #[must_use]
    pub fn watched(&self) -> Vec<JobId> {
        self.hub().watched()
    }

    /// Has those in this process who watch a job read its row again.
    pub fn look_again(&self, job: JobId) {
        self.hub().changed(job);
    }

    /// How many jobs there is a cell for; for the test that they do not pile up.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.hub().cell_count()
    }

    /// What passes news on within this process.
    fn hub(&self) -> &InProcess {
        match self {
            Self::InProcess(broker) => broker,
            Self::Redis(broker) => broker.hub(),
        }
    }
}

impl Bells {
    /// Waits for a ring since the last call (or since the ear was taken). Several rings may count as one;
    /// through Redis a burst may be heard a few times.
    pub async fn next(&mut self) {
        match self {
            Self::InProcess(bells) => bells.next().await,
            Self::Redis(bells) => bells.next().await,
        }
    }
}

impl Board {
    /// Waits for the next news.
    pub async fn next(&mut self) -> BoardEvent {
        self.0.next().await
    }
}
