//! Uploads by parts: noted once, found by the name of what they were to become, and by their age.

use std::time::Duration;

use entity::{
    id::{ConversionId, RunId},
    part_upload,
};
use uuid::Uuid;

use crate::store::Store;

platform::on_every_back_end! {
    Store::on:
    an_upload_by_parts_is_found_by_its_object_or_a_prefix_of_it,
}

async fn note(store: &Store, id: Uuid, key: &str, upload_id: &str) {
    let tx = store.tx().await;
    part_upload::note(&tx, id, key, upload_id).await.unwrap();
    tx.commit().await.unwrap();
}

async fn of(store: &Store, name: &str) -> Vec<String> {
    let found = part_upload::of(&store.0, name, 10).await.unwrap();
    found.into_iter().map(|row| row.upload_id).collect()
}

async fn an_upload_by_parts_is_found_by_its_object_or_a_prefix_of_it(store: Store) {
    let prefix =
        |run: RunId, conversion: ConversionId| format!("runs/run={}/conversion={}", run.0, conversion.0);
    let (attempt, other) =
        (prefix(RunId::new(), ConversionId::new()), prefix(RunId::new(), ConversionId::new()));
    let (log, id) = (format!("uploads/{}", Uuid::now_v7()), Uuid::now_v7());
    // Ids of some services are long.
    let long = "x".repeat(2000);
    note(&store, id, &log, &long).await;
    note(&store, id, &log, &long).await;
    note(&store, Uuid::now_v7(), &format!("{attempt}/a.parquet"), "a").await;
    note(&store, Uuid::now_v7(), &format!("{attempt}/b.parquet"), "b").await;
    note(&store, Uuid::now_v7(), &format!("{other}/a.parquet"), "other").await;

    assert_eq!(of(&store, &log).await, [long]);
    let mut found = of(&store, &attempt).await;
    found.sort_unstable();
    assert_eq!(found, ["a", "b"]);
    assert_eq!(of(&store, &attempt[..attempt.len() - 1]).await, Vec::<String>::new(), "no part of a name");
    assert_eq!(of(&store, "runs").await.len(), 3);

    let stale = async |age| part_upload::stale(&store.0, age, 10).await.unwrap().len();
    assert_eq!((stale(Duration::ZERO).await, stale(Duration::from_secs(3600)).await), (4, 0));
    for _ in 0..2 {
        let tx = store.tx().await;
        part_upload::forget(&tx, id).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(of(&store, &log).await, Vec::<String>::new());
}
