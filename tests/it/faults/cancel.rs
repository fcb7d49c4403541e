//! A job is cancelled at every step of its conversion: it ends as one of two, and what is shown fits.

use entity::conversion::{self, ConversionState};
use entity::job::JobState;
use entity::run;
use futures::future::ready;
use futures::{StreamExt, stream};
use rustix::process::Signal;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::{Failed, Sender};
use super::table;
use super::times::until;
use super::verdict::judge_place;

/// Steps before the publication, and those behind it.
const BEFORE: [&str; 7] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"];
const BEHIND: [&str; 2] = ["W8", "W9"];
const CANCEL: &str = "mutation($id: ID!) { cancelJob(id: $id) { __typename } }";
/// The job stays its worker's while that is frozen, and few heartbeats are under way then.
const LEASES: [(&str, &str); 2] =
    [("DATAVIEWER_LEASE_SECONDS", "60"), ("DATAVIEWER_HEARTBEAT_SECONDS", "20")];
/// Cases at once: most of each is waiting.
const AT_ONCE: usize = 3;

/// The worker is frozen at a step, the job is cancelled, and the worker goes on. On SQLite another task of the frozen
/// process might hold the lock that the cancellation needs.
/// How the job ended, and whether it was cancelled in the very place.
async fn cancelled_at(place: &str, drives: &[Drive]) -> (JobState, bool) {
    let fleet = Fleet::new(Topology::SameHostPostgres, &LEASES).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let worker = fleet.start_worker("worker", &[("DATAVIEWER_STOP_AT", &format!("{place}:1"))]);
    let accepted = sender.deliver(drives, 0, place).await;
    worker.frozen().await;
    let cancel = || sender.ask(CANCEL, json!({ "id": accepted.job.to_string() }));
    let refused = cancel().await.err();
    worker.signal(Signal::CONT);
    if let Some(refused) = &refused {
        // It was frozen in a heartbeat too, which holds the job's row.
        assert!(matches!(refused, Failed::Refused(why) if why.starts_with("DB_UNAVAILABLE")), "{refused:?}");
        cancel().await.unwrap();
    }

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
    (job.state, refused.is_none())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_cancelled_at_any_step_ends_as_one_of_two() {
    let drives = &drives(1);
    let cases = BEFORE.map(|place| (place, JobState::Cancelled)).into_iter();
    let cases = cases.chain(BEHIND.map(|place| (place, JobState::Succeeded)));
    let outcomes = stream::iter(cases).map(|(place, expected)| async move {
        let (state, in_place) = cancelled_at(place, drives).await;
        assert!(!in_place || state == expected, "{place}: {state:?}");
        in_place
    });
    let in_place = outcomes.buffer_unordered(AT_ONCE).filter(|in_place| ready(*in_place)).count().await;
    assert!(in_place > 0, "no job was cancelled where its worker stood");
    table::row(
        "21",
        "PostgreSQL + Redis: cancelled at each of W1–W9",
        &format!(
            "{in_place} of 9 in the very place: cancelled before the publication, succeeded behind it; what is shown and \
             stored fits in all"
        ),
    );
}
