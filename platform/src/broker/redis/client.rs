//! Connections to Redis: how they are set up, and that they come back.

use std::time::Duration;

use fred::{
    clients::Client,
    interfaces::ClientLike,
    types::{
        Builder,
        config::{Config, ReconnectPolicy, UnresponsiveConfig},
    },
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::tls;
use crate::{broker::BrokerError, config::broker::RedisConfig};

/// How long connecting may take, and each command of the handshake.
const CONNECT: Duration = Duration::from_secs(3);
/// Between attempts to connect: the least and the most, in milliseconds. It doubles.
const RETRY_MS: (u32, u32) = (100, 5_000);
/// When a client gave up by itself.
const PAUSE: Duration = Duration::from_secs(1);
/// News that may wait in the process until somebody looks at them.
const NEWS: usize = 4_096;
/// Commands that may wait until they are sent.
const COMMANDS: usize = 10_000;

/// A client whose connection is kept up by [`Connection::keep`].
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
}

impl Connection {
    /// Every command is given up after `timeout`; none is sent twice.
    pub(super) fn new(redis: &RedisConfig, timeout: Duration) -> Result<Self, BrokerError> {
        let mut builder = Builder::from_config(config(redis)?);
        builder.set_policy(ReconnectPolicy::new_exponential(0, RETRY_MS.0, RETRY_MS.1, 2));
        builder.with_connection_config(|connection| {
            connection.connection_timeout = CONNECT;
            connection.internal_command_timeout = CONNECT;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = COMMANDS;
            connection.tcp.nodelay = Some(true);
            connection.unresponsive = UnresponsiveConfig {
                max_timeout: Some(timeout + Duration::from_secs(4)),
                interval: Duration::from_secs(1),
            };
        });
        builder.with_performance_config(|performance| {
            performance.default_command_timeout = timeout;
            performance.broadcast_channel_capacity = NEWS;
        });
        let client = builder.build().map_err(BrokerError::from)?;
        Ok(Self { client })
    }

    /// Connects, and again whenever the connection is lost, until `stop`.
    pub(super) async fn keep(self, stop: CancellationToken) {
        loop {
            let mut connected = self.client.connect();
            tokio::select! {
                () = stop.cancelled() => { connected.abort(); return }
                ended = &mut connected => {
                    tracing::debug!(?ended, "a Redis client gave up; it starts again");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Drops the connection and makes another, unless it is being made already. What waits for an answer is
    /// given up.
    pub(super) fn restart(&self) {
        if self.client.is_connected() {
            let client = self.client.clone();
            // Ends when there is a connection, and when the client is closed.
            tokio::spawn(async move { client.force_reconnection().await });
        }
    }
}

fn config(redis: &RedisConfig) -> Result<Config, BrokerError> {
    let mut config = redis.location.client().map_err(|problem| BrokerError::Location { problem })?;
    if redis.location.is_encrypted() {
        config.tls = Some(tls::config(redis.authority.as_deref())?);
    }
    // The first connection may take as many attempts as every other.
    config.fail_fast = false;
    Ok(config)
}
