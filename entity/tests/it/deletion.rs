//! Runs are hidden and shown again; DBCs are registered once.

use entity::{
    dbc::{self, NewDbc},
    id::{DbcId, RunId},
    job::JobState,
    run::{self, DeleteOutcome},
};

use crate::store::Store;

platform::on_every_back_end! {
    Store::on:
    deleting_a_run_cancels_its_job,
    deleting_a_run_stops_its_running_job,
    a_deleted_run_is_restored,
    the_same_dbc_is_registered_once,
    defaults_are_what_was_set_last,
}

async fn deleting_a_run_cancels_its_job(store: Store) {
    let made = store.upload("a").await;
    let tx = store.tx().await;
    let done = DeleteOutcome::Done { cancelled: Some(made.job_id) };
    assert_eq!(run::delete(&tx, made.run_id).await.unwrap(), done);
    assert_eq!(run::delete(&tx, made.run_id).await.unwrap(), DeleteOutcome::Unchanged);
    tx.commit().await.unwrap();
    assert_eq!(store.job(made.job_id).await.state, JobState::Cancelled);
}

async fn deleting_a_run_stops_its_running_job(store: Store) {
    let made = store.upload("a").await;
    store.claim("w").await.unwrap();
    let tx = store.tx().await;
    run::delete(&tx, made.run_id).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.job(made.job_id).await.cancel_requested);
}

async fn a_deleted_run_is_restored(store: Store) {
    let made = store.upload("a").await;
    let tx = store.tx().await;
    assert_eq!(run::restore(&tx, made.run_id).await.unwrap(), DeleteOutcome::Unchanged);
    run::delete(&tx, made.run_id).await.unwrap();
    assert_eq!(run::restore(&tx, made.run_id).await.unwrap(), DeleteOutcome::Done { cancelled: None });
    assert_eq!(run::restore(&tx, RunId::new()).await.unwrap(), DeleteOutcome::NotFound);
    assert_eq!(run::delete(&tx, RunId::new()).await.unwrap(), DeleteOutcome::NotFound);
}

fn new_dbc(sha256: &str) -> NewDbc {
    let id = DbcId::new();
    NewDbc {
        id,
        sha256: sha256.to_owned(),
        name: "car.dbc".to_owned(),
        version: String::new(),
        object_key: format!("dbcs/{}", id.0),
        bytes: 1,
        message_count: 1,
        signal_count: 1,
        diagnostics: "[]".to_owned(),
    }
}

async fn the_same_dbc_is_registered_once(store: Store) {
    let tx = store.tx().await;
    let first = dbc::register(&tx, new_dbc("a")).await.unwrap();
    let again = dbc::register(&tx, new_dbc("a")).await.unwrap();
    assert_eq!((first.duplicate, again.duplicate), (false, true));
    assert_eq!(first.dbc, again.dbc);
}

async fn defaults_are_what_was_set_last(store: Store) {
    let tx = store.tx().await;
    let first = dbc::register(&tx, new_dbc("a")).await.unwrap().dbc.id;
    let second = dbc::register(&tx, new_dbc("b")).await.unwrap().dbc.id;
    dbc::set_defaults(&tx, &[first]).await.unwrap();
    dbc::set_defaults(&tx, &[second]).await.unwrap();
    let defaults = dbc::defaults(&tx, None).await.unwrap();
    assert_eq!(defaults.iter().map(|bound| bound.dbc_id).collect::<Vec<_>>(), [second]);
    dbc::set_defaults(&tx, &[]).await.unwrap();
    assert_eq!(dbc::defaults(&tx, None).await.unwrap(), []);
}
