//! A job is cancelled at every step of its conversion: it ends as one of two, and what is shown fits.

use entity::conversion::{self, ConversionState};
use entity::job::JobState;
use entity::run;
use futures::{StreamExt, stream};
use rustix::process::Signal;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::Sender;
use super::table;
use super::times::until;
use super::verdict::judge_place;

/// Steps before the publication, and those behind it.
const BEFORE: [&str; 7] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"];
const BEHIND: [&str; 2] = ["W8", "W9"];
const CANCEL: &str = "mutation($id: ID!) { cancelJob(id: $id) { __typename } }";
/// The job stays its worker's while that is frozen.
const LEASES: [(&str, &str); 2] =
    [("DATAVIEWER_LEASE_SECONDS", "60"), ("DATAVIEWER_HEARTBEAT_SECONDS", "0.5")];
/// Cases at once: most of each is waiting.
const AT_ONCE: usize = 3;

/// The worker is frozen at a step, the job is cancelled, and the worker goes on.
async fn cancelled_at(place: &str, drives: &[Drive]) -> JobState {
    let fleet = Fleet::new(Topology::SameHost, &LEASES).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let worker = fleet.start_worker("worker", &[("DATAVIEWER_STOP_AT", &format!("{place}:1"))]);
    let accepted = sender.deliver(drives, 0, place).await;
    worker.frozen().await;
    sender.ask(CANCEL, json!({ "id": accepted.job.to_string() })).await.unwrap();
    worker.signal(Signal::CONT);

    let runtime = fleet.look().await;
    let job = until(&runtime, &accepted, |job| job.state.is_terminal()).await;
    let db = runtime.database.read();
    let run = run::Entity::find_by_id(accepted.run).one(db).await.unwrap().unwrap();
    let published =
        conversion::Entity::find().filter(conversion::Column::State.eq(ConversionState::Published));
    let published = published.count(db).await.unwrap();
    let expected = (job.state == JobState::Succeeded, u64::from(job.state == JobState::Succeeded));
    assert_eq!((run.current_conversion_id.is_some(), published), expected, "{place}: {job:#?}");
    judge_place(&fleet, runtime).await;
    job.state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_cancelled_at_any_step_ends_as_one_of_two() {
    let drives = &drives(1);
    let cases = BEFORE.map(|place| (place, JobState::Cancelled)).into_iter();
    let cases = cases.chain(BEHIND.map(|place| (place, JobState::Succeeded)));
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(place, expected)| async move {
            assert_eq!(cancelled_at(place, drives).await, expected, "{place}");
        })
        .await;
    table::row(
        "21",
        "SQLite + Redis: cancelled at each of W1–W9",
        "cancelled before the publication, succeeded behind it; what is shown and stored fits",
    );
}
