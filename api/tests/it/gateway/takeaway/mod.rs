//! What is taken over plain HTTP, from a server on real parts.

mod export;
mod files;
mod lake;
mod links;
mod table;
mod table_links;

use std::{net::SocketAddr, ops::Deref};

use entity::{
    id::{ConversionId, JobId, RunId},
    job,
};
use platform::runtime::Runtime;
use reqwest::{Method, Response};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Api, series::drive};
use crate::probe;

/// A schema, and a server of the same runtime; it ends with the value.
pub(super) struct Site {
    api: Api,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(super) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let api = Api::start_with(variables).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(api::serve(Runtime::clone(&api.runtime), listener));
        Self { api, address, client: probe::client() }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn ask_for(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        self.ask_for(Method::GET, path, &[]).await
    }

    /// The data of a query that is sent to the server.
    pub(super) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.client.post(self.url("/graphql")).json(&body).send().await.unwrap();
        let mut answer: Value = sent.json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// All bytes, or that they did not come.
    pub(super) async fn whole(&self, path: &str) -> reqwest::Result<bytes::Bytes> {
        self.client.get(self.url(path)).send().await?.bytes().await
    }

    /// The status and the code of a refusal.
    pub(super) async fn refused(&self, path: &str) -> (u16, String) {
        let refused = self.get(path).await;
        let status = refused.status().as_u16();
        let body: Value = refused.json().await.unwrap();
        assert!(body["message"].is_string() && body.get("hint").is_some(), "{body}");
        (status, body["code"].as_str().unwrap().to_owned())
    }

    /// Converts the run again, as a worker would.
    pub(super) async fn convert_again(&self, run: RunId) -> ConversionId {
        let queue = "mutation($id: ID!) { reconvertRun(input: { id: $id }) {
            ... on ReconvertRunPayload { job { id } } ... on Problem { code } } }";
        let queued = self.ask(queue, json!({ "id": run.to_string() })).await;
        let id: JobId = queued["reconvertRun"]["job"]["id"].as_str().unwrap().parse().unwrap();
        let job = job::Entity::find_by_id(id).one(self.runtime.database.read());
        self.publish((run, job.await.unwrap().unwrap()), drive(1)).await
    }
}

impl Deref for Site {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.api.runtime.shutdown.cancel();
    }
}

/// A header's text.
pub(super) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
