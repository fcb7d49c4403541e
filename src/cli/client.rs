//! A client of the service like any other: GraphQL over HTTP, uploads by multipart, subscriptions by WebSocket.

mod socket;

use std::{path::Path, time::Duration};

use futures::{Stream, StreamExt, TryStreamExt};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

/// Bytes a piece of an upload: small enough for a smooth bar, large enough for a fast disk.
const PIECE: usize = 1 << 20;

/// A running service, by its address.
pub(crate) struct Client {
    http: reqwest::Client,
    base: reqwest::Url,
}

impl Client {
    /// `base` is the service's address, e.g. `http://127.0.0.1:3001`.
    pub(crate) fn new(base: &str) -> Result<Self> {
        let base = reqwest::Url::parse(base)
            .into_diagnostic()
            .wrap_err_with(|| format!("`{base}` is no address; it looks like http://127.0.0.1:3001"))?;
        let http =
            reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build().into_diagnostic()?;
        Ok(Self { http, base })
    }

    /// The address of `path` at this service.
    pub(crate) fn address(&self, path: &str) -> Result<reqwest::Url> {
        self.base.join(path).into_diagnostic()
    }

    /// Runs a query or a mutation; its `data`, or the first error's message.
    pub(crate) async fn run(&self, document: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": document, "variables": variables });
        let answer = self.http.post(self.address("graphql")?).json(&body).send().await.into_diagnostic()?;
        data_of(answer).await
    }

    /// Runs a mutation whose `$file` is the content of `path`; `sent` hears the bytes on their way.
    pub(crate) async fn upload(
        &self,
        upload: Upload<'_>,
        sent: impl Fn(u64) + Send + 'static,
    ) -> Result<Value> {
        let file = tokio::fs::File::open(upload.path)
            .await
            .into_diagnostic()
            .wrap_err_with(|| format!("{} cannot be read", upload.path.display()))?;
        let length = file.metadata().await.into_diagnostic()?.len();
        let bytes =
            ReaderStream::with_capacity(file, PIECE).inspect_ok(move |piece| sent(piece.len() as u64));
        let name =
            upload.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let part = Part::stream_with_length(reqwest::Body::wrap_stream(bytes), length).file_name(name);
        let operations = json!({ "query": upload.document, "variables": upload.variables });
        let form = Form::new()
            .text("operations", operations.to_string())
            .text("map", json!({ "file": [upload.variable] }).to_string())
            .part("file", part);
        let request =
            self.http.post(self.address("graphql")?).header("graphql-require-preflight", "1").multipart(form);
        data_of(request.send().await.into_diagnostic()?).await
    }

    /// Runs a subscription: the `data` of each event, until the service completes it.
    pub(crate) async fn subscribe(
        &self,
        document: &str,
        variables: Value,
    ) -> Result<impl Stream<Item = Result<Value>> + use<>> {
        Ok(socket::subscribe(self.address("graphql")?, document, variables).await?.boxed())
    }
}

/// A mutation with a file.
pub(crate) struct Upload<'a> {
    /// The GraphQL text.
    pub(crate) document: &'a str,
    /// Its variables; the file's place holds null.
    pub(crate) variables: Value,
    /// The file's place, e.g. `variables.input.file`.
    pub(crate) variable: &'a str,
    /// The file.
    pub(crate) path: &'a Path,
}

async fn data_of(answer: reqwest::Response) -> Result<Value> {
    let status = answer.status();
    let body: Value =
        answer.json().await.into_diagnostic().wrap_err_with(|| {
            format!("the service answered {status} without JSON; is it a Data Viewer API?")
        })?;
    if let Some(message) = body.pointer("/errors/0/message").and_then(Value::as_str) {
        return Err(miette!("{message}"));
    }
    body.get("data").cloned().ok_or_else(|| miette!("the service answered {status} without data"))
}
