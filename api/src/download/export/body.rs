//! From a thread that writes to a client that reads: parts of bytes, of which few wait at once.

use std::{
    io::{self, Write},
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures::stream;
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, Receiver, Sender, error::SendTimeoutError, error::TrySendError},
};
use tokio_util::sync::DropGuard;

/// Bytes of one part.
const PART_BYTES: usize = 64 << 10;
/// Parts that wait.
const WAITING: usize = 4;

enum Part {
    Bytes(Bytes),
    /// All was written: whatever ends without it is no whole file.
    End,
}

/// What is written goes to the client, which may let it wait so long.
pub(super) struct Outlet {
    parts: Sender<Part>,
    patience: Duration,
    runtime: Handle,
    bytes: Vec<u8>,
    fate: Fate,
}

/// What became of an outlet, for whoever gave it away.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate(Arc<OnceLock<io::ErrorKind>>);

impl Fate {
    /// The outlet's error if it had one, else this.
    pub(super) fn of(&self, error: io::Error) -> io::Error {
        self.0.get().map_or(error, |&kind| kind.into())
    }
}

/// Where it arrives.
pub(super) struct Inlet(Receiver<Part>);

/// Both ends. The outlet is for a thread that may wait.
pub(super) fn outlet(patience: Duration) -> (Outlet, Inlet) {
    let (parts, received) = mpsc::channel(WAITING);
    let bytes = Vec::with_capacity(PART_BYTES);
    (Outlet { parts, patience, runtime: Handle::current(), bytes, fate: Fate::default() }, Inlet(received))
}

impl Outlet {
    /// Sends what is left, and that this was all.
    ///
    /// # Errors
    /// As those of writing.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.send(Part::End)
    }

    /// Tells later what became of it.
    pub(super) fn fate(&self) -> Fate {
        self.fate.clone()
    }

    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] when the client is gone, [`io::ErrorKind::TimedOut`] when it takes nothing.
    fn send(&self, part: Part) -> io::Result<()> {
        let part = match self.parts.try_send(part) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(self.failed(io::ErrorKind::BrokenPipe)),
            Err(TrySendError::Full(part)) => part,
        };
        self.runtime.block_on(self.parts.send_timeout(part, self.patience)).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => self.failed(io::ErrorKind::TimedOut),
            SendTimeoutError::Closed(_) => self.failed(io::ErrorKind::BrokenPipe),
        })
    }

    fn failed(&self, kind: io::ErrorKind) -> io::Error {
        (*self.fate.0.get_or_init(|| kind)).into()
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART_BYTES - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        if self.bytes.len() == PART_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.bytes, Vec::with_capacity(PART_BYTES));
        self.send(Part::Bytes(full.into()))
    }
}

impl Inlet {
    /// A body of all parts, which breaks off where the writer did. `waiting` goes when the client does.
    pub(super) fn body(self, waiting: DropGuard) -> Body {
        Body::from_stream(stream::try_unfold((self.0, waiting), |(mut parts, waiting)| async move {
            match parts.recv().await {
                Some(Part::Bytes(bytes)) => Ok(Some((bytes, (parts, waiting)))),
                Some(Part::End) => Ok(None),
                None => Err(io::Error::other("the export broke off")),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn body(inlet: Inlet) -> Body {
        inlet.body(CancellationToken::new().drop_guard())
    }

    #[tokio::test]
    async fn bytes_arrive_in_parts_and_their_end_too() {
        let (mut outlet, inlet) = outlet(Duration::from_secs(60));
        let text: Vec<u8> = (0..=255).cycle().take(3 * PART_BYTES + 5).collect();
        let written = text.clone();
        let writing = tokio::task::spawn_blocking(move || {
            outlet.write_all(&written)?;
            outlet.end()
        });
        let parts: Vec<Bytes> = body(inlet).into_data_stream().map(Result::unwrap).collect().await;
        writing.await.unwrap().unwrap();
        assert_eq!(parts.iter().map(Bytes::len).collect::<Vec<_>>(), [PART_BYTES, PART_BYTES, PART_BYTES, 5]);
        assert_eq!(parts.concat(), text);
    }

    #[tokio::test]
    async fn what_breaks_off_is_an_error() {
        let (mut outlet, inlet) = outlet(Duration::from_secs(60));
        outlet.write_all(b"half").unwrap();
        outlet.flush().unwrap();
        drop(outlet);
        let mut parts = body(inlet).into_data_stream();
        assert_eq!(parts.next().await.unwrap().unwrap(), "half");
        assert!(parts.next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_client_that_is_gone_or_takes_nothing_ends_the_writing() {
        let (mut outlet, inlet) = outlet(Duration::from_millis(1));
        let writing = tokio::task::spawn_blocking(move || io::copy(&mut io::repeat(0), &mut outlet));
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(inlet);

        let (mut outlet, inlet) = super::outlet(Duration::from_secs(60));
        let mut parts = body(inlet).into_data_stream();
        assert!(parts.next().now_or_never().is_none());
        drop(parts);
        let writing = tokio::task::spawn_blocking(move || io::copy(&mut io::repeat(0), &mut outlet));
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
