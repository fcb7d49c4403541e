//! A TCP proxy that makes the network's faults: between a process under test and a server it needs.

mod pump;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pump::passing;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// Listens on a free port of this host and passes everything on to one address, in the weather that is set.
/// Ends with its connections when dropped.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    sky: Arc<Sky>,
    accepting: AbortHandle,
}

/// What happens to bytes on their way. All connections share one.
#[derive(Clone, Debug)]
struct Weather {
    target: SocketAddr,
    delay: Duration,
    /// Bytes a second in each direction.
    rate: Option<u64>,
    blackhole: bool,
    refuse: bool,
    /// Once: the answer that holds these bytes is lost, and its connection with it.
    lose: Option<Loss>,
    /// Once: this byte of the next answer is inverted.
    flip: Option<usize>,
}

/// An answer to lose.
#[derive(Clone, Debug)]
struct Loss {
    bytes: Vec<u8>,
    /// Answers that hold the bytes and are passed on before.
    spare: usize,
}

#[derive(Debug)]
struct Sky {
    weather: watch::Sender<Weather>,
    /// Counts cuts: every connection that is older than one ends.
    cuts: watch::Sender<Cut>,
    /// Answers that were lost or changed.
    strikes: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    number: u64,
    /// Whether the ends see a reset instead of an orderly end.
    reset: bool,
}

impl Proxy {
    /// A proxy in fair weather.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let sky = Arc::new(Sky {
            weather: watch::Sender::new(Weather::fair(target)),
            cuts: watch::Sender::new(Cut::default()),
            strikes: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, sky.clone())).abort_handle();
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

impl Weather {
    fn fair(target: SocketAddr) -> Self {
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

/// Connections live in this task's set: they end with the proxy.
async fn accept(listener: TcpListener, sky: Arc<Sky>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(connect(client, sky.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection, to its end or the sky's.
async fn connect(mut client: TcpStream, sky: Arc<Sky>) {
    let mut cuts = sky.cuts.subscribe();
    let Weather { target, refuse, .. } = sky.weather.borrow().clone();
    if refuse {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let cut = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            _ = cuts.changed() => *cuts.borrow(),
            () = passing((from_client, to_server), (from_server, to_client), &sky) => return,
        }
    };
    if cut.reset {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A server that gives every byte back.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = client.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        addr
    }

    async fn ask(client: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
        client.write_all(text).await?;
        let mut answer = vec![0; text.len()];
        client.read_exact(&mut answer).await?;
        Ok(answer)
    }

    async fn proxied() -> (Proxy, TcpStream) {
        let proxy = Proxy::to(echo().await).await.unwrap();
        let client = TcpStream::connect(proxy.addr()).await.unwrap();
        (proxy, client)
    }

    #[tokio::test]
    async fn bytes_pass_both_ways_until_the_end() {
        let (_proxy, mut client) = proxied().await;
        assert_eq!(ask(&mut client, b"hello").await.unwrap(), b"hello");
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_cut_ends_what_is_open_and_a_refusal_what_comes() {
        let (proxy, mut client) = proxied().await;
        ask(&mut client, b"hello").await.unwrap();
        proxy.cut();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        let mut next = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut next, b"again").await.unwrap(), b"again");
        proxy.reset();
        assert_eq!(next.read(&mut [0; 8]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        proxy.refuse();
        let mut refused = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(ask(&mut refused, b"hello").await.is_err());
        proxy.pass();
        let mut next = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut next, b"hello").await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn a_black_hole_answers_nothing_and_loses_nothing() {
        let (proxy, mut client) = proxied().await;
        ask(&mut client, b"hello").await.unwrap();
        proxy.blackhole();
        client.write_all(b"later").await.unwrap();
        let mut answer = [0; 5];
        timeout(Duration::from_millis(100), client.read_exact(&mut answer)).await.unwrap_err();
        proxy.pass();
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"later");
    }

    #[tokio::test]
    async fn an_answer_is_lost_once_also_in_two_pieces() {
        let (proxy, mut client) = proxied().await;
        proxy.lose_answer(b"COMMIT");
        assert_eq!(ask(&mut client, b"COM").await.unwrap(), b"COM");
        assert!(ask(&mut client, b"MIT").await.is_err());
        assert_eq!(proxy.strikes(), 1);
        let mut next = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut next, b"COMMIT").await.unwrap(), b"COMMIT");
    }

    #[tokio::test]
    async fn a_later_answer_is_lost_and_those_before_pass() {
        let (proxy, mut client) = proxied().await;
        proxy.lose_answer_after(2, b"COMMIT");
        assert_eq!(ask(&mut client, b"COMMIT").await.unwrap(), b"COMMIT");
        let mut other = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut other, b"COMMIT").await.unwrap(), b"COMMIT");
        assert_eq!(proxy.strikes(), 0);
        assert!(ask(&mut client, b"COMMIT").await.is_err());
        assert_eq!(proxy.strikes(), 1);
    }

    #[tokio::test]
    async fn a_byte_is_inverted_once_and_a_slow_network_is_slow() {
        let (proxy, mut client) = proxied().await;
        proxy.flip(1);
        assert_eq!(ask(&mut client, &[1, 2, 3]).await.unwrap(), [1, !2, 3]);
        assert_eq!(ask(&mut client, &[1, 2, 3]).await.unwrap(), [1, 2, 3]);
        proxy.delay(Duration::from_millis(20));
        proxy.throttle(1000);
        let began = Instant::now();
        ask(&mut client, &[0; 10]).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(60), "two ways of 20 ms and 10 bytes each");
    }

    #[tokio::test]
    async fn another_server_takes_over() {
        let (proxy, _client) = proxied().await;
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        proxy.retarget(gone);
        let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(ask(&mut client, b"hello").await.is_err());
        proxy.retarget(echo().await);
        let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut client, b"hello").await.unwrap(), b"hello");
    }
}
