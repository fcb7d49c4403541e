//! The catalogue of signals, as publications and as the migration make it.

use entity::{catalog_signal, conversion, signal, signal::RecordedSignal};
use sea_orm::{EntityTrait, QueryOrder};

use crate::store::{Store, publication, recorded};

platform::on_every_back_end! {
    Store::on:
    every_signal_is_in_the_catalogue_once_a_unit,
    the_migration_takes_in_what_is_there,
}

async fn published(store: &Store, sha256: &str, signals: &[(&str, Option<&str>)]) {
    store.upload(sha256).await;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let made = |(frame_id, &(name, unit)): (u32, &(&str, Option<&str>))| RecordedSignal {
        frame_id: Some(frame_id),
        unit: unit.map(str::to_owned),
        ..recorded(name)
    };
    let signals = (0..).zip(signals).map(made).collect();
    assert!(store.publish(conversion::Publication { signals, ..publication(&job, id) }).await);
}

async fn rows(store: &Store) -> Vec<catalog_signal::Model> {
    catalog_signal::Entity::find().order_by_asc(catalog_signal::Column::Id).all(&store.0).await.unwrap()
}

async fn every_signal_is_in_the_catalogue_once_a_unit(store: Store) {
    published(&store, "a", &[("Speed", Some("km/h")), ("speed", None), ("a\0b", None)]).await;
    published(&store, "b", &[("Speed", Some("km/h")), ("Speed", Some("mph")), ("Speed", None)]).await;
    let rows = rows(&store).await;
    assert_eq!(rows.len(), 5, "{rows:?}");
    let entries = |name: &str| {
        let mut ids: Vec<_> = rows.iter().filter(|row| row.name == name).map(|row| row.entry_id).collect();
        ids.dedup();
        ids.len()
    };
    assert_eq!((entries("Speed"), entries("speed"), entries("a\u{fffd}b")), (1, 1, 1));
    for signal in signal::Entity::find().all(&store.0).await.unwrap() {
        let row = rows.iter().find(|row| Some(row.id) == signal.catalog_id).unwrap();
        assert_eq!((&row.message, &row.name, &row.unit), (&signal.message, &signal.name, &signal.unit));
    }
}

async fn the_migration_takes_in_what_is_there(store: Store) {
    let long = "Ω".repeat(70_000);
    published(&store, "a", &[("Speed", Some("km/h")), ("Speed ", None), (&long, Some("")), (&long, None)])
        .await;
    let signals =
        async || signal::Entity::find().order_by_asc(signal::Column::Id).all(&store.0).await.unwrap();
    let (before, catalog) = (signals().await, rows(&store).await);
    migration::down(&store.0, 1).await.unwrap();
    migration::up(&store.0).await.unwrap();
    assert_eq!(rows(&store).await, catalog);
    assert_eq!(signals().await, before);
}
