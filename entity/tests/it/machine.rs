//! Whatever two workers, a sweeper and a user do, in whatever order: one result, and ends are ends.

use std::collections::HashMap;

use entity::{
    conversion::{self, ConversionState},
    id::{ConversionId, JobId, RunId},
    job::{self, JobState, Retried},
    run,
};
use platform::testing::BackEnd;
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use sea_orm::EntityTrait;

use crate::store::{LEASE, Store, failure, progress, publication};

#[derive(Clone, Copy, Debug)]
enum Step {
    Claim(usize),
    Heartbeat(usize),
    Publish(usize),
    Fail(usize),
    RetryLater(usize),
    Crash(usize),
    Release(usize),
    ConfirmCancel(usize),
    WorkerDies(usize),
    TimePasses,
    Expire,
    Wake,
    Cancel,
    Retry,
    Enqueue,
}

const WORKERS: [&str; 2] = ["w0", "w1"];

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let all = vec![
        Claim(0),
        Claim(1),
        Claim(0),
        Claim(1),
        Claim(0),
        Claim(1),
        Heartbeat(0),
        Heartbeat(1),
        Publish(0),
        Publish(1),
        Fail(0),
        Fail(1),
        RetryLater(0),
        RetryLater(1),
        Crash(0),
        Crash(1),
        Release(0),
        Release(1),
        ConfirmCancel(0),
        ConfirmCancel(1),
        WorkerDies(0),
        WorkerDies(1),
        TimePasses,
        TimePasses,
        Expire,
        Expire,
        Wake,
        Wake,
        Cancel,
        Retry,
        Enqueue,
    ];
    select(all)
}

/// What the world remembers beside the database. A worker keeps what it once claimed: it may be a zombie.
struct World {
    store: Store,
    run: RunId,
    held: [Option<(job::Model, ConversionId)>; 2],
    ended: HashMap<JobId, job::Model>,
    published: HashMap<JobId, u32>,
}

