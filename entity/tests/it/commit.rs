//! Uploads: one commit point, safe to repeat.

use entity::{
    blob::{self, BlobState},
    job::JobState,
    run,
    upload::{self, Commit, CommitOutcome, Committed, UploadState},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::store::{Store, order};

platform::on_every_back_end! {
    Store::on:
    makes_blob_run_and_job,
    the_same_bytes_find_the_same_run,
    another_run_of_the_same_bytes_on_request,
    a_deleted_run_is_not_found_again,
    a_repeated_commit_answers_the_same,
    a_key_makes_a_repeat_safe,
    what_was_given_up_is_not_committed,
    a_removed_log_comes_back_with_the_new_object,
    a_dbc_that_does_not_exist_makes_nothing,
}

fn committed(outcome: CommitOutcome) -> Committed {
    match outcome {
        CommitOutcome::Committed(committed) => committed,
        other => panic!("{other:?}"),
    }
}

async fn makes_blob_run_and_job(store: Store) {
    let made = store.upload("a").await;
    assert_eq!((made.duplicate, &made.surplus), (false, &None));
    assert_eq!(store.job(made.job_id).await.state, JobState::Queued);
    let run = run::Entity::find_by_id(made.run_id).one(&store.0).await.unwrap().unwrap();
    assert_eq!(run.file_name, "LOG00011.CSV");
    let upload = upload::Entity::find_by_id(made.upload_id).one(&store.0).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.bytes, upload.run_id), (UploadState::Committed, 3, Some(run.id)));
}

async fn the_same_bytes_find_the_same_run(store: Store) {
    let first = store.upload("a").await;
    let again = store.upload("a").await;
    assert_eq!((again.run_id, again.job_id, again.duplicate), (first.run_id, first.job_id, true));
    assert_eq!(again.surplus, Some(format!("uploads/{}", again.upload_id.0)));
}

async fn another_run_of_the_same_bytes_on_request(store: Store) {
    let first = store.upload("a").await;
    let id = store.receiving().await;
    let other = committed(store.commit(Commit { as_new_run: true, ..order(id, "a") }).await);
    assert_ne!(other.run_id, first.run_id);
    assert!(!other.duplicate && other.surplus.is_some());
    assert_eq!(blob::Entity::find().count(&store.0).await.unwrap(), 1);
}

async fn a_deleted_run_is_not_found_again(store: Store) {
    let first = store.upload("a").await;
    let tx = store.tx().await;
    run::delete(&tx, first.run_id).await.unwrap();
    tx.commit().await.unwrap();
    let again = store.upload("a").await;
    assert_ne!(again.run_id, first.run_id);
    assert!(!again.duplicate);
}

async fn a_repeated_commit_answers_the_same(store: Store) {
    let id = store.receiving().await;
    let first = committed(store.commit(order(id, "a")).await);
    let again = committed(store.commit(order(id, "a")).await);
    assert_eq!(again, first);
    assert_eq!(run::Entity::find().count(&store.0).await.unwrap(), 1);
}

async fn a_key_makes_a_repeat_safe(store: Store) {
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

async fn what_was_given_up_is_not_committed(store: Store) {
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

async fn a_removed_log_comes_back_with_the_new_object(store: Store) {
    store.upload("a").await;
    for state in [BlobState::Deleted, BlobState::Deleting] {
        let values = blob::ActiveModel { state: Set(state), ..Default::default() };
        blob::Entity::update_many().set(values).exec(&store.0).await.unwrap();
        let id = store.receiving().await;
        let again = committed(store.commit(order(id, "a")).await);
        assert_eq!(again.surplus, None);
        let blob = blob::Entity::find().one(&store.0).await.unwrap().unwrap();
        assert_eq!((blob.state, blob.object_key), (BlobState::Present, format!("uploads/{}", id.0)));
    }
}

async fn a_dbc_that_does_not_exist_makes_nothing(store: Store) {
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
