//! Vehicles, test days, DBCs.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::{create_table, index, long_text, reference, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    vehicle(manager).await?;
    test_day(manager).await?;
    dbc(manager).await?;
    vehicle_dbc(manager).await
}

async fn vehicle(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("vehicle")
        .col(uuid("id").primary_key())
        .col(string_len("name", 100))
        .col(string_len_null("time_zone", 64))
        .col(big_integer("created_at"))
        .to_owned();
    create_table(manager, table).await?;
    unique(manager, "vehicle", &["name"]).await
}

async fn test_day(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("test_day")
        .col(uuid("id").primary_key())
        .col(string_len("date", 10))
        .col(string_len_null("location", 255))
        .col(string_len("time_zone", 64))
        .col(uuid_null("vehicle_id"))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("test_day", "vehicle_id", "vehicle"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "test_day", &["date", "id"]).await
}

async fn dbc(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("dbc")
        .col(uuid("id").primary_key())
        .col(string_len("sha256", 64))
        .col(string_len("name", 255))
        .col(long_text(manager, "version").not_null())
        .col(string_len("object_key", 255))
        .col(big_integer("bytes"))
        .col(integer("message_count"))
        .col(integer("signal_count"))
        .col(long_text(manager, "diagnostics").not_null())
        .col(boolean("is_default"))
        .col(big_integer("created_at"))
        .to_owned();
    create_table(manager, table).await?;
    unique(manager, "dbc", &["sha256"]).await?;
    index(manager, "dbc", &["created_at", "id"]).await
}

async fn vehicle_dbc(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("vehicle_dbc")
        .col(uuid("vehicle_id"))
        .col(integer("position"))
        .col(uuid("dbc_id"))
        .col(string_len_null("bus", 255))
        .primary_key(Index::create().col("vehicle_id").col("position"))
        .foreign_key(&mut reference("vehicle_dbc", "vehicle_id", "vehicle"))
        .foreign_key(&mut reference("vehicle_dbc", "dbc_id", "dbc"))
        .to_owned();
    create_table(manager, table).await
}
