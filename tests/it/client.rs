//! A server of its own for a test, and a client that speaks its public contract only.

use std::ops::Deref;
use std::path::Path;
use std::process::Stdio;

use futures::{SinkExt, StreamExt};
use platform::testing::BackEnd;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::seed::{DEADLINE, binary};

/// Registers a DBC.
pub(crate) const REGISTER: &str = "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) {
    ... on RegisterDbcPayload { dbc { id } } ... on Problem { code message } } }";
/// Uploads a log, which is `$input.file`.
pub(crate) const UPLOAD: &str = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
    ... on UploadLogPayload { run { id } job { id } } ... on Problem { code message } } }";
/// The run's signal `Speed`, and where its log is.
pub(crate) const SERIES: &str = "query($id: ID!) { run(id: $id) { log { downloadUrl }
    series(signals: [{ name: \"Speed\" }]) { values } } }";

/// `dataviewer` without configuration but a free port, in a folder of its own; killed when dropped.
pub(crate) struct Server {
    client: Client,
    _process: Child,
    _folder: TempDir,
}

/// A client's end of a WebSocket.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Asks the server at an address.
pub(crate) struct Client {
    address: String,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with its database on `back_end`.
    pub(crate) async fn on(back_end: BackEnd) -> Self {
        match back_end {
            BackEnd::Sqlite => Self::start().await,
            server => Self::start_with(&[("DATABASE_URL", &server.fresh(Path::new("")).await)]).await,
        }
    }

    async fn start_with(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut process = Command::new(binary())
            .env_clear()
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = timeout(DEADLINE, async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the server ended");
                if let Some((_, rest)) = line.split_once("serving on http://") {
                    break rest.split_whitespace().next().unwrap().to_owned();
                }
            }
        });
        let address = address.await.unwrap();
        // Whoever reads nothing any more blocks a talkative server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { client: Client::of(address), _process: process, _folder: folder }
    }
}

impl Client {
    /// Of the server at `address`: host and port.
    pub(crate) fn of(address: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { address }
    }

    /// What an answer gives as an address.
    pub(crate) fn url(&self, url: &Value) -> String {
        let url = url.as_str().unwrap();
        assert!(url.starts_with(&format!("http://{}/", self.address)), "{url}");
        url.to_owned()
    }

    /// The `data` of a query or a mutation.
    pub(crate) async fn ask(&self, document: &str, variables: Value) -> Value {
        self.try_ask(document, variables).await.unwrap_or_else(|answer| panic!("{answer}"))
    }

    /// The `data` of a query or a mutation; the whole answer when it holds errors.
    pub(crate) async fn try_ask(&self, document: &str, variables: Value) -> Result<Value, Value> {
        let body = json!({ "query": document, "variables": variables });
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address)).json(&body);
        Self::data(request).await
    }

    /// The `data` of a mutation whose `input.file` is a file.
    pub(crate) async fn send(&self, document: &str, input: Value, (name, text): (&str, &str)) -> Value {
        self.send_part(document, input, Part::text(text.to_owned()).file_name(name.to_owned())).await
    }

    /// As [`Client::send`], whatever the file is made of.
    pub(crate) async fn send_part(&self, document: &str, input: Value, file: Part) -> Value {
        self.try_send(document, input, file).await.unwrap_or_else(|answer| panic!("{answer}"))
    }

    /// As [`Client::send_part`]; the whole answer when it holds errors.
    pub(crate) async fn try_send(&self, document: &str, input: Value, file: Part) -> Result<Value, Value> {
        let operations = json!({ "query": document, "variables": { "input": input } });
        let form = Form::new()
            .text("operations", operations.to_string())
            .text("map", json!({ "0": ["variables.input.file"] }).to_string())
            .part("0", file);
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address));
        Self::data(request.header("graphql-require-preflight", "1").multipart(form)).await
    }

    async fn data(request: reqwest::RequestBuilder) -> Result<Value, Value> {
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        if answer.get("errors").is_none() { Ok(answer["data"].take()) } else { Err(answer) }
    }

    /// The `data` of every event of a subscription, until the server completes it.
    pub(crate) async fn watch(&self, document: &str, variables: Value) -> Vec<Value> {
        let mut socket = self.subscribe(document, variables).await;
        let mut events = Vec::new();
        loop {
            let message = timeout(DEADLINE, socket.next()).await.unwrap().unwrap().unwrap();
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            match message["type"].as_str().unwrap() {
                "next" => events.push(message["payload"]["data"].take()),
                "complete" => return events,
                "error" => panic!("{message}"),
                _ => {}
            }
        }
    }

    /// A socket that has asked for a subscription and heard nothing yet.
    pub(crate) async fn subscribe(&self, document: &str, variables: Value) -> Socket {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        let payload = json!({ "query": document, "variables": variables });
        for message in [
            json!({ "type": "connection_init" }),
            json!({ "id": "1", "type": "subscribe", "payload": payload }),
        ] {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        socket
    }
}
