//! The models and the migrated tables have the same columns, and the clock runs.

use entity::{
    blob, catalog_signal, clock, conversion, dbc, derived_signal, interval, job, job_event, marker,
    part_upload, run, run_dbc, signal, signing_key, test_day, tombstone, upload, vehicle, vehicle_dbc,
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement};

use crate::store::Store;

platform::on_every_back_end! {
    Store::on:
    models_match_tables,
    the_database_tells_the_time_in_microseconds,
}

async fn same<E: EntityTrait>(store: &Store, entity: E) {
    let name = entity.table_name();
    let sql = match store.0.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{name}')"),
        DbBackend::Postgres => format!("{COLUMNS} = current_schema() AND table_name = '{name}'"),
        _ => format!("{COLUMNS} = DATABASE() AND table_name = '{name}'"),
    };
    let rows =
        store.0.query_all_raw(Statement::from_string(store.0.get_database_backend(), sql)).await.unwrap();
    let mut table: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    table.sort_unstable();
    let mut model: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
    model.sort_unstable();
    assert_eq!(table, model, "{name}");
    entity_reads::<E>(store).await;
}

const COLUMNS: &str = "SELECT column_name FROM information_schema.columns WHERE table_schema";

async fn entity_reads<E: EntityTrait>(store: &Store) {
    E::find().all(&store.0).await.unwrap();
}

async fn models_match_tables(store: Store) {
    same(&store, blob::Entity).await;
    same(&store, catalog_signal::Entity).await;
    same(&store, conversion::Entity).await;
    same(&store, dbc::Entity).await;
    same(&store, derived_signal::Entity).await;
    same(&store, entity::instance::Entity).await;
    same(&store, entity::store::Entity).await;
    same(&store, interval::Entity).await;
    same(&store, job::Entity).await;
    same(&store, job_event::Entity).await;
    same(&store, marker::Entity).await;
    same(&store, part_upload::Entity).await;
    same(&store, run::Entity).await;
    same(&store, run_dbc::Entity).await;
    same(&store, signal::Entity).await;
    same(&store, signing_key::Entity).await;
    same(&store, test_day::Entity).await;
    same(&store, tombstone::Entity).await;
    same(&store, upload::Entity).await;
    same(&store, vehicle::Entity).await;
    same(&store, vehicle_dbc::Entity).await;
}

async fn the_database_tells_the_time_in_microseconds(store: Store) {
    let here = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    let there = clock::now(&store.0).await.unwrap();
    assert!((here - there).abs() < 60_000_000, "{here} {there}");
}
