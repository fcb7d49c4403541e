//! The answer to a COMMIT is lost on its way: nobody is told of an error before the database was asked.

use std::path::Path;

use api::upload::{NewRunOfLog, ReceivedLog};
use entity::{
    id::UploadId,
    job,
    run::{self, NewRun},
    upload,
};
use platform::{
    database::is_commit_unknown,
    runtime::Runtime,
    storage::ObjectKey,
    testing::{BackEnd, Proxy, TestRuntime, seed},
};
use sea_orm::{DbErr, EntityTrait, PaginatorTrait};

/// What PostgreSQL answers to a COMMIT.
const ANSWER: &[u8] = b"COMMIT\0";

async fn behind_a_proxy() -> (TestRuntime, Proxy) {
    let url = BackEnd::Postgres.fresh(Path::new("")).await;
    let (before, after) = url.rsplit_once('@').unwrap();
    let (server, name) = after.split_once('/').unwrap();
    let proxy = Proxy::to(server.parse().unwrap()).await.unwrap();
    let through = format!("{before}@{}/{name}", proxy.addr());
    (TestRuntime::start_with(&[("DATABASE_URL", &through)]).await.unwrap(), proxy)
}

async fn begin(runtime: &Runtime, id: UploadId) -> Result<upload::Model, DbErr> {
    let new = seed::receiving(id);
    runtime.database.transaction(move |tx| Box::pin(upload::begin(tx, new.clone()))).await
}

#[tokio::test]
async fn an_upload_whose_commit_was_not_answered_is_made_once() {
    let (runtime, proxy) = behind_a_proxy().await;
    let id = UploadId::new();
    begin(&runtime, id).await.unwrap();
    let log = ReceivedLog {
        upload_id: id,
        file_name: "LOG.CSV".to_owned(),
        bytes: 3,
        sha256: "a".to_owned(),
        object_key: ObjectKey::Upload(id),
    };
    let run = NewRun { time_zone: "UTC".to_owned(), ..NewRun::default() };
    let new = NewRunOfLog { run, as_new_run: false, idempotency_key: None };
    proxy.lose_answer(ANSWER);
    let made = api::upload::commit(&runtime, &log, new).await.unwrap();
    assert_eq!(proxy.strikes(), 1);
    assert_eq!((made.upload_id, made.duplicate, made.surplus), (id, false, None));
    assert_eq!(run::Entity::find().count(runtime.database.read()).await.unwrap(), 1);
    let jobs = job::Entity::find().all(runtime.database.read()).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [made.job_id]);
}

/// Nothing is promised before the commit: the row is swept when its time is over.
#[tokio::test]
async fn an_owner_row_whose_commit_was_not_answered_is_an_error_that_passes() {
    let (runtime, proxy) = behind_a_proxy().await;
    proxy.lose_answer(ANSWER);
    let refusal = begin(&runtime, UploadId::new()).await.unwrap_err();
    assert!(is_commit_unknown(&refusal), "{refusal}");
    assert_eq!(upload::Entity::find().count(runtime.database.read()).await.unwrap(), 1);
}
