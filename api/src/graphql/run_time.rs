//! `setRunTime`: when a run was driven, for a log whose clock does not say it or says it wrong.
#![expect(clippy::large_enum_variant, reason = "an answer is made once an operation")]

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use canlog::{frame::Micros, read::YEAR_2000};
use entity::{
    clock, conversion,
    id::RunId,
    job::{self, ConvertPayload, Enqueued, NewJob},
    run::{self, ActiveModel, Column, Model},
    run_dbc,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};

use super::{
    error::{Answer, Refusal},
    input,
    job::Job,
    problem::Refused,
    run::Run,
    run_convert::{note, ring},
    run_edit::undeleted,
    runtime,
    scalar::DateTime,
    transact::Aborted,
};

/// 2200-01-01T00:00:00Z, in microseconds: no run is driven later, nor moved by more.
const YEAR_2200: Micros = 7_258_118_400_000_000;

/// When a run was driven. A field left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SetRunTimeInput {
    /// The run.
    run: ID,
    /// When its earliest frame was; all others keep their distance. `null`: the times are those of the log.
    start: MaybeUndefined<DateTime>,
    /// The IANA zone that its logger's clock was set to, by which a local clock is read anew. Stamps since the epoch or
    /// since power-on are in no zone.
    time_zone: MaybeUndefined<String>,
    /// Seconds (also negative ones) to add to the times as they are set now. `null`: the times are those of the log.
    shift: MaybeUndefined<f64>,
}

/// The run has these times, or will have them once it is converted again.
#[derive(Debug, SimpleObject)]
pub(crate) struct SetRunTimePayload {
    /// The run; its present times serve until the job is done.
    run: Run,
    /// The job that gives it these times: a new one, or the newest, when nothing had to be changed.
    job: Option<Job>,
}

/// What `setRunTime` answers.
#[derive(Union)]
pub(crate) enum SetRunTimeResult {
    Set(SetRunTimePayload),
    Refused(Refused),
}

/// Microseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "below 2^53 microseconds")]
pub(crate) fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

/// What is to become of the shift.
#[derive(Clone, Copy, Debug)]
enum Change {
    Keep,
    Clear,
    Start(Micros),
    By(Micros),
}

/// What is wished for, checked as far as it can be without the run.
#[derive(Clone, Debug)]
struct Wish {
    zone: Option<String>,
    change: Change,
}

/// What came of it.
enum Outcome {
    Queued(Enqueued),
    Unchanged(Option<job::Model>),
}

/// Sets a run's times, and queues the conversion that gives it them.
pub(crate) async fn set(ctx: &Context<'_>, input: SetRunTimeInput) -> Answer<SetRunTimePayload> {
    let id: RunId = input::id(&input.run, "run")?;
    let zone = input::kept(input.time_zone, "timeZone")?;
    let zone = zone.as_deref().map(input::time_zone).transpose()?;
    let wish = Wish { zone, change: change(input.start, input.shift)? };
    let trace = platform::trace::current();
    let done = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (wish, trace) = (wish.clone(), trace.clone());
        Box::pin(async move {
            let (run, outcome) = settle(tx, id, wish).await?;
            if let Outcome::Queued(enqueued) = &outcome {
                note(tx, enqueued, trace).await?;
            }
            Ok((run, outcome))
        })
    });
    let (run, outcome) = done.await?;
    let job = match outcome {
        Outcome::Queued(enqueued) => Some(ring(runtime(ctx), enqueued).await),
        Outcome::Unchanged(job) => job.map(Job::from),
    };
    Ok(SetRunTimePayload { run: Run(run), job })
}

fn change(start: MaybeUndefined<DateTime>, shift: MaybeUndefined<f64>) -> Answer<Change> {
    match (start, shift) {
        (MaybeUndefined::Undefined, MaybeUndefined::Undefined) => Ok(Change::Keep),
        (MaybeUndefined::Null, MaybeUndefined::Undefined | MaybeUndefined::Null)
        | (MaybeUndefined::Undefined, MaybeUndefined::Null) => Ok(Change::Clear),
        (MaybeUndefined::Value(start), MaybeUndefined::Undefined) => {
            if (0..YEAR_2200).contains(&start.0) {
                return Ok(Change::Start(start.0));
            }
            Err(Refusal::input("start", "`start` must lie between the years 1970 and 2200."))
        }
        (MaybeUndefined::Undefined, MaybeUndefined::Value(shift)) => {
            let micros = (shift * 1e6).round();
            #[expect(clippy::cast_precision_loss, reason = "a bound")]
            if micros.abs() > YEAR_2200 as f64 {
                return Err(Refusal::input(
                    "shift",
                    "`shift` must be a number of seconds, at most 230 years.",
                ));
            }
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and bounded")]
            Ok(Change::By(micros as Micros))
        }
        _ => Err(Refusal::input("shift", "Give `start` or `shift`, not both.")),
    }
}

