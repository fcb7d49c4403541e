//! What an interval or a marker is part of, and which times lie in it.

use std::ops::Range;

use async_graphql::ID;
use canlog::frame::Micros;
use entity::{interval::Owner, run, test_day};
use sea_orm::{DatabaseTransaction, EntityTrait, QuerySelect};

use super::{
    error::{Answer, Refusal},
    input,
    transact::Aborted,
};

/// An interval may go on into the next day for so long, in microseconds.
const INTO_NEXT_DAY: Micros = 24 * 3_600 * 1_000_000;

/// Exactly one of the two.
pub(crate) fn owner(day: Option<&ID>, run: Option<&ID>) -> Answer<Owner> {
    match (day, run) {
        (Some(day), None) => Ok(Owner::Day(input::id(day, "testDay")?)),
        (None, Some(run)) => Ok(Owner::Run(input::id(run, "run")?)),
        _ => Err(Refusal::input("testDay", "Give either `testDay` or `run`.")),
    }
}

/// The times of the owner, which stays as it is until the transaction ends.
pub(crate) async fn span(tx: &DatabaseTransaction, owner: Owner) -> Result<Range<Micros>, Aborted> {
    match owner {
        Owner::Day(id) => {
            let day = test_day::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
            let day = day.ok_or_else(|| Refusal::not_found("test day", id).at("testDay"))?;
            Ok(day.start_at..day.end_at)
        }
        Owner::Run(id) => {
            let run = run::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
            let run = run.ok_or_else(|| Refusal::not_found("run", id).at("run"))?;
            let (Some(start), Some(end)) = (run.start_at, run.end_at) else {
                let message = "The run was not converted yet: its times are not known.";
                return Err(Refusal::conflict(message).at("run").into());
            };
            Ok(start..end.saturating_add(1))
        }
    }
}

/// Whether an interval from `start` to `end` fits its owner's `span`.
pub(crate) fn check_interval(owner: Owner, span: &Range<Micros>, of: &Range<Micros>) -> Answer<()> {
    if of.end < of.start {
        return Err(Refusal::input("end", "`end` must not be before `start`."));
    }
    if !span.contains(&of.start) {
        return Err(Refusal::input("start", format!("`start` must lie within the {}.", name(owner))));
    }
    let (last, until) = match owner {
        Owner::Day(_) => (span.end.saturating_add(INTO_NEXT_DAY), "24 hours after the day's"),
        Owner::Run(_) => (span.end, "the run's"),
    };
    if of.end > last {
        return Err(Refusal::input("end", format!("`end` must not be later than {until} end.")));
    }
    Ok(())
}

/// Whether a marker fits its owner's `span`.
pub(crate) fn check_marker(owner: Owner, span: &Range<Micros>, at: Micros) -> Answer<()> {
    if span.contains(&at) {
        return Ok(());
    }
    Err(Refusal::input("time", format!("`time` must lie within the {}.", name(owner))))
}

fn name(owner: Owner) -> &'static str {
    match owner {
        Owner::Day(_) => "day",
        Owner::Run(_) => "run",
    }
}
