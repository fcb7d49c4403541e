//! `uploadLog`: a received file becomes a run and its job.
#![expect(clippy::large_enum_variant, reason = "an answer is made once an operation")]

use async_graphql::{Context, ID, InputObject, SimpleObject, Union};
use entity::{
    dbc,
    id::{TestDayId, VehicleId},
    job::DbcBinding,
    run::NewRun,
    upload::Committed,
};

use super::{
    error::{Answer, Code, Refusal},
    input,
    job::Job,
    load::load,
    problem::Refused,
    run::Run,
    run_dbc::{self, RunDbcInput},
    run_edit::existing,
    runtime,
    scalar::Upload,
    upload::UploadRecord,
};
use crate::upload::{CommitError, NewRunOfLog, ReceivedLog, commit};

/// A log to upload, and what is known of the run.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UploadLogInput {
    /// The log; its format is recognised by its content.
    file: Upload,
    /// The DBCs to decode with, the first that knows a frame decodes it; the vehicle's, else the defaults, unless
    /// told.
    dbcs: Option<Vec<RunDbcInput>>,
    /// The IANA zone of the logger's clock, where the log has local times; the test day's, the vehicle's, else the
    /// server's, unless told.
    time_zone: Option<String>,
    /// Where it was driven.
    location: Option<String>,
    /// The run's number on its day ("runofday" in the original API); that of a file named as LOG00011.CSV or
    /// run017.csv unless told.
    number: Option<i32>,
    /// Its name.
    name: Option<String>,
    /// What kind of drive: Endurance, Skidpad …
    #[graphql(name = "type")]
    kind: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Who drove.
    driver: Option<String>,
    /// Words to find it by.
    tags: Option<Vec<String>>,
    /// The car.
    vehicle: Option<ID>,
    /// The day it belongs to.
    test_day: Option<ID>,
    /// A text of the caller's own for a safe repeat: the same key again answers with the same run.
    idempotency_key: Option<String>,
    /// Makes another run of a log that the server has already, instead of answering with the run it is.
    #[graphql(default)]
    as_new_run: bool,
}

/// A log was accepted: it cannot be lost any more, and its conversion is under way.
#[derive(Debug, SimpleObject)]
pub(crate) struct UploadLogPayload {
    /// The transfer.
    upload: Option<UploadRecord>,
    /// The run it became, or was already.
    run: Option<Run>,
    /// The run's newest job: subscribe to it to watch the conversion.
    job: Option<Job>,
    /// Whether the server had these bytes: then the run is the one that has them, unchanged.
    duplicate: bool,
}

/// What `uploadLog` answers.
#[derive(Union)]
pub(crate) enum UploadLogResult {
    Accepted(UploadLogPayload),
    Refused(Refused),
}

/// Makes a run of the file that this request brought.
pub(crate) async fn upload(ctx: &Context<'_>, input: UploadLogInput) -> Answer<UploadLogPayload> {
    let log = received(ctx, input.file)?;
    let new = NewRunOfLog {
        as_new_run: input.as_new_run,
        idempotency_key: input::optional_text(input.idempotency_key.as_deref(), "idempotencyKey", 100)?,
        run: new_run(ctx, &input, &log.file_name).await?,
    };
    let Committed { upload_id, run_id, job_id, duplicate, .. } =
        commit(runtime(ctx), log, new).await.map_err(refusal)?;
    Ok(UploadLogPayload {
        upload: load(ctx, upload_id).await?.map(UploadRecord),
        run: load(ctx, run_id).await?.map(Run),
        job: load(ctx, job_id).await?.map(Job::from),
        duplicate,
    })
}

/// The file that this request brought, if `file` names it.
pub(crate) fn received<'a>(ctx: &Context<'a>, file: Upload) -> Answer<&'a ReceivedLog> {
    let here = ctx.data_opt::<ReceivedLog>().filter(|log| log.upload_id == file.0);
    here.ok_or_else(|| Refusal::input("file", "The file must come in this very request, as multipart."))
}

