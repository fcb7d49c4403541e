//! The tables, all as they are at one moment.

use std::collections::BTreeMap;
use std::path::Path;

use entity::{clock, portable};
use miette::{IntoDiagnostic, Result, WrapErr};
use platform::database::Database;
use sea_orm::DatabaseTransaction;

use super::index::{self, Listing};
use super::lines::LineWriter;

/// Rows read in one statement; a conversion's may have megabytes.
const PAGE: u64 = 100;

/// Writes every table to its file; returns the time and the files.
pub(super) async fn dump(database: &Database, folder: &Path) -> Result<(i64, BTreeMap<String, Listing>)> {
    let tx = database.snapshot().await.into_diagnostic()?;
    let now = clock::now(&tx).await.into_diagnostic()?;
    let mut tables = BTreeMap::new();
    for table in portable::TABLES {
        let listing = dump_table(&tx, table, folder).await.wrap_err_with(|| format!("table {table}"))?;
        tables.insert((*table).to_owned(), listing);
    }
    tx.rollback().await.into_diagnostic()?;
    Ok((now, tables))
}

async fn dump_table(tx: &DatabaseTransaction, table: &str, folder: &Path) -> Result<Listing> {
    let mut file = LineWriter::create(&index::table(folder, table)).into_diagnostic()?;
    let mut after = None;
    loop {
        let page = portable::page(tx, table, after, PAGE).await.into_diagnostic()?;
        for row in &page.rows {
            file.write(row).into_diagnostic()?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return file.finish().into_diagnostic(),
        }
    }
}
