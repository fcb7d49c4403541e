//! What a log passes through on its way into storage: counted, timed and hashed, never kept.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::ReceiveError;

/// The slowest a body may come: `bytes` in every `window`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes that arrive at least.
    pub bytes: u64,
    /// Time in which they arrive.
    pub window: Duration,
}

/// A body under its limits.
pub(super) struct Intake<S> {
    body: S,
    limit: u64,
    pace: Pace,
    window_ends: Instant,
    in_window: u64,
    bytes: u64,
    hash: Sha256,
}

impl<S> Intake<S>
where
    S: Stream<Item = Result<Bytes, multer::Error>> + Unpin,
{
    pub(super) fn new(body: S, limit: u64, pace: Pace) -> Self {
        let window_ends = Instant::now() + pace.window;
        Self { body, limit, pace, window_ends, in_window: 0, bytes: 0, hash: Sha256::new() }
    }

    /// The next piece; none at the body's end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ReceiveError> {
        let Some(piece) = self.arrival().await? else { return Ok(None) };
        let size = piece.len() as u64;
        self.bytes += size;
        self.in_window += size;
        if self.bytes > self.limit {
            return Err(ReceiveError::TooLarge { limit: self.limit });
        }
        self.hash.update(&piece);
        Ok(Some(piece))
    }

    /// Waits for a piece, at most to the end of the first window that brought too little.
    async fn arrival(&mut self) -> Result<Option<Bytes>, ReceiveError> {
        loop {
            match timeout_at(self.window_ends, self.body.next()).await {
                Ok(piece) => return Ok(piece.transpose()?),
                Err(_) if self.in_window < self.pace.bytes => return Err(ReceiveError::TooSlow),
                Err(_) => {
                    self.window_ends = Instant::now() + self.pace.window;
                    self.in_window = 0;
                }
            }
        }
    }

    /// Bytes and SHA-256 (hex) of all that came.
    pub(super) fn finish(self) -> (u64, String) {
        (self.bytes, self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const PACE: Pace = Pace { bytes: 4, window: Duration::from_millis(20) };

    fn pieces(texts: &[&'static str]) -> impl Stream<Item = Result<Bytes, multer::Error>> + Unpin + use<> {
        stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect::<Vec<_>>())
    }

    async fn drain(
        mut intake: Intake<impl Stream<Item = Result<Bytes, multer::Error>> + Unpin>,
    ) -> Result<(u64, String), ReceiveError> {
        while intake.next().await?.is_some() {}
        Ok(intake.finish())
    }

    #[tokio::test]
    async fn bytes_are_counted_and_hashed() {
        // sha256sum of "hello world" (coreutils 9.1)
        let hash = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        let got = drain(Intake::new(pieces(&["hello", " ", "world"]), 11, PACE)).await.unwrap();
        assert_eq!(got, (11, hash.to_owned()));
    }

    #[tokio::test]
    async fn one_byte_more_than_allowed_is_too_large() {
        let refused = drain(Intake::new(pieces(&["hello", " ", "world"]), 10, PACE)).await;
        assert!(matches!(refused, Err(ReceiveError::TooLarge { limit: 10 })));
    }

    #[tokio::test]
    async fn a_body_that_stops_is_too_slow() {
        let stalled = pieces(&["hello"]).chain(stream::pending());
        assert!(matches!(drain(Intake::new(stalled, 99, PACE)).await, Err(ReceiveError::TooSlow)));
    }
}
