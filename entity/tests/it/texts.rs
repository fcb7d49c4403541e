//! Texts come back as they were, and only the same text is the same.

use entity::{conversion, id::VehicleId, signal, upload::Commit, vehicle};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, prelude::*};

use crate::store::{Store, order, publication, recorded};

platform::on_every_back_end! {
    Store::on:
    case_and_blanks_at_the_end_count,
    keys_that_look_alike_are_two,
    every_letter_is_kept,
    a_name_may_be_long,
    a_manifest_may_be_long,
    what_no_back_end_stores_is_replaced,
    figures_may_be_long_together,
}

const ALIKE: [&str; 6] = ["RPM", "rpm", "Rpm ", "Rpm", "R\u{e9}gime", "Regime"];

async fn case_and_blanks_at_the_end_count(store: Store) {
    for name in ALIKE {
        let row =
            vehicle::Model { id: VehicleId::new(), name: name.to_owned(), time_zone: None, created_at: 0 };
        vehicle::Entity::insert(vehicle::ActiveModel::from(row).reset_all())
            .exec_without_returning(&store.0)
            .await
            .unwrap();
    }
    for name in ALIKE {
        let found =
            vehicle::Entity::find().filter(vehicle::Column::Name.eq(name)).all(&store.0).await.unwrap();
        assert_eq!(found.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), [name]);
    }
}

async fn keys_that_look_alike_are_two(store: Store) {
    for key in ["k", "K", "k "] {
        let id = store.receiving().await;
        store.commit(Commit { idempotency_key: Some(key.to_owned()), ..order(id, key) }).await;
        let found = entity::upload::committed_under(&store.0, key).await.unwrap().unwrap();
        assert_eq!(found.id, id, "{key:?}");
    }
}

/// The names of the signals, in order, after a publication with these.
async fn published(store: &Store, names: &[&str]) -> Vec<String> {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let signals = names.iter().map(|name| recorded(name)).collect();
    assert!(store.publish(conversion::Publication { signals, ..publication(&job, id) }).await);
    let rows = signal::Entity::find().order_by_asc(signal::Column::Position).all(&store.0).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

async fn every_letter_is_kept(store: Store) {
    let names =
        ["\u{1f3ce}\u{fe0f} speed", "Lufttemperatur \u{00b0}C", "\u{901f}\u{5ea6}", "a'b\"c\\d%e_f", " "];
    assert_eq!(published(&store, &names).await, names);
}

async fn a_name_may_be_long(store: Store) {
    let long = "\u{1f3ce}".repeat(20_000);
    assert_eq!(published(&store, &[&long]).await, [long.as_str()]);
}

async fn what_no_back_end_stores_is_replaced(store: Store) {
    assert_eq!(published(&store, &["a\0b"]).await, ["a\u{fffd}b"]);
}

async fn a_manifest_may_be_long(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let manifest = "\u{1f3ce}".repeat(2 << 20);
    let publication = conversion::Publication { manifest: manifest.clone(), ..publication(&job, id) };
    assert!(store.publish(publication).await);
    let row = conversion::Entity::find_by_id(id).one(&store.0).await.unwrap().unwrap();
    assert!(row.manifest.is_some_and(|kept| kept == manifest));
}

/// More than MariaDB takes in one statement.
async fn figures_may_be_long_together(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let long = |number: i32| entity::signal::RecordedSignal {
        summary: format!("\"{}\"", "x".repeat(1 << 20)),
        ..recorded(&format!("S{number}"))
    };
    let signals = (0..20).map(long).collect();
    assert!(store.publish(conversion::Publication { signals, ..publication(&job, id) }).await);
    assert_eq!(signal::Entity::find().count(&store.0).await.unwrap(), 20);
}