impl World {
    async fn new(store: Store) -> Self {
        let run = store.upload("a").await.run_id;
        Self { store, run, held: [None, None], ended: HashMap::new(), published: HashMap::new() }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Claim(worker) => {
                if let Some(job) = self.store.claim(WORKERS[worker]).await {
                    let conversion = self.store.begin(&job).await;
                    self.held[worker] = Some((job, conversion));
                }
            }
            Step::Publish(worker) => {
                let Some((job, conversion)) = &self.held[worker] else { return };
                let before = self.store.job(job.id).await;
                let published = self.store.publish(publication(job, *conversion)).await;
                let may = is_holder(job, &before) && !before.cancel_requested;
                assert_eq!(published, may, "published by {job:?} over {before:?}");
                *self.published.entry(job.id).or_default() += u32::from(published);
            }
            Step::TimePasses => self.store.pass_time().await,
            Step::WorkerDies(worker) => {
                let tx = self.store.tx().await;
                job::release_worker(&tx, WORKERS[worker]).await.unwrap();
                tx.commit().await.unwrap();
            }
            Step::Expire | Step::Wake | Step::Cancel | Step::Retry | Step::Enqueue => {
                self.outside(step).await
            }
            _ => self.held_step(step).await,
        }
    }

    /// What a holder, or a zombie that still thinks it is one, does with its job.
    async fn held_step(&self, step: Step) {
        let (Step::Heartbeat(worker)
        | Step::Fail(worker)
        | Step::RetryLater(worker)
        | Step::Crash(worker)
        | Step::Release(worker)
        | Step::ConfirmCancel(worker)) = step
        else {
            return;
        };
        let Some((job, _)) = &self.held[worker] else { return };
        let (id, token) = (job.id, job.token);
        let before = self.store.job(id).await;
        let tx = self.store.tx().await;
        match step {
            Step::Heartbeat(_) => drop(job::heartbeat(&tx, id, token, LEASE, &progress(1)).await.unwrap()),
            Step::Fail(_) => drop(job::fail(&tx, id, token, &failure()).await.unwrap()),
            Step::RetryLater(_) => drop(job::retry_later(&tx, id, token, &failure()).await.unwrap()),
            Step::Crash(_) => drop(job::crashed(&tx, id, token).await.unwrap()),
            Step::Release(_) => drop(job::release(&tx, id, token).await.unwrap()),
            _ => {
                let confirmed = job::cancelled(&tx, id, token).await.unwrap();
                assert_eq!(confirmed, is_holder(job, &before) && before.cancel_requested, "{before:?}");
            }
        }
        tx.commit().await.unwrap();
        let after = self.store.job(id).await;
        assert!(is_holder(job, &before) || before == after, "a zombie changed {before:?} to {after:?}");
    }

    async fn outside(&self, step: Step) {
        let newest = job::newest(&self.store.0, self.run).await.unwrap().unwrap();
        if let Step::Enqueue = step {
            self.store.enqueue(self.run).await;
            return;
        }
        let tx = self.store.tx().await;
        match step {
            Step::Expire => drop(job::expire_leases(&tx, 10).await.unwrap()),
            Step::Wake => drop(job::wake_due(&tx, 10).await.unwrap()),
            Step::Cancel => drop(job::cancel(&tx, newest.id).await.unwrap()),
            _ => {
                let retried = job::retry(&tx, newest.id).await.unwrap();
                assert_ne!(retried, Retried::NotFound);
            }
        }
        tx.commit().await.unwrap();
    }

    async fn check(&mut self) {
        let jobs = job::Entity::find().all(&self.store.0).await.unwrap();
        assert!(jobs.iter().filter(|job| !job.state.is_terminal()).count() <= 1, "two active jobs");
        for job in jobs {
            self.check_events(&job).await;
            assert_eq!(job.active_key.is_some(), !job.state.is_terminal());
            assert_eq!(job.lease_until.is_some(), job.state == JobState::Running);
            if let Some(ended) = self.ended.get(&job.id) {
                assert_eq!(*ended, job, "what ended has changed");
            }
            let published = self.published.get(&job.id).copied().unwrap_or_default();
            assert_eq!(published, u32::from(job.state == JobState::Succeeded), "{job:?}");
            if job.state.is_terminal() {
                self.ended.insert(job.id, job);
            }
        }
        self.check_conversions().await;
    }

    async fn check_events(&self, job: &job::Model) {
        let events = self.store.events(job.id).await;
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "gap: {events:?}");
        assert!(events.is_sorted_by_key(|event| event.token));
        let last = events.last().unwrap();
        assert_eq!((last.state, last.token), (job.state, job.token));
        let ends = events.iter().filter(|event| event.state.is_terminal()).count();
        assert_eq!(ends, usize::from(job.state.is_terminal()));
    }

    async fn check_conversions(&self) {
        let all = conversion::Entity::find().all(&self.store.0).await.unwrap();
        let shown: Vec<_> =
            all.iter().filter(|row| row.state == ConversionState::Published).map(|row| row.id).collect();
        let run = run::Entity::find_by_id(self.run).one(&self.store.0).await.unwrap().unwrap();
        assert_eq!(shown, Vec::from_iter(run.current_conversion_id), "readers see exactly one");
    }
}

/// Whether the row still is what this worker claimed.
fn is_holder(claimed: &job::Model, row: &job::Model) -> bool {
    row.state == JobState::Running && row.token == claimed.token
}

fn explore(cases: u32, store: impl AsyncFn() -> Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let steps = prop::collection::vec(step(), 1..60);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(async {
            let mut world = World::new(store().await).await;
            for step in steps {
                world.take(step).await;
                world.check().await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn one_result_and_ends_are_ends() {
    explore(96, Store::new);
}

#[test]
fn on_postgres_too() {
    explore(6, async || Store::on(BackEnd::Postgres).await);
}

#[test]
fn on_mariadb_too() {
    explore(6, async || Store::on(BackEnd::Mariadb).await);
}
