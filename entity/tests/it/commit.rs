//! Uploads: one commit point, safe to repeat.

use entity::{
    blob::{self, BlobState},
    job::JobState,
    run,
    upload::{self, Commit, CommitOutcome, Committed, UploadState},
};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::store::{Store, order};

fn committed(outcome: CommitOutcome) -> Committed {
    match outcome {
        CommitOutcome::Committed(committed) => committed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn makes_blob_run_and_job() {
    let store = Store::new().await;
    let made = store.upload("a").await;
    assert_eq!((made.duplicate, &made.surplus), (false, &None));
    assert_eq!(store.job(made.job_id).await.state, JobState::Queued);
    let run = run::Entity::find_by_id(made.run_id).one(&store.0).await.unwrap().unwrap();
    assert_eq!(run.file_name, "LOG.CSV");
    let upload = upload::Entity::find_by_id(made.upload_id).one(&store.0).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.bytes, upload.run_id), (UploadState::Committed, 3, Some(run.id)));
}

#[tokio::test]
async fn the_same_bytes_find_the_same_run() {
    let store = Store::new().await;
    let first = store.upload("a").await;
    let again = store.upload("a").await;
    assert_eq!((again.run_id, again.job_id, again.duplicate), (first.run_id, first.job_id, true));
    assert_eq!(again.surplus, Some(format!("uploads/{}", again.upload_id.0)));
}

#[tokio::test]
async fn another_run_of_the_same_bytes_on_request() {
    let store = Store::new().await;
    let first = store.upload("a").await;
    let id = store.receiving().await;
    let other = committed(store.commit(Commit { as_new_run: true, ..order(id, "a") }).await);
    assert_ne!(other.run_id, first.run_id);
    assert!(!other.duplicate && other.surplus.is_some());
    assert_eq!(blob::Entity::find().count(&store.0).await.unwrap(), 1);
}

#[tokio::test]
async fn a_deleted_run_is_not_found_again() {
    let store = Store::new().await;
    let first = store.upload("a").await;
    let tx = store.tx().await;
    run::delete(&tx, first.run_id).await.unwrap();
    tx.commit().await.unwrap();
    let again = store.upload("a").await;
    assert_ne!(again.run_id, first.run_id);
    assert!(!again.duplicate);
}

#[tokio::test]
async fn a_repeated_commit_answers_the_same() {
    let store = Store::new().await;
    let id = store.receiving().await;
    let first = committed(store.commit(order(id, "a")).await);
    let again = committed(store.commit(order(id, "a")).await);
    assert_eq!((again.run_id, again.job_id, again.surplus), (first.run_id, first.job_id, None));
    assert_eq!(run::Entity::find().count(&store.0).await.unwrap(), 1);
}

#[tokio::test]
async fn a_key_makes_a_repeat_safe() {
    let store = Store::new().await;
    let key = Some("k".to_owned());
    let send = |id, sha| Commit { idempotency_key: key.clone(), as_new_run: true, ..order(id, sha) };
    let (first_id, second_id, third_id) =
        (store.receiving().await, store.receiving().await, store.receiving().await);
    let first = committed(store.commit(send(first_id, "a")).await);
    let second = committed(store.commit(send(second_id, "a")).await);
    assert_eq!((second.run_id, second.upload_id, second.duplicate), (first.run_id, first.upload_id, true));
    assert!(second.surplus.is_some());
    assert_eq!(store.commit(send(third_id, "b")).await, CommitOutcome::KeyReused);
    let found = upload::committed_under(&store.0, "k").await.unwrap().unwrap();
    assert_eq!(found.id, first_id);
    assert_eq!(upload::committed_under(&store.0, "other").await.unwrap(), None);
}

#[tokio::test]
async fn what_was_given_up_is_not_committed() {
    let store = Store::new().await;
    let id = store.receiving().await;
    store.0.execute_unprepared("UPDATE upload SET expires_at = 0").await.unwrap();
    let tx = store.tx().await;
    let expired = upload::expire_stale(&tx, 10).await.unwrap();
    assert_eq!(expired.iter().map(|upload| upload.id).collect::<Vec<_>>(), [id]);
    assert!(!upload::abandon(&tx, id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.commit(order(id, "a")).await, CommitOutcome::NotReceiving);
    assert_eq!(run::Entity::find().count(&store.0).await.unwrap(), 0);
}

#[tokio::test]
async fn a_removed_log_comes_back_with_the_new_object() {
    let store = Store::new().await;
    store.upload("a").await;
    for state in ["DELETED", "DELETING"] {
        store.0.execute_unprepared(&format!("UPDATE blob SET state = '{state}'")).await.unwrap();
        let id = store.receiving().await;
        let again = committed(store.commit(order(id, "a")).await);
        assert_eq!(again.surplus, None);
        let blob = blob::Entity::find().one(&store.0).await.unwrap().unwrap();
        assert_eq!((blob.state, blob.object_key), (BlobState::Present, format!("uploads/{}", id.0)));
    }
}

#[tokio::test]
async fn a_dbc_that_does_not_exist_makes_nothing() {
    let store = Store::new().await;
    let id = store.receiving().await;
    let mut commit = order(id, "a");
    let dbc_id = entity::id::DbcId::new();
    commit.run.dbcs.push(entity::job::DbcBinding { dbc_id, bus: None });
    let tx = store.tx().await;
    assert!(upload::commit(&tx, commit).await.is_err());
    tx.rollback().await.unwrap();
    assert_eq!(run::Entity::find().count(&store.0).await.unwrap(), 0);
    assert_eq!(blob::Entity::find().count(&store.0).await.unwrap(), 0);
}
