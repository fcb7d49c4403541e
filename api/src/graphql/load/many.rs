//! Rows that belong to others: lists of a run or a vehicle, a run's newest job, a job's place in the queue.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{
    conversion,
    id::{ConversionId, JobId, RunId, VehicleId},
    job, run_dbc, vehicle_dbc,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Alias, Expr, ExprTrait, IntoColumnRef, Order, Query, SelectStatement, WindowStatement},
};

use super::{Rows, lists};
use crate::graphql::error::Refusal;

/// The newest jobs or conversions of a run that are shown.
const SHOWN: i64 = 20;

/// The newest job of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NewestJob(pub(crate) RunId);

/// The newest jobs of a run, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobsOf(pub(crate) RunId);

/// The newest conversions of a run, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConversionsOf(pub(crate) RunId);

/// The DBCs of a run, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DbcsOf(pub(crate) RunId);

/// The default DBCs of a vehicle, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DbcsOfVehicle(pub(crate) VehicleId);

/// How many queued jobs are before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueuePlace(pub(crate) JobId);

/// A conversion without its manifest and report, which are long.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ConversionRow {
    pub(crate) id: ConversionId,
    pub(crate) run_id: RunId,
    pub(crate) job_id: JobId,
    pub(crate) state: conversion::ConversionState,
    pub(crate) bytes: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) state_at: i64,
}

/// The places of `rows` by the order of `window`, as `(id, place)`, up to `most`.
pub(super) fn places(
    mut rows: SelectStatement,
    id: impl IntoColumnRef,
    window: WindowStatement,
    most: i64,
) -> SelectStatement {
    let (place, ranked) = (Alias::new("place"), Alias::new("ranked"));
    rows.clear_selects().expr_as(Expr::col(id), Alias::new("id")).expr_window_as(
        Expr::cust("ROW_NUMBER()"),
        window,
        place.clone(),
    );
    Query::select()
        .columns([Alias::new("id"), place.clone()])
        .from_subquery(rows, ranked)
        .and_where(Expr::col(place).lte(most))
        .to_owned()
}

/// The ids alone.
pub(super) fn ids(places: SelectStatement) -> SelectStatement {
    Query::select().column(Alias::new("id")).from_subquery(places, Alias::new("shown")).to_owned()
}

impl Rows {
    async fn newest_jobs(
        &self,
        runs: Vec<RunId>,
        most: i64,
    ) -> Result<HashMap<RunId, Vec<job::Model>>, Refusal> {
        let window = WindowStatement::partition_by((job::Entity, job::Column::RunId))
            .order_by((job::Entity, job::Column::QueuedAt), Order::Desc)
            .order_by((job::Entity, job::Column::Id), Order::Desc)
            .to_owned();
        let of_runs = job::Entity::find().filter(job::Column::RunId.is_in(runs)).into_query();
        let newest = ids(places(of_runs, (job::Entity, job::Column::Id), window, most));
        let rows = job::Entity::find()
            .filter(job::Column::Id.in_subquery(newest))
            .order_by_desc(job::Column::QueuedAt)
            .order_by_desc(job::Column::Id)
            .all(self.0.database.read())
            .await?;
        Ok(lists(rows, |row| row.run_id))
    }
}

impl Loader<NewestJob> for Rows {
    type Value = job::Model;
    type Error = Refusal;

    async fn load(&self, keys: &[NewestJob]) -> Result<HashMap<NewestJob, job::Model>, Refusal> {
        let newest = self.newest_jobs(keys.iter().map(|key| key.0).collect(), 1).await?;
        let first = |(run, jobs): (RunId, Vec<job::Model>)| Some((NewestJob(run), jobs.into_iter().next()?));
        Ok(newest.into_iter().filter_map(first).collect())
    }
}

impl Loader<JobsOf> for Rows {
    type Value = Vec<job::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[JobsOf]) -> Result<HashMap<JobsOf, Vec<job::Model>>, Refusal> {
        let jobs = self.newest_jobs(keys.iter().map(|key| key.0).collect(), SHOWN).await?;
        Ok(jobs.into_iter().map(|(run, jobs)| (JobsOf(run), jobs)).collect())
    }
}

impl Loader<ConversionsOf> for Rows {
    type Value = Vec<ConversionRow>;
    type Error = Refusal;

    async fn load(&self, keys: &[ConversionsOf]) -> Result<HashMap<ConversionsOf, Self::Value>, Refusal> {
        use conversion::Column;
        let window = WindowStatement::partition_by((conversion::Entity, Column::RunId))
            .order_by((conversion::Entity, Column::CreatedAt), Order::Desc)
            .order_by((conversion::Entity, Column::Id), Order::Desc)
            .to_owned();
        let of_runs = conversion::Entity::find().filter(Column::RunId.is_in(keys.iter().map(|key| key.0)));
        let newest = ids(places(of_runs.into_query(), (conversion::Entity, Column::Id), window, SHOWN));
        let columns = [Column::Id, Column::RunId, Column::JobId, Column::State, Column::Bytes];
        let rows = conversion::Entity::find()
            .select_only()
            .columns(columns)
            .columns([Column::CreatedAt, Column::StateAt])
            .filter(Column::Id.in_subquery(newest))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .into_model::<ConversionRow>()
            .all(self.0.database.read())
            .await?;
        Ok(lists(rows, |row| ConversionsOf(row.run_id)))
    }
}

impl Loader<DbcsOf> for Rows {
    type Value = Vec<run_dbc::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[DbcsOf]) -> Result<HashMap<DbcsOf, Self::Value>, Refusal> {
        let rows = run_dbc::Entity::find()
            .filter(run_dbc::Column::RunId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(run_dbc::Column::Position)
            .all(self.0.database.read())
            .await?;
        Ok(lists(rows, |row| DbcsOf(row.run_id)))
    }
}

impl Loader<DbcsOfVehicle> for Rows {
    type Value = Vec<vehicle_dbc::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[DbcsOfVehicle]) -> Result<HashMap<DbcsOfVehicle, Self::Value>, Refusal> {
        let rows = vehicle_dbc::Entity::find()
            .filter(vehicle_dbc::Column::VehicleId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(vehicle_dbc::Column::Position)
            .all(self.0.database.read())
            .await?;
        Ok(lists(rows, |row| DbcsOfVehicle(row.vehicle_id)))
    }
}

impl Loader<QueuePlace> for Rows {
    type Value = i64;
    type Error = Refusal;

    async fn load(&self, keys: &[QueuePlace]) -> Result<HashMap<QueuePlace, i64>, Refusal> {
        let mut window = WindowStatement::new();
        window
            .order_by((job::Entity, job::Column::NextAt), Order::Asc)
            .order_by((job::Entity, job::Column::Id), Order::Asc);
        let queued = job::Entity::find().filter(job::Column::State.eq(job::JobState::Queued)).into_query();
        let places = places(queued, (job::Entity, job::Column::Id), window, i64::MAX);
        let wanted = Query::select()
            .columns([Alias::new("id"), Alias::new("place")])
            .from_subquery(places, Alias::new("queue"))
            .and_where(Expr::col(Alias::new("id")).is_in(keys.iter().map(|key| key.0)))
            .to_owned();
        let rows = self.0.database.read().query_all(&wanted).await?;
        let place = |row: &sea_orm::QueryResult| {
            let (id, place): (JobId, i64) = (row.try_get("", "id")?, row.try_get("", "place")?);
            Ok((QueuePlace(id), place - 1))
        };
        rows.iter().map(place).collect()
    }
}
