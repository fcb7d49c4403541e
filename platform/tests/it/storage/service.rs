//! A service that fails at half of what it is asked, in the ways that S3 is known to fail.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{StreamExt, TryStreamExt};
use platform::{
    storage::{KeyPrefix, Storage},
    testing::servers::S3Server,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    both::{bytes, expected},
    config_with, upload,
};

/// Passes every second request on to the server, and counts those that it fails.
struct BadDays {
    url: String,
    failed: Arc<AtomicUsize>,
}

impl BadDays {
    async fn of(server: &S3Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (port, failed) = (server.port(), Arc::new(AtomicUsize::new(0)));
        let (asked, counted) = (Arc::new(AtomicUsize::new(0)), failed.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let n = asked.fetch_add(1, Ordering::SeqCst);
                if n % 2 == 0 {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                tokio::spawn(answer(client, port, n));
            }
        });
        Self { url, failed }
    }
}

/// Answers one request and closes, so that each is a connection of its own.
async fn answer(mut client: TcpStream, port: u16, n: usize) -> io::Result<()> {
    let request = request(&mut client).await?;
    let completes = request.starts_with(b"POST ") && request.windows(10).any(|text| text == b"?uploadId=");
    if n % 2 == 1 {
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        server.write_all(&request).await?;
        return tokio::io::copy(&mut server, &mut client).await.map(drop);
    }
    let (status, code) = match n / 2 % 3 {
        // What S3 answers when it fails after it has begun to answer well.
        _ if completes => ("200 OK", "InternalError"),
        0 => ("500 Internal Server Error", "InternalError"),
        1 => ("503 Slow Down", "SlowDown"),
        _ => return Ok(()),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>a bad day</Message></Error>"
    );
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    client.write_all((head + &body).as_bytes()).await
}

/// Head and body, told to close.
async fn request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|text| text == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    while bytes.len() < end + 4 + length {
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    bytes.splice(end..end, *b"\r\nConnection: close");
    Ok(bytes)
}

#[tokio::test]
async fn a_service_that_fails_half_of_the_time_is_not_noticed() {
    let (folder, server) = (TempDir::new().unwrap(), S3Server::start().unwrap());
    let bad = BadDays::of(&server).await;
    let mut variables = server.variables();
    variables.push(("AWS_ENDPOINT_URL", bad.url.clone()));
    let storage = Storage::open(&config_with(folder.path(), &variables)).unwrap();
    let (key, text) = (upload(), bytes(17_000_000));
    storage.put(&key, text.clone().into()).await.unwrap();
    let parts: Vec<_> =
        storage.read_whole(&key, &expected(&text)).await.unwrap().try_collect().await.unwrap();
    assert!(parts.concat() == text);
    storage.local_file(&key, Some(&expected(&text))).await.unwrap();
    assert_eq!(storage.list(KeyPrefix::Uploads).count().await, 1);
    assert_eq!(storage.delete_prefix(KeyPrefix::Uploads).await.unwrap(), 1);
    assert!(bad.failed.load(Ordering::SeqCst) > 15);
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());
}
