//! Rings: a stream that wakes one waiting worker an entry, whichever process it is in.
//!
//! An entry is heard by one process, and only while an ear in it waits: a busy worker must not swallow what
//! an idle one could answer. Entries are acknowledged when they are delivered and deleted then: they are
//! bells, the job is in SQL. A burst is heard at once and half of it passed on, so that further workers wake
//! and the stream is empty after a few looks, not after one look a ring.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use entity::id::JobId;
use fred::{
    clients::Client,
    interfaces::{ClientLike, StreamsInterface},
    types::{Value, streams::XReadResponse},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{client::Connection, line::Line, message::GROUP, until};
use crate::broker::{BrokerError, in_process::InProcessBells};

/// How long Redis waits for a ring before it answers that there was none.
pub(super) const BLOCK: Duration = Duration::from_secs(2);
/// How much later than that its answer may come.
pub(super) const MARGIN: Duration = Duration::from_secs(3);
/// Rings heard at once.
const BURST: u64 = 128;
/// Workers that one entry wakes in the end, at most.
const MOST: u32 = 1024;
/// After a failure: the least and the most. It doubles.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A consumer that was silent for so long belongs to a process that is gone, or is made again.
const GONE: Duration = Duration::from_secs(3600);

/// Reads the stream for the ears of this process.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Connection,
    stop: CancellationToken,
    /// How many ears wait.
    waiting: watch::Sender<usize>,
    /// Set when there was an ear: a process without workers reads nothing.
    started: OnceLock<()>,
}

/// A worker's ear.
#[derive(Debug)]
pub struct RedisBells {
    bells: InProcessBells,
    waiting: watch::Sender<usize>,
}

/// What was heard.
struct Burst {
    ids: Vec<String>,
    /// How many are to be woken.
    rings: u32,
    last: Option<JobId>,
}

impl Reader {
    pub(super) fn new(connection: Connection, stop: CancellationToken) -> Self {
        Self { connection, stop, waiting: watch::Sender::new(0), started: OnceLock::new() }
    }

    pub(super) fn bells(&self, line: &Arc<Line>) -> RedisBells {
        self.started.get_or_init(|| {
            until(&self.stop, self.connection.clone().keep(self.stop.clone()));
            let reading = read(line.clone(), self.connection.clone(), self.waiting.subscribe());
            until(&self.stop, reading);
        });
        RedisBells { bells: line.hub.bells(), waiting: self.waiting.clone() }
    }

    /// Stops reading, and removes this process's consumer.
    pub(super) async fn stop(&self, line: &Line) {
        self.stop.cancel();
        if self.started.get().is_some() {
            forget(line, &line.me.to_string()).await;
        }
    }
}

impl RedisBells {
    pub(in crate::broker) async fn next(&mut self) {
        let _waiting = Waiting::new(&self.waiting);
        self.bells.next().await;
    }
}

/// Counts as a waiting ear while it exists.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Reads whenever an ear waits.
async fn read(line: Arc<Line>, connection: Connection, mut waiting: watch::Receiver<usize>) {
    join(&line, &connection).await;
    forget_gone(&line).await;
    while waiting.wait_for(|waiting| *waiting > 0).await.is_ok() {
        match next(&line, &connection.client).await {
            Ok(burst) => {
                let waits = *waiting.borrow() > 0;
                pass(&line, burst, waits).await;
            }
            Err(error) => {
                tracing::debug!(%error, "no ring can be heard; the group is joined again");
                if matches!(error, BrokerError::Silent) {
                    connection.restart();
                }
                join(&line, &connection).await;
                // What rang meanwhile may be gone with the stream.
                line.hub.ring();
            }
        }
    }
}

/// Makes sure that there are a stream and a group, which begins with what is in the stream; tries until then.
async fn join(line: &Line, connection: &Connection) {
    let (client, mut pause) = (&connection.client, PAUSE.0);
    loop {
        if client.is_connected() || timeout(MARGIN, client.wait_for_connect()).await.is_ok() {
            let made = client.xgroup_create::<(), _, _, _>(&line.names.jobs, GROUP, "0", true).await;
            match made.map_err(BrokerError::from) {
                Ok(()) => return,
                Err(BrokerError::Refused { problem }) if problem.starts_with("BUSYGROUP") => return,
                Err(BrokerError::Silent) => connection.restart(),
                Err(error) => tracing::debug!(%error, "no group to join"),
            }
        }
        sleep(pause).await;
        pause = PAUSE.1.min(2 * pause);
    }
}

/// Waits for rings, for a while.
async fn next(line: &Line, client: &Client) -> Result<Burst, BrokerError> {
    let block = u64::try_from(BLOCK.as_millis()).unwrap_or_default();
    let me = line.me.to_string();
    let read: Option<Value> =
        client.xreadgroup(GROUP, me, Some(BURST), Some(block), true, &line.names.jobs, ">").await?;
    let mut burst = Burst { ids: Vec::new(), rings: 0, last: None };
    let Some(read) = read.filter(|read| !read.is_null()) else { return Ok(burst) };
    let streams: XReadResponse<String, String, String, String> = read.into_xread_response()?;
    for (id, fields) in streams.into_values().flatten() {
        let more = fields.get("more").and_then(|more| more.parse::<u32>().ok()).unwrap_or_default();
        burst.rings = burst.rings.saturating_add(more).saturating_add(1).min(MOST);
        burst.last = fields.get("job").and_then(|job| job.parse().ok()).or(burst.last);
        burst.ids.push(id);
    }
    Ok(burst)
}

/// Wakes the ears of this process if one still waits, and passes on what is left for others.
async fn pass(line: &Line, burst: Burst, waiting: bool) {
    if burst.ids.is_empty() {
        return;
    }
    let left = if waiting { burst.rings / 2 } else { burst.rings };
    if waiting {
        line.hub.ring();
    }
    if let (Some(job), Some(more)) = (burst.last, left.checked_sub(1)) {
        // Failing that, the others look at SQL by themselves.
        let _ = line.append(job, more).await;
    }
    let _ = line.ask(line.client().xdel::<i64, _, _>(&line.names.jobs, burst.ids)).await;
}

/// Removes the consumers of processes that ended without saying so. None holds an entry.
async fn forget_gone(line: &Line) {
    let known = line.client().xinfo_consumers::<Vec<HashMap<String, Value>>, _, _>(&line.names.jobs, GROUP);
    let Ok(consumers) = line.ask(known).await else { return };
    for consumer in consumers {
        let idle = consumer.get("idle").and_then(Value::as_u64).map(Duration::from_millis);
        let name = consumer.get("name").and_then(Value::as_string);
        if let (Some(name), true) = (name, idle.is_some_and(|idle| idle > GONE)) {
            forget(line, &name).await;
        }
    }
}

async fn forget(line: &Line, consumer: &str) {
    let gone = line.client().xgroup_delconsumer::<i64, _, _, _>(&line.names.jobs, GROUP, consumer);
    if let Err(error) = line.ask(gone).await {
        tracing::debug!(%error, "a consumer is not removed");
    }
}
