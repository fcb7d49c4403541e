//! Redis through TLS, with an authority of our own.

use std::{net::TcpListener, path::Path, process::Command};

use platform::{
    broker::{Broker, BrokerError},
    testing::servers::RedisServer,
};
use tempfile::TempDir;

use crate::broker::{configured, until};

/// An authority and a server's certificate that it signed: `ca.pem`, `server.pem`, `server.key`.
fn certificates(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    for arguments in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
         -keyout ca.key -out ca.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout server.key \
         -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
         -out server.pem",
    ] {
        let mut openssl = Command::new("openssl");
        let made = openssl.args(arguments.split_whitespace()).current_dir(folder).output();
        let made = made.expect("`openssl` cannot be started (deploy/servers.sh installs it)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (tls_port, url) = (port.to_string(), format!("rediss://127.0.0.1:{port}"));
    let _server = RedisServer::start_with(&[
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        &path("server.pem"),
        "--tls-key-file",
        &path("server.key"),
        "--tls-auth-clients",
        "no",
    ])
    .unwrap();
    let connect = async |authority: &str| {
        Broker::connect(&configured(&[("REDIS_URL", &url), ("DATAVIEWER_REDIS_CA", authority)])).await
    };
    let broker = connect(&path("ca.pem")).await.unwrap();
    until(async || broker.is_connected(), "connected").await;
    broker.ping().await.unwrap();

    for (file, text) in [("none.pem", "no certificate"), ("server.key", "")] {
        if !text.is_empty() {
            std::fs::write(path(file), text).unwrap();
        }
        assert!(matches!(connect(&path(file)).await, Err(BrokerError::Authority { .. })), "{file}");
    }
    assert!(matches!(connect(&path("absent.pem")).await, Err(BrokerError::Authority { .. })));

    // Another authority of the same name has signed nothing of this server's.
    let other = TempDir::new().unwrap();
    certificates(other.path());
    let stranger = connect(&other.path().join("ca.pem").display().to_string()).await.unwrap();
    assert!(!stranger.is_connected());
    stranger.ping().await.unwrap_err();
}
