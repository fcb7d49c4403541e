//! Each weather, seen by a client.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
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
