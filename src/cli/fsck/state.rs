//! Rows that cannot be true together.

use std::collections::HashMap;

use entity::blob::BlobState;
use entity::conversion::ConversionState;
use entity::id::{BlobId, ConversionId, JobId, RunId};
use entity::job::JobState;
use entity::upload::UploadState;
use entity::{blob, clock, conversion, job, job_event, run, signal, upload};
use miette::{IntoDiagnostic, Result};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::report::{Finding, Kind, Reporter};
use crate::cli::places::Places;

/// Runs looked at in one snapshot.
const PAGE: u64 = 100;
/// Uploads that are told of, at most.
const MOST_UPLOADS: u64 = 1000;

/// Looks at every run with its jobs and conversions, each page of them as they were at one moment.
pub(super) async fn check(places: &Places, reporter: &mut Reporter) -> Result<()> {
    let mut after = None;
    loop {
        let tx = places.database.snapshot().await.into_diagnostic()?;
        let page = Page::read(&tx, after).await.into_diagnostic()?;
        tx.rollback().await.into_diagnostic()?;
        page.judge(reporter);
        match page.runs.last() {
            Some(last) if page.runs.len() as u64 == PAGE => after = Some(last.id),
            _ => break,
        }
    }
    uploads(places, reporter).await.into_diagnostic()
}

async fn uploads(places: &Places, reporter: &mut Reporter) -> Result<(), DbErr> {
    let nothing = Condition::any().add(upload::Column::RunId.is_null()).add(upload::Column::BlobId.is_null());
    let odd = upload::Entity::find()
        .filter(upload::Column::State.eq(UploadState::Committed))
        .filter(nothing)
        .limit(MOST_UPLOADS)
        .all(places.database.read())
        .await?;
    for upload in odd {
        reporter.find(&contradiction(upload.id, "it is committed and became no run".to_owned()));
    }
    Ok(())
}

fn contradiction(subject: impl std::fmt::Display, detail: String) -> Finding {
    Finding { kind: Kind::Contradiction, subject: subject.to_string(), detail, repaired: false }
}

/// A conversion without its long texts.
#[derive(Clone, Copy)]
struct Attempt {
    id: ConversionId,
    job: JobId,
    token: i64,
    state: ConversionState,
}

/// Some runs and all that hangs on them.
struct Page {
    now: i64,
    runs: Vec<run::Model>,
    logs: HashMap<BlobId, BlobState>,
    jobs: HashMap<RunId, Vec<job::Model>>,
    events: HashMap<JobId, Vec<job_event::Model>>,
    attempts: HashMap<RunId, Vec<Attempt>>,
    /// Which conversions the signals of a run are of.
    signals: HashMap<RunId, Vec<ConversionId>>,
}

impl Page {
    async fn read(tx: &DatabaseTransaction, after: Option<RunId>) -> Result<Self, DbErr> {
        let mut runs = run::Entity::find().cursor_by(run::Column::Id);
        if let Some(after) = after {
            runs.after(after);
        }
        let runs = runs.first(PAGE).all(tx).await?;
        let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
        let jobs = job::Entity::find().filter(job::Column::RunId.is_in(ids.clone())).all(tx).await?;
        Ok(Self {
            now: clock::now(tx).await?,
            logs: logs(tx, &runs).await?,
            events: events(tx, &jobs).await?,
            attempts: attempts(tx, ids.clone()).await?,
            signals: signals(tx, ids).await?,
            jobs: by(jobs, |job| job.run_id),
            runs,
        })
    }

    fn judge(&self, reporter: &mut Reporter) {
        for run in &self.runs {
            let jobs = self.jobs.get(&run.id).map_or(&[][..], Vec::as_slice);
            let attempts = self.attempts.get(&run.id).map_or(&[][..], Vec::as_slice);
            reporter.counts.runs += 1;
            reporter.counts.jobs += jobs.len() as u64;
            for detail in self.run(run, jobs, attempts) {
                reporter.find(&contradiction(run.id, detail));
            }
            for job in jobs {
                if job.state == JobState::Running && job.lease_until.is_some_and(|until| until < self.now) {
                    reporter.counts.expired_leases += 1;
                }
                let events = self.events.get(&job.id).map_or(&[][..], Vec::as_slice);
                let story = story(job, events).into_iter();
                for detail in story.chain(results(job, attempts)) {
                    reporter.find(&contradiction(job.id, detail));
                }
            }
        }
    }

    fn run(&self, run: &run::Model, jobs: &[job::Model], attempts: &[Attempt]) -> Vec<String> {
        let mut odd = Vec::new();
        if self.logs.get(&run.blob_id) != Some(&BlobState::Present) {
            odd.push(format!("its log {} is not present", run.blob_id));
        }
        if jobs.is_empty() {
            odd.push("it has no job".to_owned());
        }
        if jobs.iter().filter(|job| !job.state.is_terminal()).count() > 1 {
            odd.push("it has several active jobs".to_owned());
        }
        let published: Vec<ConversionId> = attempts
            .iter()
            .filter(|attempt| attempt.state == ConversionState::Published)
            .map(|attempt| attempt.id)
            .collect();
        let current: Vec<ConversionId> = run.current_conversion_id.into_iter().collect();
        if published != current {
            odd.push(format!("published are {}, and current is {}", list(&published), list(&current)));
        }
        for other in self.signals.get(&run.id).into_iter().flatten().filter(|id| !current.contains(id)) {
            odd.push(format!("it has signals of {other}, which is not its current conversion"));
        }
        odd
    }
}

