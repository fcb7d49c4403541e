//! What all connections of a proxy meet.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::watch;

/// What happens to bytes on their way. All connections share one.
#[derive(Clone, Debug)]
pub(super) struct Weather {
    pub(super) target: SocketAddr,
    pub(super) delay: Duration,
    /// Bytes a second in each direction.
    pub(super) rate: Option<u64>,
    pub(super) blackhole: bool,
    pub(super) refuse: bool,
    /// Once: the answer that holds these bytes is lost, and its connection with it.
    pub(super) lose: Option<Loss>,
    /// Once: this byte of the next answer is inverted.
    pub(super) flip: Option<usize>,
}

/// An answer to lose.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) bytes: Vec<u8>,
    /// Answers that hold the bytes and are passed on before.
    pub(super) spare: usize,
}

#[derive(Debug)]
pub(super) struct Sky {
    pub(super) weather: watch::Sender<Weather>,
    /// Counts cuts: every connection that is older than one ends.
    pub(super) cuts: watch::Sender<Cut>,
    /// Answers that were lost or changed.
    pub(super) strikes: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut {
    pub(super) number: u64,
    /// Whether the ends see a reset instead of an orderly end.
    pub(super) reset: bool,
}

impl Weather {
    pub(super) fn fair(target: SocketAddr) -> Self {
        Self {
            target,
            delay: Duration::ZERO,
            rate: None,
            blackhole: false,
            refuse: false,
            lose: None,
            flip: None,
        }
    }
}

impl Sky {
    pub(super) fn fair(target: SocketAddr) -> Self {
        Self {
            weather: watch::Sender::new(Weather::fair(target)),
            cuts: watch::Sender::new(Cut::default()),
            strikes: AtomicU64::new(0),
        }
    }
}
