//! Redis through TLS, with an authority of our own.

use std::net::TcpListener;

use platform::{
    broker::{Broker, BrokerError},
    testing::servers::{Authority, RedisServer},
};

use crate::broker::{configured, until};

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let authority = Authority::new().unwrap();
    let path = |name: &str| authority.path(name).display().to_string();
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
    let other = Authority::new().unwrap();
    let stranger = connect(&other.path("ca.pem").display().to_string()).await.unwrap();
    assert!(!stranger.is_connected());
    stranger.ping().await.unwrap_err();
}
