//! Traces, from the request that brings a log to the commit of what it became.

use platform::testing::servers::RedisServer;
use rustix::process::Signal;
use tempfile::TempDir;

use super::collector::{Collector, Span};
use super::{client_of, convert};
use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_upload_to_the_commit_across_processes() {
    let collector = Collector::start().await;
    let folder = TempDir::new().unwrap();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str());
    let key = ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=opensesame");
    let redis = RedisServer::start().unwrap();
    let url = redis.url();
    let named = |name| [endpoint, key, ("REDIS_URL", url.as_str()), ("OTEL_SERVICE_NAME", name)];
    let mut api = Process::start(folder.path(), "api", &named("api"));
    let client = client_of(&api).await;
    let mut worker = Process::start(folder.path(), "worker", &named("worker"));
    convert(&client).await;
    for process in [&mut api, &mut worker] {
        // What is not delivered yet is delivered at the end.
        process.signal(Signal::TERM);
        assert!(process.ended().await.success());
    }

    let spans = collector.spans();
    let upload = one(&spans, "upload");
    let request = spans.iter().find(|span| span.id == upload.parent).expect("the upload's request");
    assert_eq!((request.name.as_str(), request.parent.len()), ("request", 0), "{request:?}");
    let commit = one(&spans, "commit");
    let operation = spans.iter().find(|span| span.id == commit.parent).expect("the commit's operation");
    assert_eq!((operation.name.as_str(), &operation.parent), ("operation", &request.id));
    for span in [upload, commit, operation] {
        assert_eq!((span.service.as_str(), &span.trace), ("api", &request.trace), "{span:?}");
    }
    let execution = one(&spans, "execution");
    for (name, parent) in
        [("claim", commit), ("execution", commit), ("conversion", execution), ("publish", execution)]
    {
        let span = one(&spans, name);
        assert_eq!((span.service.as_str(), &span.trace), ("worker", &request.trace), "{span:?}");
        assert_eq!(span.parent, parent.id, "{name}");
    }
    told_in_sql(&spans, &[upload, commit, one(&spans, "publish")]);
    assert_eq!(collector.header("x-key").as_deref(), Some("opensesame"));
    for process in [&api, &worker] {
        assert!(!process.said().contains("opensesame"));
    }
}

/// What SQL was asked for in each of them, by kind and table: the rows of the upload, of its commit, and of what
/// became of it. No value of a statement is told.
fn told_in_sql(spans: &[Span], [upload, commit, publish]: &[&Span; 3]) {
    for (parent, wanted) in [
        (upload, &["BEGIN", "INSERT upload", "COMMIT"][..]),
        (commit, &["BEGIN", "INSERT blob", "INSERT run", "INSERT job", "UPDATE upload", "COMMIT"][..]),
        (publish, &["BEGIN", "UPDATE job", "UPDATE conversion", "UPDATE run", "INSERT signal", "COMMIT"][..]),
    ] {
        let told: Vec<_> = spans.iter().filter(|span| span.parent == parent.id).collect();
        for name in wanted {
            let asked = told.iter().find(|span| span.name == *name);
            let asked = asked.unwrap_or_else(|| panic!("no `{name}` in {}: {told:#?}", parent.name));
            let (kind, table) =
                name.split_once(' ').map_or((*name, None), |(kind, table)| (kind, Some(table)));
            assert_eq!(asked.texts.get("db.operation.name").map(String::as_str), Some(kind));
            assert_eq!(asked.texts.get("db.collection.name").map(String::as_str), table);
            assert_eq!(asked.texts.get("db.system.name").map(String::as_str), Some("sqlite"));
            assert_eq!((&asked.service, &asked.trace), (&parent.service, &parent.trace));
        }
    }
    let statements: Vec<_> =
        spans.iter().filter(|span| span.texts.contains_key("db.operation.name")).collect();
    for span in &statements {
        let known: Vec<_> = span.texts.keys().filter(|key| !key.starts_with("db.")).collect();
        assert!(known.is_empty() && !format!("{span:?}").contains("secret-name"), "{span:?}");
    }
}

fn one<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {spans:#?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_one_line() {
    let folder = TempDir::new().unwrap();
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://user:opensesame@127.0.0.1:{port}");
    let mut server =
        Process::start(folder.path(), "serve", &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())]);
    convert(&client_of(&server).await).await;
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
    let said = server.said();
    assert_eq!(said.matches("traces are not delivered").count(), 1, "{said}");
    assert!(!said.contains("opensesame"), "{said}");
}
