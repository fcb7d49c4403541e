//! Stored logs, runs, uploads.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::{create_table, index, long_text, reference, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    blob(manager).await?;
    run(manager).await?;
    run_dbc(manager).await?;
    upload(manager).await
}

async fn blob(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("blob")
        .col(uuid("id").primary_key())
        .col(string_len("sha256", 64))
        .col(string_len("object_key", 255))
        .col(big_integer("bytes"))
        .col(string_len("state", 16))
        .col(big_integer("created_at"))
        .to_owned();
    create_table(manager, table).await?;
    unique(manager, "blob", &["sha256"]).await?;
    index(manager, "blob", &["state", "created_at"]).await
}

async fn run(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("run")
        .col(uuid("id").primary_key())
        .col(uuid("blob_id"))
        .col(string_len("file_name", 255))
        .col(integer_null("number"))
        .col(string_len_null("name", 255))
        .col(string_len_null("kind", 100))
        .col(long_text(manager, "description").null())
        .col(string_len_null("location", 255))
        .col(string_len_null("driver", 255))
        .col(long_text(manager, "tags").not_null())
        .col(uuid_null("vehicle_id"))
        .col(uuid_null("test_day_id"))
        .col(string_len("time_zone", 64))
        .col(string_len_null("time_source", 16))
        .col(big_integer_null("start_at"))
        .col(big_integer_null("end_at"))
        .col(integer("warning_count"))
        .col(uuid_null("current_conversion_id"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .foreign_key(&mut reference("run", "blob_id", "blob"))
        .foreign_key(&mut reference("run", "vehicle_id", "vehicle"))
        .foreign_key(&mut reference("run", "test_day_id", "test_day"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "run", &["deleted_at", "start_at", "id"]).await?;
    index(manager, "run", &["deleted_at", "created_at", "id"]).await?;
    index(manager, "run", &["blob_id", "deleted_at"]).await?;
    index(manager, "run", &["vehicle_id", "start_at"]).await?;
    index(manager, "run", &["test_day_id", "start_at"]).await
}

async fn run_dbc(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("run_dbc")
        .col(uuid("run_id"))
        .col(integer("position"))
        .col(uuid("dbc_id"))
        .col(string_len_null("bus", 255))
        .primary_key(Index::create().col("run_id").col("position"))
        .foreign_key(&mut reference("run_dbc", "run_id", "run"))
        .foreign_key(&mut reference("run_dbc", "dbc_id", "dbc"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "run_dbc", &["dbc_id"]).await
}

async fn upload(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("upload")
        .col(uuid("id").primary_key())
        .col(string_len("state", 16))
        .col(string_len("object_key", 255))
        .col(string_len("file_name", 255))
        .col(big_integer("bytes"))
        .col(string_len_null("sha256", 64))
        .col(string_len_null("idempotency_key", 255))
        .col(uuid_null("blob_id"))
        .col(uuid_null("run_id"))
        .col(boolean("duplicate"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("committed_at"))
        .foreign_key(&mut reference("upload", "blob_id", "blob"))
        .foreign_key(&mut reference("upload", "run_id", "run"))
        .to_owned();
    create_table(manager, table).await?;
    unique(manager, "upload", &["idempotency_key"]).await?;
    index(manager, "upload", &["state", "expires_at"]).await?;
    index(manager, "upload", &["created_at", "id"]).await?;
    index(manager, "upload", &["run_id"]).await
}
