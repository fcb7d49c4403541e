//! `Conversion`: one attempt's output.

use async_graphql::{Context, Enum, ID, Object};
use canlog::report::Report;
use entity::{
    conversion::{self, ConversionState as State},
    id::ConversionId,
};

use super::{
    error::{Answer, Refusal},
    job::Job,
    load::{ConversionRow, load},
    report::ConversionReport,
    scalar::{DateTime, Int64},
};

/// One attempt's output.
#[derive(Clone, Debug)]
pub(crate) struct Conversion(pub(crate) ConversionRow);

impl From<conversion::Model> for Conversion {
    fn from(row: conversion::Model) -> Self {
        Self(ConversionRow {
            id: row.id,
            run_id: row.run_id,
            job_id: row.job_id,
            state: row.state,
            bytes: row.bytes,
            created_at: row.created_at,
            state_at: row.state_at,
        })
    }
}

/// The report of a conversion, once it has one.
pub(crate) async fn report_of(ctx: &Context<'_>, id: ConversionId) -> Answer<Option<Report>> {
    let Some(text) = load(ctx, id).await?.and_then(|row| row.report) else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(Refusal::internal)
}

/// One attempt's output: readers see a run's published one, whole or not at all.
#[Object]
impl Conversion {
    /// Its id, new for every attempt.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whether readers see it.
    async fn state(&self) -> ConversionState {
        self.0.state.into()
    }

    /// Size of all its files in bytes.
    async fn bytes(&self) -> Option<Int64> {
        self.0.bytes.map(Int64)
    }

    /// What was read, what was skipped, and why.
    async fn report(&self, ctx: &Context<'_>) -> Answer<Option<ConversionReport>> {
        Ok(report_of(ctx, self.0.id).await?.map(ConversionReport))
    }

    /// The job that made it.
    async fn job(&self, ctx: &Context<'_>) -> Answer<Option<Job>> {
        Ok(load(ctx, self.0.job_id).await?.map(Job::from))
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was published; null unless it is what readers see now.
    async fn published_at(&self) -> Option<DateTime> {
        (self.0.state == State::Published).then_some(DateTime(self.0.state_at))
    }
}

/// The life of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub(crate) enum ConversionState {
    /// Being written; nobody reads it.
    Writing,
    /// What readers see.
    Published,
    /// Replaced by a newer one.
    Superseded,
    /// Given up before it was published.
    Orphan,
    /// Its files are gone.
    Deleted,
}