async fn settle(tx: &DatabaseTransaction, id: RunId, wish: Wish) -> Result<(Model, Outcome), Aborted> {
    let mut run = undeleted(tx, id).await.map_err(at_run)?;
    let serving = conversion::applied(tx, &run).await?;
    let shift = shift(&run, serving.as_ref(), &wish)?;
    if !fits(&run, serving.as_ref(), shift) {
        let field = if matches!(wish.change, Change::Start(_)) { "start" } else { "shift" };
        return Err(Refusal::input(field, "The run would begin before 1970 or end after 2199.").into());
    }
    run.time_shift = Some(shift).filter(|shift| *shift != 0);
    run.time_zone = wish.zone.unwrap_or(run.time_zone);
    let active = job::active(tx, id).await?;
    let asked = |job: &job::Model| serde_json::from_str(&job.payload).ok();
    let due: Option<ConvertPayload> = active.as_ref().map_or(serving, asked);
    if due.is_some_and(|due| due.time_zone == run.time_zone && due.shift == run.time_shift) {
        note_settings(tx, &run).await?;
        let job = if active.is_some() { active } else { job::newest(tx, id).await? };
        return Ok((run, Outcome::Unchanged(job)));
    }
    run.updated_at = clock::now(tx).await?;
    note_settings(tx, &run).await?;
    let payload = ConvertPayload::of(&run, run_dbc::of_run(tx, id).await?);
    let enqueued = job::enqueue(tx, NewJob { run_id: id, payload }).await?;
    Ok((run, Outcome::Queued(enqueued)))
}

async fn note_settings(tx: &DatabaseTransaction, run: &Model) -> Result<(), Aborted> {
    let change = ActiveModel {
        time_zone: Set(run.time_zone.clone()),
        time_shift: Set(run.time_shift),
        updated_at: Set(run.updated_at),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    run::Entity::update_many().set(change).filter(Column::Id.eq(run.id)).exec(tx).await?;
    Ok(())
}

/// The shift wished for, in all.
fn shift(run: &Model, serving: Option<&ConvertPayload>, wish: &Wish) -> Answer<Micros> {
    let set = run.time_shift.unwrap_or(0);
    match wish.change {
        Change::Keep => Ok(set),
        Change::Clear => Ok(0),
        Change::By(shift) => Ok(set.saturating_add(shift)),
        Change::Start(start) => {
            let (Some(serving), Some(present)) = (serving, run.start_at) else {
                let message = "The run was not converted yet: when its log begins is not known. Ask again when it is, \
                               or give `shift`.";
                return Err(Refusal::conflict(message).at("start"));
            };
            let own = present.saturating_sub(serving.shift.unwrap_or(0));
            let zone = wish.zone.as_ref().unwrap_or(&run.time_zone);
            if own >= YEAR_2000 && *zone != serving.time_zone {
                return Err(in_another_zone(wish, &serving.time_zone));
            }
            Ok(start.saturating_sub(own))
        }
    }
}

/// A clock was set, and is about to be read in another zone: what it will say is not known yet.
fn in_another_zone(wish: &Wish, zone: &str) -> Refusal {
    if wish.zone.is_some() {
        let message = "The log has a clock, which `timeZone` reads anew, and `start` alone says when it began: give \
                       one of the two.";
        return Refusal::input("timeZone", message);
    }
    let message = format!(
        "The run's clock was read in {zone}, and its zone was changed since: convert it again first."
    );
    Refusal::conflict(message).at("start")
}

/// Whether all times stay within the years that times can be of.
fn fits(run: &Model, serving: Option<&ConvertPayload>, shift: Micros) -> bool {
    let moved = shift.saturating_sub(serving.and_then(|serving| serving.shift).unwrap_or(0));
    let times = [run.start_at, run.end_at].into_iter().flatten();
    let mut moved = times.map(|time| time.saturating_add(moved));
    shift.unsigned_abs() <= YEAR_2200.unsigned_abs() && moved.all(|time| (0..YEAR_2200).contains(&time))
}

fn at_run(aborted: Aborted) -> Aborted {
    match aborted {
        Aborted::Refused(refusal) => Aborted::Refused(refusal.at("run")),
        other => other,
    }
}
