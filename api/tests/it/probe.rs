//! A server over a schema whose resolvers misbehave on demand.

use std::{future::IntoFuture, net::SocketAddr, time::Duration};

use async_graphql::{Context, Object, Result, Schema, SimpleObject, Subscription};
use entity::run::NewRun;
use futures::{SinkExt, Stream, StreamExt, stream};
use platform::{runtime::Runtime, testing::TestRuntime};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tokio_util::task::TaskTracker;

use api::{
    transport::{Endpoint, Patience},
    upload::{NewRunOfLog, ReceivedLog},
};

pub(crate) struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn echo(&self, number: i32) -> i32 {
        number
    }

    async fn panics(&self) -> i32 {
        "no number".parse::<i32>().unwrap()
    }

    async fn fails(&self) -> Result<i32> {
        Err(std::io::Error::other("/secret/path").into())
    }

    async fn never(&self) -> Result<i32> {
        std::future::pending().await
    }
}

#[derive(SimpleObject)]
struct Uploaded {
    run: String,
    upload: String,
    file_name: String,
    bytes: u64,
    sha256: String,
    duplicate: bool,
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn upload(
        &self,
        ctx: &Context<'_>,
        file: String,
        as_new_run: Option<bool>,
        key: Option<String>,
    ) -> Result<Uploaded> {
        let log = ctx.data::<ReceivedLog>()?;
        assert_eq!(file, log.upload_id.to_string());
        let run = NewRun {
            number: None,
            name: None,
            kind: None,
            description: None,
            location: None,
            driver: None,
            tags: Vec::new(),
            vehicle_id: None,
            test_day_id: None,
            time_zone: "UTC".to_owned(),
            dbcs: Vec::new(),
        };
        let new = NewRunOfLog { run, as_new_run: as_new_run.unwrap_or_default(), idempotency_key: key };
        let committed = api::upload::commit(ctx.data::<Runtime>()?, log, new).await?;
        Ok(Uploaded {
            run: committed.run_id.to_string(),
            upload: committed.upload_id.to_string(),
            file_name: log.file_name.clone(),
            bytes: log.bytes,
            sha256: log.sha256.clone(),
            duplicate: committed.duplicate,
        })
    }

    async fn ignore(&self, file: String) -> usize {
        file.len()
    }
}

pub(crate) struct Subscriptions;

#[Subscription]
impl Subscriptions {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(0..to)
    }

    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    async fn panics(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 2]).map(|number| match number {
            1 => 1,
            _ => "no number".parse::<i32>().unwrap(),
        })
    }
}

/// A running server; it ends with the value.
pub(crate) struct Server {
    pub(crate) runtime: TestRuntime,
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let runtime = TestRuntime::start_with(variables).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handles = Runtime::clone(&runtime);
        let schema = Schema::build(Query, Mutation, Subscriptions).data(handles.clone()).finish();
        tokio::spawn(api::serve_schema(schema, api::Library::new(handles), listener));
        Self { runtime, address, client: client() }
    }

    /// The endpoint alone, which waits as long as it is told.
    pub(crate) async fn start_patient(patience: Patience) -> Self {
        let runtime = TestRuntime::start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handles = Runtime::clone(&runtime);
        let schema = Schema::build(Query, Mutation, Subscriptions).data(handles.clone()).finish();
        let endpoint = Endpoint::new(schema, handles, TaskTracker::new()).with_patience(patience);
        tokio::spawn(axum::serve(listener, endpoint.routes()).into_future());
        Self { runtime, address, client: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The endpoint with parameters in its address.
    pub(crate) fn get(&self, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pairs: Vec<_> =
            parameters.iter().map(|(name, text)| format!("{name}={}", escaped(text))).collect();
        self.client.get(self.url(&format!("/graphql?{}", pairs.join("&"))))
    }

    /// The answer to one document, as JSON.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        self.post(&json!({ "query": query })).await.1
    }

    pub(crate) async fn post(&self, body: &Value) -> (u16, Value) {
        let sent = self.client.post(self.url("/graphql")).json(body).send().await.unwrap();
        (sent.status().as_u16(), sent.json().await.unwrap())
    }

    pub(crate) async fn is_alive(&self) -> bool {
        self.ask("{ hello }").await == json!({ "data": { "hello": "world" } })
    }

    /// A socket that has been acknowledged.
    pub(crate) async fn socket(&self) -> Socket {
        let mut socket = self.unopened_socket().await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(crate) async fn unopened_socket(&self) -> Socket {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        Socket(tokio_tungstenite::connect_async(request).await.unwrap().0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.shutdown.cancel();
    }
}

/// A client's end of a socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    pub(crate) async fn receive(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("expected a message, got {other:?}"),
        }
    }

    /// The code that the server closes with; none when it just goes.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(Duration::from_secs(30), self.0.next()).await;
        next.unwrap().and_then(Result::ok)
    }
}

pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The code of an answer's first error.
pub(crate) fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}
