//! What all tasks of one process share: the way out to Redis, and what is owed to it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use entity::id::JobId;
use fred::{
    clients::Client,
    interfaces::{ClientLike, FredResult, KeysInterface, PubsubInterface, StreamsInterface},
    types::{
        Expiration,
        streams::{XCapKind, XCapTrim},
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{
    PATIENCE,
    client::Connection,
    link::Link,
    message::{Message, Names, News},
};
use crate::{
    broker::{BrokerError, in_process::InProcess},
    metrics::name,
};

/// How long a ring may lie in the stream; who looks at SQL by himself has done so long before.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// How long an announced database is remembered: an API announces it again all the time.
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// Workers woken, after the first, when rings did not get through for a while.
const OWED_RINGS: u32 = 15;
/// Before a ring that met a lost connection is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// What all tasks of one process share.
#[derive(Debug)]
pub(super) struct Line {
    /// This process, among all that talk.
    pub(super) me: Uuid,
    pub(super) names: Names,
    /// The watchers and ears of this process.
    pub(super) hub: InProcess,
    pub(super) link: Link,
    pub(super) commands: Connection,
    /// Asks for a heartbeat at once.
    pub(super) beat_now: Notify,
    owed: Mutex<Owed>,
}

/// What Redis is told when it is back.
#[derive(Debug, Default)]
struct Owed {
    /// The last job whose ring did not get through.
    ring: Option<JobId>,
    /// The database that this process announces.
    instance: Option<Uuid>,
}

impl Line {
    pub(super) fn new(prefix: &str, commands: Connection) -> Self {
        Self {
            me: Uuid::new_v4(),
            names: Names::under(prefix),
            hub: InProcess::default(),
            link: Link::new(),
            commands,
            beat_now: Notify::new(),
            owed: Mutex::default(),
        }
    }

    /// Asks Redis, unless it has just left another without an answer.
    pub(super) async fn ask<T>(
        &self,
        command: impl Future<Output = FredResult<T>>,
    ) -> Result<T, BrokerError> {
        if self.link.is_mute() { Err(BrokerError::Silent) } else { self.ask_anyway(command).await }
    }

    /// Asks Redis.
    pub(super) async fn ask_anyway<T>(
        &self,
        command: impl Future<Output = FredResult<T>>,
    ) -> Result<T, BrokerError> {
        let outcome = command.await.map_err(BrokerError::from);
        let answered = match outcome {
            Ok(_) | Err(BrokerError::Refused { .. }) => true,
            Err(BrokerError::Silent) => false,
            // Whether the next is answered is not known.
            Err(_) => return outcome,
        };
        if self.link.answers(answered) && !answered {
            tracing::warn!("Redis does not answer; workers and watchers look at the database until it does");
            self.hub.look_again();
        }
        outcome
    }

    pub(super) async fn ping(&self) -> Result<(), BrokerError> {
        self.ask(self.client().ping::<String>(None)).await.map(|_| ())
    }

    /// Tells the other processes. Best effort: whoever misses it looks at SQL.
    pub(super) async fn tell(&self, news: News) {
        if let Err(error) = self.ask(self.publish(news)).await {
            tracing::debug!(%error, "news are not told to other processes");
        }
    }

    pub(super) async fn publish(&self, news: News) -> FredResult<()> {
        let text = serde_json::to_string(&Message { from: self.me, news }).unwrap_or_default();
        self.client().publish::<i64, _, _>(self.names.channel(&news), text).await.map(|_| ())
    }

    /// Rings for the workers of all processes; when that fails, for our own, and for all when Redis is back.
    pub(super) async fn ring(&self, job: JobId) {
        if let Err(error) = self.append(job, 0).await {
            tracing::debug!(%error, job.id = %job, "nobody elsewhere is rung for");
            metrics::counter!(name::LOST_RINGS).increment(1);
            self.owed().ring = Some(job);
            self.hub.ring();
        }
    }

    /// Puts a ring into the stream that wakes one worker, who passes `more` on. A lost connection is tried
    /// again for a while: a ring too many does no harm.
    pub(super) async fn append(&self, job: JobId, more: u32) -> Result<(), BrokerError> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.ask(self.xadd(job, more)).await {
                Err(BrokerError::Lost { .. }) if Instant::now() < give_up => sleep(AGAIN).await,
                outcome => return outcome,
            }
        }
    }

    async fn xadd(&self, job: JobId, more: u32) -> FredResult<()> {
        let since = SystemTime::now().checked_sub(KEEP).and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let oldest = i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default();
        let cap = (XCapKind::MinID, XCapTrim::Exact, oldest, None);
        let fields = vec![("job", job.to_string()), ("more", more.to_string())];
        self.client().xadd::<String, _, _, _, _>(&self.names.jobs, false, cap, "*", fields).await.map(|_| ())
    }

    /// Puts the ring that did not get through into the stream.
    pub(super) async fn pay(&self) {
        let Some(job) = self.owed().ring.take() else { return };
        if self.append(job, OWED_RINGS).await.is_err() {
            self.owed().ring.get_or_insert(job);
        }
    }

    /// Announces the database, now and whenever it is asked for again.
    pub(super) async fn announce(&self, instance: Uuid) {
        self.owed().instance = Some(instance);
        self.announce_again().await;
    }

    pub(super) async fn announce_again(&self) {
        let Some(instance) = self.owed().instance else { return };
        let (key, expire) = (&self.names.instance, Some(Expiration::EX(REMEMBER_SECONDS)));
        let set = self.client().set::<(), _, _>(key, instance.to_string(), expire, None, false);
        if let Err(error) = self.ask(set).await {
            tracing::debug!(%error, "the database is not announced");
        }
    }

    pub(super) async fn instance(&self) -> Option<Uuid> {
        let text = self.ask(self.client().get::<Option<String>, _>(&self.names.instance)).await;
        text.ok().flatten()?.parse().ok()
    }

    /// News may have been lost: everybody looks at SQL.
    pub(super) fn breaks(&self, reason: &dyn std::fmt::Display) {
        if self.link.breaks() {
            tracing::warn!("news from Redis are interrupted: {reason}");
            self.hub.look_again();
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.commands.client
    }

    /// A panic elsewhere leaves it as usable as before.
    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
