//! `dataviewer health`: asks the server on this machine whether it lives; for containers without curl.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use platform::config::Config;

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks for `/livez` where this configuration's process answers: a worker has the second address only.
///
/// # Errors
///
/// When nobody answers, or the answer is not 200.
pub(crate) fn check(config: &Config) -> io::Result<()> {
    ask(config.operations.listen.unwrap_or(config.http.listen))
}

fn ask(listen: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&reachable(listen), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    match status.strip_prefix(b"HTTP/1.1 ") {
        Some(b"200") => Ok(()),
        _ => Err(io::Error::other(format!("answered {}", String::from_utf8_lossy(&status)))),
    }
}

/// A server bound to every address is asked on the loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    fn answered(answer: &'static str) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /livez "));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let result = ask((Ipv4Addr::UNSPECIFIED, port).into());
        server.join().unwrap();
        result
    }

    #[test]
    fn well_is_only_200() {
        assert!(answered("HTTP/1.1 200 OK\r\n\r\n").is_ok());
        assert!(answered("HTTP/1.1 503 Service Unavailable\r\n\r\n").is_err());
        assert!(answered("").is_err());
    }
}