/// Whether a job's events tell how it came to be what it is.
fn story(job: &job::Model, events: &[job_event::Model]) -> Vec<String> {
    let mut odd = Vec::new();
    if job.active_key.is_some() == job.state.is_terminal() {
        odd.push(format!("it is {:?} and its active key is {:?}", job.state, job.active_key));
    }
    if !events.iter().zip(1..).all(|(event, seq)| event.seq == seq) {
        odd.push("its events have a gap".to_owned());
    }
    if events.last().map(|event| event.state) != Some(job.state) {
        odd.push(format!("it is {:?}, which its last event does not say", job.state));
    }
    let ends = events.iter().filter(|event| event.state.is_terminal()).count();
    if ends != usize::from(job.state.is_terminal()) {
        odd.push(format!("it is {:?} and ended {ends} times", job.state));
    }
    odd
}

/// Whether a job and what it made agree.
fn results(job: &job::Model, attempts: &[Attempt]) -> Vec<String> {
    let shown = |state| !matches!(state, ConversionState::Writing | ConversionState::Orphan);
    let own = attempts.iter().filter(|attempt| attempt.job == job.id);
    let published = own.clone().filter(|attempt| attempt.state == ConversionState::Published).count();
    let mut odd = Vec::new();
    if published > 1 || (published == 1 && job.state != JobState::Succeeded) {
        odd.push(format!("it is {:?} with {published} published conversions", job.state));
    }
    let has_result = own.clone().any(|attempt| attempt.token == job.token && shown(attempt.state));
    if job.state == JobState::Succeeded && !has_result {
        odd.push("it succeeded without a conversion".to_owned());
    }
    if let Some(early) = own.clone().find(|attempt| attempt.token > job.token) {
        odd.push(format!("{} has a token that it never had", early.id));
    }
    odd
}

async fn logs(tx: &DatabaseTransaction, runs: &[run::Model]) -> Result<HashMap<BlobId, BlobState>, DbErr> {
    let rows = blob::Entity::find().filter(blob::Column::Id.is_in(runs.iter().map(|run| run.blob_id)));
    Ok(rows.all(tx).await?.into_iter().map(|row| (row.id, row.state)).collect())
}

/// Jobs whose events are asked for in one statement.
const JOBS: usize = 200;

async fn events(
    tx: &DatabaseTransaction,
    jobs: &[job::Model],
) -> Result<HashMap<JobId, Vec<job_event::Model>>, DbErr> {
    let mut rows = Vec::new();
    for jobs in jobs.chunks(JOBS) {
        let found = job_event::Entity::find()
            .filter(job_event::Column::JobId.is_in(jobs.iter().map(|job| job.id)))
            .order_by_asc(job_event::Column::Seq);
        rows.extend(found.all(tx).await?);
    }
    Ok(by(rows, |row| row.job_id))
}

async fn attempts(tx: &DatabaseTransaction, runs: Vec<RunId>) -> Result<HashMap<RunId, Vec<Attempt>>, DbErr> {
    use conversion::Column;
    let rows: Vec<(RunId, ConversionId, JobId, i64, ConversionState)> = conversion::Entity::find()
        .select_only()
        .columns([Column::RunId, Column::Id, Column::JobId, Column::Token, Column::State])
        .filter(Column::RunId.is_in(runs))
        .into_tuple()
        .all(tx)
        .await?;
    let mut lists: HashMap<RunId, Vec<Attempt>> = HashMap::new();
    for (run, id, job, token, state) in rows {
        lists.entry(run).or_default().push(Attempt { id, job, token, state });
    }
    Ok(lists)
}

async fn signals(
    tx: &DatabaseTransaction,
    runs: Vec<RunId>,
) -> Result<HashMap<RunId, Vec<ConversionId>>, DbErr> {
    use signal::Column;
    let rows: Vec<(RunId, ConversionId)> = signal::Entity::find()
        .select_only()
        .columns([Column::RunId, Column::ConversionId])
        .filter(Column::RunId.is_in(runs))
        .distinct()
        .into_tuple()
        .all(tx)
        .await?;
    let mut lists: HashMap<RunId, Vec<ConversionId>> = HashMap::new();
    for (run, conversion) in rows {
        lists.entry(run).or_default().push(conversion);
    }
    Ok(lists)
}

fn by<K: std::hash::Hash + Eq, M>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Vec<M>> {
    let mut lists: HashMap<K, Vec<M>> = HashMap::new();
    for row in rows {
        lists.entry(key(&row)).or_default().push(row);
    }
    lists
}

fn list(ids: &[ConversionId]) -> String {
    match ids {
        [] => "none".to_owned(),
        ids => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
