//! `convert_upload`: a stored log becomes the run's current conversion.

mod command;
mod fetch;
mod publish;
mod store;
mod verify;

use std::time::Instant;

use entity::job::{ConvertPayload, JobStage};
use tracing::{Instrument, info_span};

use crate::execution::Execution;
use crate::heartbeat;
use crate::outcome::{Outcome, Setback, judge};
use crate::tally;

/// One execution, from the stored log to the published conversion. Nothing is visible before the last line.
pub(crate) async fn run(execution: &Execution) -> Outcome<()> {
    let payload = payload(execution)?;
    let room = execution.worker.scratch.room()?;
    execution.unless_stopped(fetch::fetch(execution, &payload, &room)).await?;
    platform::crashpoint!("W3");

    execution.tracker.stage(JobStage::Reading);
    let command = command::convert(&execution.worker, &payload, &room);
    let began = Instant::now();
    judge(execution.convert(command).instrument(info_span!("conversion")).await?)?;
    tally::converted(execution, began);
    platform::crashpoint!("W5");

    execution.tracker.stage(JobStage::Storing);
    let output = verify::verify(room.path(command::OUT)).await?;
    platform::crashpoint!("W6");
    let conversion = store::begin(execution).await?;
    platform::crashpoint!("W2");
    let stored = execution.unless_stopped(store::store(execution, &conversion, &room, &output)).await;
    platform::crashpoint!("W7");

    execution.tracker.stage(JobStage::Committing);
    // What the row says of the progress stays when the job has ended.
    heartbeat::once(execution).await;
    let published = match stored {
        Ok(()) => {
            tally::stored(output.bytes);
            publish::publish(execution, &conversion, &output).instrument(info_span!("publish")).await
        }
        Err(setback) => Err(setback),
    };
    platform::crashpoint!("W8");
    if published.is_err() {
        store::discard(execution, &conversion).await;
    }
    published
}

fn payload(execution: &Execution) -> Outcome<ConvertPayload> {
    serde_json::from_str(&execution.job.payload)
        .map_err(|error| Setback::Crashed(format!("the job's payload cannot be read: {error}")))
}
