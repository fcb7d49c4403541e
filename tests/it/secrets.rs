//! Secrets in the real binary: whatever goes wrong, nothing that it says or answers holds one.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use platform::testing::servers::{RedisServer, S3Server, fresh_mariadb, fresh_postgres};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Client;
use crate::process::Process;
use crate::seed::binary;

const CANARY: &str = "s3cr3tcanary";
/// Long enough for a start to give up, or to go on without what it cannot reach.
const PATIENCE: Duration = Duration::from_secs(8);
const LOUD: [(&str, &str); 2] = [("DATAVIEWER_LOG", "trace"), ("RUST_BACKTRACE", "1")];

/// All that `dataviewer role` says until it ends, or until it was patient enough.
async fn said(folder: &Path, role: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(binary());
    command.arg(role).env_clear().current_dir(folder).kill_on_drop(true);
    command.env("PORT", "0").envs(LOUD).envs(variables.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if timeout(PATIENCE, child.wait()).await.is_err() {
        child.start_kill().unwrap();
    }
    let output = child.wait_with_output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_does_not_tell_a_secret() {
    let broker = RedisServer::start().unwrap();
    let port = broker.port();
    let cases = [
        // Nobody there.
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@127.0.0.1:1/logs")),
        ("DATABASE_URL", format!("mysql://user:{CANARY}@127.0.0.1:1/logs")),
        ("REDIS_URL", format!("redis://user:{CANARY}@127.0.0.1:1")),
        // No such host.
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@host.invalid/logs")),
        ("REDIS_URL", format!("rediss://user:{CANARY}@host.invalid")),
        // The wrong password, and the wrong server.
        ("REDIS_URL", format!("redis://user:{CANARY}@127.0.0.1:{port}")),
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@127.0.0.1:{port}/logs")),
        // No URL.
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@127.0.0.1:port/logs")),
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@[::1/logs")),
        ("DATABASE_URL", format!("//user:{CANARY}@127.0.0.1")),
        ("REDIS_URL", format!("redis://user:{CANARY}@127.0.0.1:port")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://user:{CANARY}@[::1")),
        // Not ours.
        ("DATAVIEWER_SECRET", CANARY.to_owned()),
    ];
    let starts = cases.iter().map(|(name, value)| async move {
        let folder = TempDir::new().unwrap();
        let said = said(folder.path(), "serve", &[(name, value)]).await;
        assert!(!said.is_empty(), "{name}={value}");
        assert!(!said.contains(CANARY), "{name}={value}:\n{said}");
    });
    futures::future::join_all(starts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_password_does_not_make_us_tell_it() {
    for url in [fresh_postgres().await, fresh_mariadb().await] {
        let (scheme, rest) = url.split_once("://").unwrap();
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let wrong = format!("{scheme}://nobody:{CANARY}@{place}");
        let folder = TempDir::new().unwrap();
        let said = said(folder.path(), "serve", &[("DATABASE_URL", wrong.as_str())]).await;
        assert!(said.contains("nobody") && !said.contains(CANARY), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_used_does_not_make_us_tell_its_key() {
    let store = S3Server::start().unwrap();
    let away = [("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")];
    for change in [&away[..], &[]] {
        let folder = TempDir::new().unwrap();
        let known = store.variables();
        let mut variables: Vec<(&str, &str)> =
            known.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // What comes later counts.
        variables.extend([("AWS_SECRET_ACCESS_KEY", CANARY), ("AWS_SESSION_TOKEN", CANARY)]);
        variables.extend(change);
        variables.push(LOUD[0]);
        let server = Process::start(folder.path(), "serve", &variables);
        let address = server.address().await;
        let told = fetch(&address, "readyz?verbose").await;
        assert!(told.contains("\"storage\":{\"state\":\"failing\""), "{told}");
        assert!(!told.contains(CANARY) && !server.said().contains(CANARY), "{}", server.said());
    }
}

async fn fetch(address: &str, path: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::get(format!("http://{address}/{path}")).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_variables_that_cannot_be_read_is_not_repeated() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(".env"), format!("DATABASE_URL='postgresql://user:{CANARY}@host\n"))
        .unwrap();
    let said = said(folder.path(), "serve", &[]).await;
    assert!(said.contains(".env") && !said.contains(CANARY), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_its_broker_answers_without_the_secret() {
    let folder = TempDir::new().unwrap();
    let mut broker = RedisServer::start().unwrap();
    broker.ask(&["CONFIG", "SET", "requirepass", CANARY]).unwrap();
    let url = format!("redis://:{CANARY}@127.0.0.1:{}", broker.port());
    let server = Process::start(folder.path(), "serve", &[("REDIS_URL", url.as_str()), LOUD[0]]);
    let address = server.address().await;
    broker.stop();
    let client = Client::of(address.clone());
    let mut answers = client.ask("{ server { version } }", json!({})).await.to_string();
    for path in ["readyz?verbose", "metrics", "graphql?query={nothing}", "logs/nothing"] {
        answers += &fetch(&address, path).await;
    }
    assert!(answers.contains("dataviewer_dependency_up{dependency=\"broker\"} 0"), "{answers}");
    assert!(answers.contains("\"state\":\"degraded\""), "ready all the same: {answers}");
    assert!(!answers.contains(CANARY), "{answers}");
    assert!(!server.said().contains(CANARY), "{}", server.said());
}