async fn new_run(ctx: &Context<'_>, input: &UploadLogInput, file_name: &str) -> Answer<NewRun> {
    let text =
        |value: &Option<String>, field: &str, most| input::optional_text(value.as_deref(), field, most);
    let vehicle = input.vehicle.as_ref().map(|id| input::id::<VehicleId>(id, "vehicle")).transpose()?;
    let test_day = input.test_day.as_ref().map(|id| input::id::<TestDayId>(id, "testDay")).transpose()?;
    let vehicle = existing(ctx, vehicle, "vehicle").await?;
    let test_day = existing(ctx, test_day, "testDay").await?;
    Ok(NewRun {
        number: input.number.map(input::number).transpose()?.or_else(|| number_in(file_name)),
        name: text(&input.name, "name", 100)?,
        kind: text(&input.kind, "type", 100)?,
        description: text(&input.description, "description", 10_000)?,
        location: text(&input.location, "location", 100)?,
        driver: text(&input.driver, "driver", 100)?,
        tags: input::tags(input.tags.as_deref().unwrap_or_default())?,
        time_zone: time_zone(ctx, input.time_zone.as_deref(), (test_day, vehicle)).await?,
        dbcs: dbcs(ctx, input.dbcs.as_deref(), vehicle).await?,
        vehicle_id: vehicle,
        test_day_id: test_day,
    })
}

/// The number in a logger's file name, as in `LOG00011.CSV` and `run017.csv`.
fn number_in(file_name: &str) -> Option<i32> {
    let name = file_name.to_ascii_lowercase();
    let digits = |at: usize| {
        let rest = name.get(at + 3..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok().and_then(|number| input::number(number).ok())
    };
    ["log", "run"].iter().flat_map(|word| name.match_indices(word)).find_map(|(at, _)| digits(at))
}

/// The zone that is told, else the day's, the vehicle's, the server's.
async fn time_zone(
    ctx: &Context<'_>,
    told: Option<&str>,
    (test_day, vehicle): (Option<TestDayId>, Option<VehicleId>),
) -> Answer<String> {
    if let Some(name) = told {
        return input::time_zone(name);
    }
    if let Some(day) = test_day
        && let Some(day) = load(ctx, day).await?
    {
        return Ok(day.time_zone);
    }
    if let Some(vehicle) = vehicle
        && let Some(zone) = load(ctx, vehicle).await?.and_then(|vehicle| vehicle.time_zone)
    {
        return Ok(zone);
    }
    Ok(runtime(ctx).config.time_zone.name.clone())
}

/// The DBCs that are told, else the vehicle's, else the defaults.
async fn dbcs(
    ctx: &Context<'_>,
    told: Option<&[RunDbcInput]>,
    vehicle: Option<VehicleId>,
) -> Answer<Vec<DbcBinding>> {
    match told {
        Some(told) => Ok(run_dbc::bindings(ctx, told).await?.into_iter().map(DbcBinding::from).collect()),
        None => Ok(dbc::defaults(runtime(ctx).database.read(), vehicle).await?),
    }
}

fn refusal(error: CommitError) -> Refusal {
    match error {
        CommitError::GivenUp => Refusal::conflict("The upload was given up meanwhile; send the log again."),
        CommitError::KeyReused => {
            Refusal::new(Code::Conflict, "This key was used for another log.").at("idempotencyKey")
        }
        CommitError::Database(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::number_in;

    #[test]
    fn a_loggers_file_name_carries_the_number() {
        for (name, number) in [
            ("LOG00011.CSV", Some(11)),
            ("run017 (2).csv", Some(17)),
            ("catalog-RUN4.csv", Some(4)),
            ("drive.log", None),
            ("log99999999999.csv", None),
            ("Łódź-log7.csv", Some(7)),
        ] {
            assert_eq!(number_in(name), number, "{name}");
        }
    }
}
