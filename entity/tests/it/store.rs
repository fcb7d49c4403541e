//! A migrated database on each back end, and rows to begin with.

use std::time::Duration;

use entity::{
    conversion::{self, Publication},
    id::{ConversionId, RunId, UploadId},
    job::{self, ConvertPayload, JobFailure, JobProgress, JobStage, NewJob},
    job_event,
    signal::RecordedSignal,
    upload::{self, Commit, CommitOutcome, Committed},
};
pub(crate) use platform::testing::seed::order;
use platform::testing::{BackEnd, TestDatabase, seed::receiving};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, EntityTrait,
    QueryFilter, QueryOrder, SqliteTransactionMode, TransactionOptions, TransactionTrait, prelude::*,
};

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// The connections for writing.
#[derive(Clone)]
pub(crate) struct Store(pub(crate) DatabaseConnection);

impl Store {
    /// On a server with our settings, or in memory.
    pub(crate) async fn on(back_end: BackEnd) -> Self {
        match back_end {
            BackEnd::Sqlite => Self::new().await,
            server => Self(TestDatabase::start(server).await.unwrap().write().clone()),
        }
    }

    /// In memory, on one connection: two would be two databases.
    pub(crate) async fn new() -> Self {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.sqlx_logging(false).max_connections(1).idle_timeout(None).max_lifetime(None);
        let db = Database::connect(options).await.unwrap();
        migration::up(&db).await.unwrap();
        Self(db)
    }

    pub(crate) async fn tx(&self) -> DatabaseTransaction {
        let mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        self.0.begin_with_options(options).await.unwrap()
    }

    /// An upload of bytes with this SHA-256, up to its commit.
    pub(crate) async fn upload(&self, sha256: &str) -> Committed {
        let id = self.receiving().await;
        match self.commit(order(id, sha256)).await {
            CommitOutcome::Committed(committed) => committed,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn receiving(&self) -> UploadId {
        let id = UploadId::new();
        let tx = self.tx().await;
        upload::begin(&tx, receiving(id)).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) async fn commit(&self, commit: Commit) -> CommitOutcome {
        let tx = self.tx().await;
        let outcome = upload::commit(&tx, commit).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    }

    pub(crate) async fn enqueue(&self, run: RunId) -> job::Enqueued {
        let job = job::newest(&self.0, run).await.unwrap().unwrap();
        let payload: ConvertPayload = serde_json::from_str(&job.payload).unwrap();
        let tx = self.tx().await;
        let enqueued = job::enqueue(&tx, NewJob { run_id: run, payload }).await.unwrap();
        tx.commit().await.unwrap();
        enqueued
    }

    pub(crate) async fn claim(&self, worker: &str) -> Option<job::Model> {
        let tx = self.tx().await;
        let job = job::claim(&tx, worker, LEASE).await.unwrap();
        tx.commit().await.unwrap();
        job
    }

    pub(crate) async fn begin(&self, job: &job::Model) -> ConversionId {
        let id = ConversionId::new();
        let tx = self.tx().await;
        conversion::begin(&tx, job, id, "runs/x").await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) async fn publish(&self, publication: Publication) -> bool {
        let tx = self.tx().await;
        let published = conversion::publish(&tx, publication).await.unwrap();
        tx.commit().await.unwrap();
        published
    }

    pub(crate) async fn job(&self, id: entity::id::JobId) -> job::Model {
        job::Entity::find_by_id(id).one(&self.0).await.unwrap().unwrap()
    }

    pub(crate) async fn events(&self, id: entity::id::JobId) -> Vec<job_event::Model> {
        job_event::Entity::find()
            .filter(job_event::Column::JobId.eq(id))
            .order_by_asc(job_event::Column::Seq)
            .all(&self.0)
            .await
            .unwrap()
    }

    /// Lets all waits and leases end: what time would do, without waiting for it.
    pub(crate) async fn pass_time(&self) {
        self.0
            .execute_unprepared("UPDATE job SET next_at = 0 WHERE state IN ('QUEUED', 'RETRY_WAIT')")
            .await
            .unwrap();
        self.0
            .execute_unprepared("UPDATE job SET lease_until = 0 WHERE lease_until IS NOT NULL")
            .await
            .unwrap();
    }
}

pub(crate) fn publication(job: &job::Model, conversion: ConversionId) -> Publication {
    Publication {
        conversion_id: conversion,
        job_id: job.id,
        token: job.token,
        run_id: job.run_id,
        manifest: "{}".to_owned(),
        report: "{}".to_owned(),
        bytes: 1,
        warning_count: 2,
        time_source: "RTC".to_owned(),
        start_at: Some(10),
        end_at: Some(20),
        signals: vec![recorded("RPM"), recorded("Throttle")],
    }
}

pub(crate) fn recorded(name: &str) -> RecordedSignal {
    RecordedSignal {
        bus: Some("can0".to_owned()),
        frame_id: Some(0x1F0A),
        extended: true,
        message: "Engine".to_owned(),
        name: name.to_owned(),
        unit: None,
        file: "can0_00001F0A_Engine.parquet".to_owned(),
        overview: "can0_00001F0A_Engine.overview.parquet".to_owned(),
        sorted: true,
        count: 5,
        summary: "{}".to_owned(),
        first_at: Some(10),
        last_at: Some(20),
    }
}

pub(crate) fn failure() -> JobFailure {
    JobFailure {
        code: "NO_FRAMES".to_owned(),
        message: "there is no frame in it".to_owned(),
        hint: None,
        line: Some(7),
    }
}

pub(crate) fn progress(seq: i64) -> JobProgress {
    JobProgress { stage: JobStage::Reading, bytes: seq * 10, total: 1000, frames: seq, warnings: 0, seq }
}
