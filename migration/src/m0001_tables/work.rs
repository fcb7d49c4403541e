//! Jobs, their events, conversions, signals.

use sea_orm_migration::{prelude::*, schema::*};

use crate::step::{create_table, index, long_text, reference, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    job(manager).await?;
    job_event(manager).await?;
    conversion(manager).await?;
    signal(manager).await
}

async fn job(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create()
        .table("job")
        .col(uuid("id").primary_key())
        .col(uuid("run_id"))
        .col(string_len("kind", 64))
        .col(integer("schema_version"))
        .col(long_text(manager, "payload").not_null())
        .col(string_len("state", 16))
        .col(string_len_null("stage", 16))
        .col(big_integer("token"))
        .col(string_len_null("worker_id", 255))
        .col(big_integer_null("lease_until"))
        .col(big_integer_null("heartbeat_at"))
        .foreign_key(&mut reference("job", "run_id", "run"))
        .to_owned();
    for count in ["attempts", "crash_count", "lost_count", "retry_count"] {
        table.col(integer(count));
    }
    table
        .col(big_integer("next_at"))
        .col(big_integer_null("retry_since"))
        .col(boolean("cancel_requested"))
        .col(string_len_null("error_code", 64))
        .col(long_text(manager, "error_detail").null());
    for figure in ["progress_bytes", "progress_total", "progress_frames", "progress_warnings", "progress_seq"]
    {
        table.col(big_integer(figure));
    }
    table
        .col(big_integer_null("notified_at"))
        .col(string_len_null("active_key", 64))
        .col(big_integer("queued_at"))
        .col(big_integer_null("started_at"))
        .col(big_integer_null("finished_at"));
    create_table(manager, table).await?;
    // Partial indexes do not exist on MariaDB: `active_key` is NULL once the job is terminal.
    unique(manager, "job", &["active_key"]).await?;
    index(manager, "job", &["state", "next_at", "id"]).await?;
    index(manager, "job", &["state", "lease_until"]).await?;
    index(manager, "job", &["run_id", "queued_at"]).await?;
    index(manager, "job", &["queued_at", "id"]).await
}

async fn job_event(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("job_event")
        .col(uuid("job_id"))
        .col(big_integer("seq"))
        .col(string_len("state", 16))
        .col(big_integer("token"))
        .col(string_len_null("reason", 32))
        .col(big_integer("at"))
        .primary_key(Index::create().col("job_id").col("seq"))
        .foreign_key(&mut reference("job_event", "job_id", "job"))
        .to_owned();
    create_table(manager, table).await
}

async fn conversion(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("conversion")
        .col(uuid("id").primary_key())
        .col(uuid("run_id"))
        .col(uuid("job_id"))
        .col(big_integer("token"))
        .col(string_len("key_prefix", 255))
        .col(string_len("state", 16))
        .col(long_text(manager, "manifest").null())
        .col(long_text(manager, "report").null())
        .col(big_integer_null("bytes"))
        .col(big_integer("created_at"))
        .col(big_integer("state_at"))
        .foreign_key(&mut reference("conversion", "run_id", "run"))
        .foreign_key(&mut reference("conversion", "job_id", "job"))
        .to_owned();
    create_table(manager, table).await?;
    index(manager, "conversion", &["run_id", "state"]).await?;
    index(manager, "conversion", &["job_id"]).await?;
    index(manager, "conversion", &["state", "state_at"]).await
}

async fn signal(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("signal")
        .col(uuid("id").primary_key())
        .col(uuid("run_id"))
        .col(uuid("conversion_id"))
        .col(integer("position"))
        .col(long_text(manager, "bus").null())
        .col(big_integer_null("frame_id"))
        .col(boolean("extended"))
        .col(long_text(manager, "message").not_null())
        .col(long_text(manager, "name").not_null())
        .col(long_text(manager, "unit").null())
        .col(string_len("file", 255))
        .col(string_len("overview", 255))
        .col(boolean("sorted"))
        .col(big_integer("count"))
        .col(long_text(manager, "summary").not_null())
        .col(big_integer_null("first_at"))
        .col(big_integer_null("last_at"))
        .foreign_key(&mut reference("signal", "run_id", "run"))
        .foreign_key(&mut reference("signal", "conversion_id", "conversion"))
        .to_owned();
    create_table(manager, table).await?;
    // By run: a name may be longer than any back end indexes.
    index(manager, "signal", &["run_id", "position"]).await
}
