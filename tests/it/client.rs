//! A server of its own for a test, and a client that speaks its public contract only.

use std::process::Stdio;

use futures::{SinkExt, StreamExt};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::seed::{DEADLINE, binary};

/// `dataviewer` without configuration but a free port, in a folder of its own; killed when dropped.
pub(crate) struct Server {
    address: String,
    _process: Child,
    _folder: TempDir,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let mut process = Command::new(binary())
            .env_clear()
            .env("PORT", "0")
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
        Self { address, _process: process, _folder: folder }
    }

    /// The `data` of a query or a mutation.
    pub(crate) async fn ask(&self, document: &str, variables: Value) -> Value {
        let body = json!({ "query": document, "variables": variables });
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address)).json(&body);
        Self::data(request).await
    }

    /// The `data` of a mutation whose `input.file` is a file.
    pub(crate) async fn send(&self, document: &str, input: Value, (name, text): (&str, &str)) -> Value {
        let operations = json!({ "query": document, "variables": { "input": input } });
        let form = Form::new()
            .text("operations", operations.to_string())
            .text("map", json!({ "0": ["variables.input.file"] }).to_string())
            .part("0", Part::text(text.to_owned()).file_name(name.to_owned()));
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address));
        Self::data(request.header("graphql-require-preflight", "1").multipart(form)).await
    }

    async fn data(request: reqwest::RequestBuilder) -> Value {
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// The `data` of every event of a subscription, until the server completes it.
    pub(crate) async fn watch(&self, document: &str, variables: Value) -> Vec<Value> {
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
}
