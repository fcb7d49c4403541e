//! Rows as JSON and back.

use entity::portable::{self, PortableError, TABLES};
use sea_orm::ConnectionTrait;

use crate::store::{Store, publication};

/// All rows of a table, read `size` at a time.
async fn rows(store: &Store, table: &str, size: u64) -> Vec<String> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = portable::page(&store.0, table, after, size).await.unwrap();
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

platform::on_every_back_end! {
    Store::on:
    rows_come_back_as_they_were,
    a_line_that_is_no_row_is_named,
}

/// The database, with a row in most tables.
async fn full(store: Store) -> Store {
    for log in ["a", "b", "c"] {
        store.upload(log).await;
    }
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    assert!(store.publish(publication(&job, id)).await);
    store
        .0
        .execute_unprepared("UPDATE run SET description = 'a \"quoted\" line\nand ü', number = 7")
        .await
        .unwrap();
    store
}

async fn rows_come_back_as_they_were(store: Store) {
    let original = full(Store::new().await).await;
    let copied = copy(&original, &store).await;
    assert!(copied > 15, "{copied}");
    // And from this back end to another.
    copy(&store, &Store::new().await).await;
}

/// Copies all rows and compares them; returns how many.
async fn copy(from: &Store, to: &Store) -> usize {
    let tx = to.tx().await;
    let mut all = 0;
    for table in TABLES {
        let rows = rows(from, table, 2).await;
        portable::insert(&tx, table, &rows).await.unwrap();
        all += rows.len();
    }
    tx.commit().await.unwrap();
    for table in TABLES {
        assert_eq!(rows(to, table, 100).await, rows(from, table, 2).await, "{table}");
    }
    all
}

async fn a_line_that_is_no_row_is_named(store: Store) {
    let store = full(store).await;
    let run = rows(&store, "run", 10).await.remove(0);
    let cases = [
        ("{}".to_owned(), "`id` is missing"),
        ("[]".to_owned(), "invalid type"),
        (run.replace("\"number\":7", "\"number\":\"7\""), "`number` has a value of another type"),
        (run.replace("\"tags\":\"[]\"", "\"tags\":null"), "`tags`"),
        (run.replace("\"number\":7", "\"number\":7,\"password\":1"), "`password` is no column"),
    ];
    for (line, expected) in cases {
        let tx = store.tx().await;
        let refused = portable::insert(&tx, "run", std::slice::from_ref(&line)).await;
        let Err(PortableError::Row { table: "run", line: 1, what }) = refused else {
            panic!("{line}: {refused:?}")
        };
        assert!(what.contains(expected), "{what}");
        tx.rollback().await.unwrap();
    }
    let tx = store.tx().await;
    assert!(matches!(portable::insert(&tx, "users", &[]).await, Err(PortableError::UnknownTable(_))));
    tx.rollback().await.unwrap();
    let read = portable::page(&store.0, "users", None, 1).await;
    assert!(matches!(read, Err(PortableError::UnknownTable(_))));
}
