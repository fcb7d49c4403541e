//! All rows as JSON, one line a row: the same text whatever the back end, and back.
//!
//! What says which installation a database belongs to (`instance`, `store`), what only its own storage needs to know
//! (`tombstone`, `part_upload`) and what must not lie in a backup (`signing_key`: the next installation makes its own,
//! and only links of minutes are lost) is left out.

mod json;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, Identity, IntoActiveModel, IntoIdentity,
    ModelTrait, sea_query::ValueTuple,
};

use crate::{
    blob, catalog_signal, conversion, dbc, derived_signal, interval, job, job_event, marker, run, run_dbc,
    signal, test_day, upload, vehicle, vehicle_dbc,
};

/// A line that is no row of its table.
#[derive(Debug, thiserror::Error)]
pub enum PortableError {
    /// No table of ours is called so.
    #[error("no table is called `{0}`")]
    UnknownTable(String),
    /// The line does not fit the table.
    #[error("the row {line} of `{table}` cannot be read: {what}")]
    Row {
        /// The table.
        table: &'static str,
        /// Number of the line among those given, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The database refused.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Some rows of a table, in the order of its key.
#[derive(Debug)]
pub struct Page {
    /// One JSON object a row.
    pub rows: Vec<String>,
    /// Where the next page begins; `None` after the last row.
    pub next: Option<ValueTuple>,
}

macro_rules! tables {
    ($($name:literal $table:ident $($key:ident)+;)+) => {
        /// The tables' names, each after those that it refers to.
        pub const TABLES: &[&str] = &[$($name),+];

        /// Up to `size` rows of the table, from where the page before ended.
        ///
        /// # Errors
        /// When there is no such table, or the database refuses.
        pub async fn page<C: ConnectionTrait>(
            conn: &C,
            table: &str,
            after: Option<ValueTuple>,
            size: u64,
        ) -> Result<Page, PortableError> {
            match table {
                $($name => {
                    let key = ($($table::Column::$key),+).into_identity();
                    read::<$table::Entity, C>(conn, key, after, size).await
                })+
                other => Err(PortableError::UnknownTable(other.to_owned())),
            }
        }

        /// Puts rows into the table as they were.
        ///
        /// # Errors
        /// When a line is no row of this table, or the database refuses.
        pub async fn insert(
            tx: &DatabaseTransaction,
            table: &str,
            rows: &[String],
        ) -> Result<(), PortableError> {
            match table {
                $($name => write::<$table::ActiveModel, $table::Entity>(tx, $name, rows).await,)+
                other => Err(PortableError::UnknownTable(other.to_owned())),
            }
        }
    };
}

tables! {
    "vehicle" vehicle Id;
    "test_day" test_day Id;
    "dbc" dbc Id;
    "vehicle_dbc" vehicle_dbc VehicleId Position;
    "blob" blob Id;
    "run" run Id;
    "run_dbc" run_dbc RunId Position;
    "upload" upload Id;
    "job" job Id;
    "job_event" job_event JobId Seq;
    "conversion" conversion Id;
    "signal" signal Id;
    "catalog_signal" catalog_signal Id;
    "time_interval" interval Id;
    "marker" marker Id;
    "derived_signal" derived_signal Id;
}

async fn read<E, C>(
    conn: &C,
    key: Identity,
    after: Option<ValueTuple>,
    size: u64,
) -> Result<Page, PortableError>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + Sync,
    C: ConnectionTrait,
{
    let mut cursor = E::find().cursor_by(key);
    if let Some(after) = after {
        cursor.after(after);
    }
    let found = cursor.first(size).all(conn).await?;
    let is_last = (found.len() as u64) < size;
    let next = found.last().filter(|_| !is_last).map(ModelTrait::get_primary_key_value);
    let rows = found.iter().map(json::text).collect::<Result<_, _>>()?;
    Ok(Page { rows, next })
}

/// Rows in one statement: some columns a row, and no back end takes more than 32,766 values.
const CHUNK: usize = 500;

async fn write<A, E>(
    tx: &DatabaseTransaction,
    table: &'static str,
    rows: &[String],
) -> Result<(), PortableError>
where
    A: sea_orm::ActiveModelTrait<Entity = E> + Send,
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
{
    for (n, chunk) in rows.chunks(CHUNK).enumerate() {
        let parse = |(at, row): (usize, &String)| {
            let line = n * CHUNK + at + 1;
            json::row::<A>(row).map_err(|what| PortableError::Row { table, line, what })
        };
        let parsed = chunk.iter().enumerate().map(parse).collect::<Result<Vec<A>, _>>()?;
        E::insert_many(parsed).exec_without_returning(tx).await?;
    }
    Ok(())
}
