//! Secrets of the configuration, looked for in everything that the processes say. The other fault tests look for
//! theirs in every log and every answer, too.

use serde_json::json;

use super::drives::drives;
use super::fleet::{Fleet, Topology};
use super::sender::Sender;
use super::table;
use super::verdict::judge;

const SECRET: &str = "canary-e2c4a871";

/// Configurations that cannot work, each with the secret in it: what is said of them quotes nothing.
fn unusable() -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", format!("postgres://app:{SECRET}@127.0.0.1:1/none")),
        ("DATABASE_URL", format!("mysql://app:{SECRET}@127.0.0.1:1/none")),
        ("DATABASE_URL", format!("oracle://app:{SECRET}@127.0.0.1/none")),
        ("DATABASE_URL", format!("postgres://app:{SECRET}@[::1/none")),
        ("DATABASE_URL", SECRET.to_owned()),
        ("REDIS_URL", format!("http://app:{SECRET}@127.0.0.1:1")),
        ("REDIS_URL", format!("redis://app:{SECRET}@127.0.0.1:99999999")),
        ("REDIS_URL", SECRET.to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_is_not_quoted() {
    let cases = unusable();
    for (variable, value) in &cases {
        let fleet = Fleet::new(Topology::Embedded, &[(variable, value)]).await;
        let mut server = fleet.start_api(&[]);
        let status = server.ended().await;
        assert!(!status.success(), "{variable}");
        let said = server.said();
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.contains(variable) || !said.is_empty(), "{said}");
    }
    table::row("Q1", &format!("{} configurations that cannot be used", cases.len()), "refused; 0 hits");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_metrics_and_logs_hold_no_secret() {
    let drives = drives(1);
    let more = [("DATAVIEWER_LOG", "debug"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let mut fleet = Fleet::new(Topology::SameHostPostgres, &more).await;
    let mut api = fleet.start_api(&[]);
    let address = api.address().await;
    let sender = Sender::new(address.clone());
    let worker = fleet.start_worker("worker", &[]);
    let accepted = sender.deliver(&drives, 0, "first").await;
    fleet.redis.as_mut().unwrap().stop();
    let mut answers = Vec::new();
    for path in ["/livez", "/readyz", "/readyz?verbose", "/metrics", "/graphql?query=x", "/nothing"] {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        answers.push(format!("{:?} {}", answer.headers().clone(), answer.text().await.unwrap()));
    }
    for document in ["{ server { version } }", "{ runs { nodes { id } } }", "{ nothing }"] {
        answers.push(format!("{:?}", sender.ask(document, json!({})).await));
    }
    fleet.redis.as_mut().unwrap().restart().unwrap();
    for secret in fleet.secrets() {
        assert!(answers.iter().all(|answer| !answer.contains(&secret)), "{answers:#?}");
    }
    drop(worker);
    let _worker = fleet.start_worker("worker", &[]);
    judge(&fleet, &[accepted], &drives).await;
    let outcome = format!("0 hits of {} secrets", fleet.secrets().len());
    table::row(
        "Q1",
        "answers, errors, metrics and debug logs, Redis failing; every log of this table",
        &outcome,
    );
}
