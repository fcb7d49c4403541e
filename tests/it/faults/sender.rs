//! A client that sends logs until they are accepted, whatever happens to the server meanwhile.

use std::time::Duration;

use entity::id::{JobId, RunId};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};

use super::drives::{DBC, Drive};
use crate::client::{REGISTER, UPLOAD};
use crate::seed::DEADLINE;

/// A log that the service has accepted: it cannot be lost any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) run: RunId,
    pub(crate) job: JobId,
    /// Which of the drives it is.
    pub(crate) drive: usize,
}

/// A client of a service that may move and fail.
pub(crate) struct Sender {
    http: reqwest::Client,
    address: watch::Sender<String>,
    dbc: Mutex<Option<String>>,
    /// Codes of refusals that it was told, each time.
    refusals: std::sync::Mutex<Vec<String>>,
}

/// Why one attempt brought nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// No answer, or none that is JSON.
    Connection(String),
    /// A refusal with its code.
    Refused(String),
}

impl Sender {
    pub(crate) fn new(address: String) -> Self {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self {
            http,
            address: watch::Sender::new(address),
            dbc: Mutex::default(),
            refusals: Default::default(),
        }
    }

    /// The service answers elsewhere from now on.
    pub(crate) fn moved(&self, address: String) {
        self.address.send_replace(address);
    }

    pub(crate) fn address(&self) -> String {
        self.address.borrow().clone()
    }

    /// Codes of all refusals so far.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.refusals.lock().unwrap().clone()
    }

    /// Sends the drive, again and again under one key, until it is accepted.
    pub(crate) async fn deliver(&self, drives: &[Drive], number: usize, key: &str) -> Accepted {
        let mut last = None;
        let delivered = timeout(DEADLINE, async {
            loop {
                match self.send(drives, number, key).await {
                    Ok(accepted) => return accepted,
                    Err(failed) => last = Some(failed),
                }
                sleep(Duration::from_millis(50)).await;
            }
        });
        let delivered = delivered.await;
        delivered.unwrap_or_else(|_| panic!("{key} was never accepted: {last:?}"))
    }

    /// One attempt.
    pub(crate) async fn send(&self, drives: &[Drive], number: usize, key: &str) -> Result<Accepted, Failed> {
        let dbc = self.dbc().await?;
        let input =
            json!({ "file": null, "asNewRun": true, "idempotencyKey": key, "dbcs": [{ "dbc": dbc }] });
        let operations = json!({ "query": UPLOAD, "variables": { "input": input } });
        let file = Part::text(drives[number].log.clone()).file_name("drive.log");
        let form = Form::new()
            .text("operations", operations.to_string())
            .text("map", json!({ "0": ["variables.input.file"] }).to_string())
            .part("0", file);
        let request = self.post().header("graphql-require-preflight", "1").multipart(form);
        let answer = self.data(request).await?;
        let id = |path: &str| answer.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (run, job) = (id("/uploadLog/run/id").parse(), id("/uploadLog/job/id").parse());
        match (run, job) {
            (Ok(run), Ok(job)) => Ok(Accepted { run, job, drive: number }),
            _ => Err(self.refused(answer.pointer("/uploadLog/code"), &answer)),
        }
    }

    /// The `data` of a query or a mutation.
    pub(crate) async fn ask(&self, document: &str, variables: Value) -> Result<Value, Failed> {
        self.data(self.post().json(&json!({ "query": document, "variables": variables }))).await
    }

    /// The one DBC of all drives, registered by whoever comes first.
    pub(crate) async fn dbc(&self) -> Result<String, Failed> {
        let mut known = self.dbc.lock().await;
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        let answer = self.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await?;
        match answer.pointer("/registerDbc/dbc/id").and_then(Value::as_str) {
            Some(id) => Ok(known.insert(id.to_owned()).clone()),
            None => Err(self.refused(answer.pointer("/registerDbc/code"), &answer)),
        }
    }

    fn post(&self) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}/graphql", self.address()))
    }

    async fn data(&self, request: reqwest::RequestBuilder) -> Result<Value, Failed> {
        let gone = |error: reqwest::Error| Failed::Connection(error.to_string());
        let text = request.send().await.map_err(gone)?.text().await.map_err(gone)?;
        let mut answer: Value =
            serde_json::from_str(&text).map_err(|_| Failed::Connection(format!("no JSON: {text}")))?;
        match answer.pointer("/errors/0/extensions/code") {
            Some(code) => Err(self.refused(Some(code), &answer)),
            None => Ok(answer["data"].take()),
        }
    }

    fn refused(&self, code: Option<&Value>, answer: &Value) -> Failed {
        let code = code.and_then(Value::as_str).unwrap_or("no code").to_owned();
        self.refusals.lock().unwrap().push(code.clone());
        Failed::Refused(format!("{code}: {answer}"))
    }
}
