//! Follows a job by the subscription: a bar that fills as the converter reads, and one line for the end.

use std::pin::pin;

use futures::StreamExt;
use indicatif::ProgressBar;
use miette::{Result, miette};
use serde_json::{Value, json};

use super::send::{Sent, style};
use crate::cli::client::Client;

const FOLLOW: &str = "subscription Follow($id: ID!) {
  job(id: $id) { job { state stage progress { done total frames warnings } failure { message hint line } } }
}";

const RESULT: &str = "query Result($run: ID!) {
  run(id: $run) {
    warningCount
    signals(first: 0) { totalCount }
    report { frames { read decoded unknownId } samples badLines }
  }
}";

/// Shows the conversion until it ends; what came out of it, in one line.
///
/// # Errors
/// When the conversion fails or is cancelled, or the service cannot be reached.
pub(crate) async fn run(client: &Client, sent: &Sent) -> Result<String> {
    let bar = ProgressBar::new(0).with_style(style("converted")?);
    let mut events = pin!(client.subscribe(FOLLOW, json!({ "id": sent.job })).await?);
    let mut job = Value::Null;
    while let Some(event) = events.next().await {
        job = event?.pointer_mut("/job/job").map(Value::take).unwrap_or_default();
        bar.set_length(count(&job, "/progress/total"));
        bar.set_position(count(&job, "/progress/done"));
    }
    bar.finish_and_clear();
    match job["state"].as_str() {
        Some("SUCCEEDED") => summary(client, sent).await,
        Some("FAILED") => Err(miette!("{}", reason(&job["failure"]))),
        state => Err(miette!("the conversion ended as {}", state.unwrap_or("unknown"))),
    }
}

async fn summary(client: &Client, sent: &Sent) -> Result<String> {
    let answer = client.run(RESULT, json!({ "run": sent.run })).await?;
    let run = &answer["run"];
    Ok(format!(
        "{}{}: {} frames, {} decoded, {} of unknown ids, {} bad lines; {} samples in {} signals, {} warnings",
        sent.run,
        if sent.duplicate { " (the service had it already)" } else { "" },
        count(run, "/report/frames/read"),
        count(run, "/report/frames/decoded"),
        count(run, "/report/frames/unknownId"),
        count(run, "/report/badLines"),
        count(run, "/report/samples"),
        count(run, "/signals/totalCount"),
        count(run, "/warningCount"),
    ))
}

fn reason(failure: &Value) -> String {
    let message = failure["message"].as_str().unwrap_or("the conversion failed");
    let line = failure["line"].as_str().map(|line| format!(" (line {line})")).unwrap_or_default();
    let hint = failure["hint"].as_str().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{message}{line}{hint}")
}

/// A count at `pointer`; 64-bit ones come as text.
fn count(answer: &Value, pointer: &str) -> u64 {
    let found = answer.pointer(pointer);
    found.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok())).unwrap_or(0)
}
