//! The one subscriber of a process: passes news of the others on to the hub.
//!
//! The hub keeps the latest only and never waits for a reader, so a slow one cannot hold this task up.

use std::{sync::Arc, time::Duration};

use fred::{
    clients::Client,
    error::Error,
    interfaces::{EventInterface, PubsubInterface},
    types::{Message as Heard, config::Server},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until},
};

use super::{
    client::Connection,
    line::Line,
    message::{Message, News},
};

/// Without a heartbeat of our own for so long, the connection is made anew.
const SILENCE: Duration = Duration::from_secs(6);

/// What comes from the subscriber's client. Taken before it connects, so that nothing is missed.
pub(super) struct Ears {
    news: Receiver<Heard>,
    connected: Receiver<Server>,
    lost: Receiver<(Error, Option<Server>)>,
}

impl Ears {
    pub(super) fn of(client: &Client) -> Self {
        Self { news: client.message_rx(), connected: client.reconnect_rx(), lost: client.error_rx() }
    }
}

/// Listens for ever, through every loss of the connection.
pub(super) async fn listen(line: Arc<Line>, connection: Connection, mut ears: Ears) {
    let mut heard_at = Instant::now();
    loop {
        tokio::select! {
            news = ears.news.recv() => match news {
                Ok(news) if hear(&line, &news) => heard_at = Instant::now(),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => line.hub.look_again(),
                Err(RecvError::Closed) => return,
            },
            connected = ears.connected.recv() => match connected {
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    subscribe(&line, &connection.client).await;
                    heard_at = Instant::now();
                }
                Err(RecvError::Closed) => return,
            },
            lost = ears.lost.recv() => match lost {
                Ok((error, _)) => line.breaks(&error),
                Err(RecvError::Lagged(_)) => line.breaks(&"the connection was lost often"),
                Err(RecvError::Closed) => return,
            },
            () = sleep_until(heard_at + SILENCE) => {
                line.breaks(&"no heartbeat came back");
                // Either may be the one that hangs.
                connection.restart();
                line.commands.restart();
                heard_at = Instant::now();
            }
        }
    }
}

/// A connection begins without subscriptions. That the new ones work is known when a heartbeat comes back.
async fn subscribe(line: &Line, client: &Client) {
    match client.subscribe(line.names.channels()).await {
        Ok(()) => {
            line.link.listens();
            line.beat_now.notify_one();
        }
        // Another connection follows, or the silence is noticed.
        Err(error) => tracing::debug!(%error, "no subscription"),
    }
}

/// Passes on what another process tells; whether it was our own heartbeat.
fn hear(line: &Line, heard: &Heard) -> bool {
    let text = heard.value.as_str().unwrap_or_default();
    let Ok(message) = serde_json::from_str::<Message>(&text) else {
        tracing::debug!("a message that this version does not know");
        return false;
    };
    let ours = message.from == line.me;
    match message.news {
        News::Beat(beat) if ours && line.link.heard(beat) => {
            tracing::info!("news from Redis arrive");
            // What was told meanwhile was not heard.
            line.hub.look_again();
        }
        News::Progress(event) if !ours => line.hub.publish(&event),
        News::Changed(job) if !ours => line.hub.notify_changed(job),
        _ => {}
    }
    ours && matches!(message.news, News::Beat(_))
}
