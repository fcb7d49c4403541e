//! The one transaction that makes a conversion the run's.

use canlog::manifest::{MessageFile, SignalSummary};
use entity::conversion::{self, ConversionState, Publication};
use entity::signal::RecordedSignal;
use platform::database::is_passing;
use sea_orm::{DbErr, EntityTrait};
use serde::Serialize;

use super::verify::Output;
use crate::execution::Execution;
use crate::outcome::{Outcome, Setback};
use crate::stop::StopReason;

/// Publishes, or says who was faster.
pub(super) async fn publish(
    execution: &Execution,
    conversion: &conversion::Model,
    output: &Output,
) -> Outcome<()> {
    let publication = publication(conversion, output)?;
    let committed = execution.insist(|| commit(execution, &publication)).await;
    if matches!(committed, Ok(true)) {
        return Ok(());
    }
    // An answer may have been lost on its way: what counts is what the database holds.
    if execution.insist(|| is_published(execution, conversion)).await? {
        return Ok(());
    }
    match committed {
        Ok(_) => Err(overtaken(execution)),
        Err(error) if is_passing(&error) => Err(error.into()),
        // Another attempt would be refused for the same: of those a job has three.
        Err(error) => Err(Setback::Crashed(format!("its result was refused: {error}"))),
    }
}

async fn commit(execution: &Execution, publication: &Publication) -> Result<bool, DbErr> {
    let publication = publication.clone();
    let committed = execution.worker.runtime.database.transaction(move |tx| {
        let publication = publication.clone();
        Box::pin(async move {
            let published = conversion::publish(tx, publication).await?;
            platform::crashpoint!("W8tx");
            Ok(published)
        })
    });
    committed.await
}

async fn is_published(execution: &Execution, conversion: &conversion::Model) -> Result<bool, DbErr> {
    let found = conversion::Entity::find_by_id(conversion.id).one(execution.worker.runtime.database.read());
    Ok(found.await?.is_some_and(|row| row.state == ConversionState::Published))
}

/// The job is not ours any more, or somebody cancelled it meanwhile: cancelling is fenced, and tells the two
/// apart.
fn overtaken(execution: &Execution) -> Setback {
    Setback::Stopped(execution.stop.reason().unwrap_or(StopReason::Cancelled))
}

fn publication(conversion: &conversion::Model, output: &Output) -> Outcome<Publication> {
    let report = &output.report;
    let warnings: u64 = report.problems.iter().map(|problem| problem.count).sum();
    Ok(Publication {
        conversion_id: conversion.id,
        job_id: conversion.job_id,
        token: conversion.token,
        run_id: conversion.run_id,
        manifest: json(&output.manifest)?,
        report: json(report)?,
        bytes: i64::try_from(output.bytes).unwrap_or(i64::MAX),
        warning_count: i32::try_from(warnings).unwrap_or(i32::MAX),
        time_source: json(&report.time_source)?.trim_matches('"').to_owned(),
        start_at: report.start,
        end_at: report.end,
        signals: signals(&output.manifest.messages)?,
    })
}

fn signals(messages: &[MessageFile]) -> Outcome<Vec<RecordedSignal>> {
    let each =
        messages.iter().flat_map(|message| message.signals.iter().map(move |signal| (message, signal)));
    each.map(|(message, signal)| recorded(message, signal)).collect()
}

fn recorded(message: &MessageFile, signal: &SignalSummary) -> Outcome<RecordedSignal> {
    Ok(RecordedSignal {
        bus: message.bus.clone(),
        frame_id: message.frame_id,
        extended: message.extended,
        message: message.message.clone(),
        name: signal.name.clone(),
        unit: signal.unit.clone(),
        file: message.file.clone(),
        overview: message.overview.file.clone(),
        sorted: message.sorted,
        count: i64::try_from(signal.count).unwrap_or(i64::MAX),
        summary: json(signal)?,
        first_at: signal.first_time,
        last_at: signal.last_time,
    })
}

fn json(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value)
        .map_err(|error| Setback::Crashed(format!("the output has no JSON form: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use canlog::manifest::Manifest;
    use canlog::report::Report;
    use platform::testing::TestRuntime;
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::Worker;
    use crate::claim;
    use crate::jobs::convert_upload::store;
    use crate::seed::queued;

    fn output() -> Output {
        Output {
            manifest: Manifest::default(),
            report: Report::default(),
            files: Vec::new(),
            manifest_name: "manifest.json".parse().unwrap(),
            bytes: 0,
        }
    }

    #[tokio::test]
    async fn a_publication_that_the_database_refuses_cancels_nothing() {
        let runtime = TestRuntime::start().await.unwrap();
        queued(&runtime).await;
        let worker = Arc::new(Worker::open((*runtime).clone(), "unused".into()).unwrap());
        let execution = Execution::new(worker.clone(), claim::next(&worker).await.unwrap());
        let conversion = store::begin(&execution).await.unwrap();

        let database = runtime.database.write();
        let refusing =
            "CREATE TRIGGER refuse BEFORE UPDATE ON conversion BEGIN SELECT RAISE(ABORT, 'no'); END";
        database.execute_unprepared(refusing).await.unwrap();
        let refused = publish(&execution, &conversion, &output()).await.unwrap_err();
        assert!(matches!(refused, Setback::Crashed(_)), "{refused:?}");

        database.execute_unprepared("DROP TRIGGER refuse").await.unwrap();
        publish(&execution, &conversion, &output()).await.unwrap();
    }
}
