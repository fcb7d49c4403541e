//! Who may read the metrics, and where.

use std::future::IntoFuture;

use axum::{Extension, Router};
use platform::{runtime::Runtime, testing::TestRuntime};
use tokio::net::TcpListener;

use crate::probe::{Server, client};

async fn asked(server: &Server, header: Option<&str>) -> (u16, String) {
    let mut request = server.client.get(server.url("/metrics"));
    if let Some(name) = header {
        request = request.header(name, "192.0.2.1");
    }
    let sent = request.send().await.unwrap();
    (sent.status().as_u16(), sent.text().await.unwrap())
}

#[tokio::test]
async fn this_host_reads_them_unless_a_proxy_speaks_for_somebody() {
    let server = Server::start().await;
    let (status, text) = asked(&server, None).await;
    assert_eq!(status, 200);
    for name in ["dataviewer_jobs{state=\"queued\"} 0", "dataviewer_dependency_up{dependency=\"database\"} 1"]
    {
        assert!(text.contains(name), "{text}");
    }
    for header in ["x-forwarded-for", "forwarded"] {
        assert_eq!(asked(&server, Some(header)).await.0, 404, "{header}");
    }
    let open = Server::start_with(&[("DATAVIEWER_METRICS", "on")]).await;
    assert_eq!(asked(&open, Some("x-forwarded-for")).await.0, 200);
    let shut = Server::start_with(&[("DATAVIEWER_METRICS", "off")]).await;
    assert_eq!(asked(&shut, None).await.0, 404);
}

/// Serves the whole API to clients that seem to come from `peer`.
async fn status_from(runtime: &TestRuntime, peer: [u8; 4]) -> u16 {
    let peer = api::transport::Peer(Some(peer.into()));
    let router: Router = api::router(Runtime::clone(runtime)).layer(Extension(peer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    client().get(format!("http://{address}/metrics")).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn other_hosts_find_nothing_until_they_may() {
    let runtime = TestRuntime::start().await.unwrap();
    assert_eq!(status_from(&runtime, [127, 0, 0, 1]).await, 200);
    assert_eq!(status_from(&runtime, [192, 0, 2, 1]).await, 404);
    let open = TestRuntime::start_with(&[("DATAVIEWER_METRICS", "on")]).await.unwrap();
    assert_eq!(status_from(&open, [192, 0, 2, 1]).await, 200);
}

#[tokio::test]
async fn an_address_of_their_own_answers_nothing_else() {
    let runtime = TestRuntime::start_with(&[("DATAVIEWER_METRICS", "off")]).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(api::serve_operations(Runtime::clone(&runtime), listener));
    for (path, expected) in
        [("livez", 200), ("readyz", 200), ("metrics", 200), ("graphql", 404), ("schema.graphql", 404)]
    {
        let sent = client().get(format!("http://{address}/{path}")).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), expected, "{path}");
    }
    runtime.shutdown.cancel();
    serving.await.unwrap();
}
