//! A TCP proxy that makes the network's faults: between a process under test and a server it needs.

mod connection;
mod pump;
#[cfg(test)]
mod tests;
mod weather;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use weather::{Cut, Loss, Sky, Weather};

/// Listens on a free port of this host and passes everything on to one address, in the weather that is set.
/// Ends with its connections when dropped.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    sky: Arc<Sky>,
    accepting: AbortHandle,
}

impl Proxy {
    /// A proxy in fair weather.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let sky = Arc::new(Sky::fair(target));
        let accepting = tokio::spawn(connection::accept(listener, sky.clone())).abort_handle();
        Ok(Self { addr, sky, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Fair weather again, for open connections too.
    pub fn pass(&self) {
        self.change(|weather| *weather = Weather::fair(weather.target));
    }

    /// Ends all open connections in good order; new ones are served.
    pub fn cut(&self) {
        self.sky.cuts.send_modify(|cut| *cut = Cut { number: cut.number + 1, reset: false });
    }

    /// Resets all open connections; new ones are served.
    pub fn reset(&self) {
        self.sky.cuts.send_modify(|cut| *cut = Cut { number: cut.number + 1, reset: true });
    }

    /// Ends all open connections, and every new one at once.
    pub fn refuse(&self) {
        self.change(|weather| weather.refuse = true);
        self.cut();
    }

    /// Keeps connections open, accepts new ones, and passes nothing on; nothing is lost when it passes again.
    pub fn blackhole(&self) {
        self.change(|weather| weather.blackhole = true);
    }

    /// Holds every piece back for `delay`, each way.
    pub fn delay(&self, delay: Duration) {
        self.change(|weather| weather.delay = delay);
    }

    /// Passes `rate` bytes a second on, each way of each connection.
    pub fn throttle(&self, rate: u64) {
        self.change(|weather| weather.rate = Some(rate.max(1)));
    }

    /// Once: cuts the connection instead of passing on the server's answer that holds `bytes`.
    pub fn lose_answer(&self, bytes: &[u8]) {
        self.lose_answer_after(0, bytes);
    }

    /// The same, after so many such answers that are passed on, whichever connections they are for.
    pub fn lose_answer_after(&self, spare: usize, bytes: &[u8]) {
        self.change(|weather| weather.lose = Some(Loss { bytes: bytes.to_vec(), spare }));
    }

    /// Once: inverts byte `at` of the server's next piece that is long enough.
    pub fn flip(&self, at: usize) {
        self.change(|weather| weather.flip = Some(at));
    }

    /// Goes on to another server from the next connection on.
    pub fn retarget(&self, target: SocketAddr) {
        self.change(|weather| weather.target = target);
    }

    /// How many answers were lost or changed so far.
    #[must_use]
    pub fn strikes(&self) -> u64 {
        self.sky.strikes.load(Ordering::SeqCst)
    }

    fn change(&self, change: impl FnOnce(&mut Weather)) {
        self.sky.weather.send_modify(change);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
