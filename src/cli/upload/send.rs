//! Sends a file by a mutation, with a bar of the bytes on their way.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::{Value, json};

use crate::cli::client::{Client, Upload};

const UPLOAD_LOG: &str = "mutation Upload($input: UploadLogInput!) {
  uploadLog(input: $input) {
    ... on UploadLogPayload { duplicate run { id } job { id } }
    ... on Problem { code message }
  }
}";

const REGISTER_DBC: &str = "mutation Register($input: RegisterDbcInput!) {
  registerDbc(input: $input) {
    ... on RegisterDbcPayload { dbc { id } }
    ... on Problem { code message }
  }
}";

/// A log that the service has accepted.
pub(crate) struct Sent {
    /// Its run.
    pub(crate) run: String,
    /// The job that converts it.
    pub(crate) job: String,
    /// Whether the service had these bytes before.
    pub(crate) duplicate: bool,
}

/// Sends a log; `input` is the mutation's, without the file.
pub(crate) async fn log(client: &Client, path: &Path, mut input: Value) -> Result<Sent> {
    input["file"] = Value::Null;
    let bytes = std::fs::metadata(path).into_diagnostic().wrap_err("cannot be read")?.len();
    let bar = ProgressBar::new(bytes).with_style(style("sent     ")?);
    let sent = bar.clone();
    let upload = Upload {
        document: UPLOAD_LOG,
        variables: json!({ "input": input }),
        variable: "variables.input.file",
        path,
    };
    let answer = client.upload(upload, move |bytes| sent.inc(bytes)).await;
    bar.finish_and_clear();
    let answer = accepted(answer?, "uploadLog")?;
    Ok(Sent {
        run: text(&answer, "/run/id")?,
        job: text(&answer, "/job/id")?,
        duplicate: answer["duplicate"] == true,
    })
}

/// Registers a DBC file; its id. The same bytes again give the same id.
pub(crate) async fn dbc(client: &Client, path: &Path) -> Result<String> {
    let upload = Upload {
        document: REGISTER_DBC,
        variables: json!({ "input": { "file": null } }),
        variable: "variables.input.file",
        path,
    };
    let answer = client.upload(upload, |_| {}).await.wrap_err_with(|| format!("{}", path.display()))?;
    text(&accepted(answer, "registerDbc")?, "/dbc/id")
}

/// A bar of bytes under this heading.
pub(crate) fn style(heading: &str) -> Result<ProgressStyle> {
    let shape = format!("{heading} {{wide_bar}} {{percent:>3}} % {{binary_bytes_per_sec:>12}} {{eta:>4}}");
    ProgressStyle::with_template(&shape).into_diagnostic()
}

/// The payload, or what the service had against it.
fn accepted(mut answer: Value, mutation: &str) -> Result<Value> {
    let payload = answer[mutation].take();
    match (payload["code"].as_str(), payload["message"].as_str()) {
        (Some(code), Some(message)) => Err(miette!("{message} ({code})")),
        _ => Ok(payload),
    }
}

/// The text at `pointer`.
pub(crate) fn text(answer: &Value, pointer: &str) -> Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.map(ToOwned::to_owned).ok_or_else(|| miette!("the service's answer has no {pointer}"))
}
