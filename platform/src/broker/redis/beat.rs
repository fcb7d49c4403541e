//! The heartbeat: proves that commands are answered, and to the listener that news arrive.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{line::Line, message::News};

/// Between two heartbeats.
const INTERVAL: Duration = Duration::from_secs(2);
/// Heartbeats between two announcements of the database: Redis may have been emptied.
const ANNOUNCE: u64 = 5;

/// Beats for ever; puts right what was owed to Redis when it answers.
pub(super) async fn beat(line: Arc<Line>) {
    loop {
        let beat = line.link.next_beat();
        let was_mute = line.link.is_mute();
        if line.ask_anyway(line.publish(News::Beat(beat))).await.is_ok() {
            if was_mute {
                tracing::info!("Redis answers again");
            }
            line.pay().await;
            if was_mute || beat % ANNOUNCE == 1 {
                line.announce_again().await;
            }
        }
        // Asked for or due: either way it is time.
        let _ = timeout(INTERVAL, line.beat_now.notified()).await;
    }
}
