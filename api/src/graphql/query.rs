//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "they are the fields' arguments")]

use async_graphql::{Context, ID, Object};
use entity::{
    dbc,
    id::{DbcId, DerivedSignalId, JobId, RunId, TestDayId, UploadId, VehicleId},
    job, upload, vehicle,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Cond, Expr, IntoColumnRef},
};

use super::{
    check_expression::{self, ExpressionCheck, Where},
    dbc::Dbc,
    derived_signal::{self, DerivedSignal},
    error::{Answer, Refusal},
    input,
    job::{Job, JobFilter},
    load::load,
    local_day::Date,
    node::{self, Node},
    page::{self, Connection, Keyset, PageArgs},
    range::RunRange,
    run::Run,
    run_list::{self, RunFilter, RunOrder},
    search,
    server::Server,
    signal_catalog::{self, CatalogSignal},
    test_day::{self, TestDay, TestDayFilter},
    upload::{UploadFilter, UploadRecord},
    vehicle::Vehicle,
    window::TimeWindow,
};

/// The most ids of one `nodes` field.
const MAX_NODES: usize = 100;

/// The root of all queries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query;

/// What can be asked.
#[Object]
impl Query {
    /// What has this id, whatever it is.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any object's id.")] id: ID,
    ) -> Answer<Option<Node>> {
        node::of_id(ctx, &id).await
    }

    /// What has these ids, in the order given; null where there is nothing.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids.")] ids: Vec<ID>,
    ) -> Answer<Vec<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(Refusal::input("ids", format!("At most {MAX_NODES} ids.")));
        }
        futures::future::try_join_all(ids.iter().map(|id| node::of_id(ctx, id))).await
    }

    /// Runs ("runs" in the original API too, there all at once).
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which runs; all that are not deleted unless told.")] filter: Option<RunFilter>,
        #[graphql(desc = "In which order; newest upload first unless told.")] order_by: Option<RunOrder>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Run>> {
        let args = PageArgs { first, after, last, before };
        run_list::page(ctx, &filter.unwrap_or_default(), order_by.unwrap_or_default(), args).await
    }

    /// One run, deleted or not.
    async fn run(&self, ctx: &Context<'_>, #[graphql(desc = "The run's id.")] id: ID) -> Answer<Option<Run>> {
        Ok(load(ctx, input::id::<RunId>(&id, "id")?).await?.map(Run))
    }

    /// All runs that were under way in a window, as one axis of time ("plot the whole day").
    async fn range(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The times.")] window: TimeWindow,
        #[graphql(desc = "Those of this car.")] vehicle: Option<ID>,
    ) -> Answer<Option<RunRange>> {
        let vehicle = vehicle.map(|id| input::id::<VehicleId>(&id, "vehicle")).transpose()?;
        RunRange::between(ctx, window.range(ctx, "window").await?, vehicle).await.map(Some)
    }

    /// Transfers, newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn uploads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transfers; all unless told.")] filter: Option<UploadFilter>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<UploadRecord>> {
        let rows = upload::Entity::find().filter(filter.unwrap_or_default().condition());
        let order = newest((upload::Entity, upload::Column::CreatedAt), (upload::Entity, upload::Column::Id));
        let args = PageArgs { first, after, last, before };
        page::read(ctx, rows, (&order, args), |row| (row.created_at, row.id.0), UploadRecord).await
    }

    /// One transfer.
    async fn upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transfer's id.")] id: ID,
    ) -> Answer<Option<UploadRecord>> {
        Ok(load(ctx, input::id::<UploadId>(&id, "id")?).await?.map(UploadRecord))
    }

    /// Jobs, newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which jobs; all unless told.")] filter: Option<JobFilter>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Job>> {
        let rows = job::Entity::find().filter(filter.unwrap_or_default().condition()?);
        let order = newest((job::Entity, job::Column::QueuedAt), (job::Entity, job::Column::Id));
        let args = PageArgs { first, after, last, before };
        page::read(ctx, rows, (&order, args), |row| (row.queued_at, row.id.0), Job::from).await
    }

    /// One job ("processing" in the original API).
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "The job's id.")] id: ID) -> Answer<Option<Job>> {
        Ok(load(ctx, input::id::<JobId>(&id, "id")?).await?.map(Job::from))
    }

    /// Registered DBCs, newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn dbcs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name or the version.")] search: Option<String>,
        #[graphql(desc = "The one with this SHA-256, hex.")] sha256: Option<String>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Dbc>> {
        let words = search::words(search.as_deref())?;
        let hash = sha256.map(|hash| dbc::Column::Sha256.eq(hash.to_ascii_lowercase()));
        let found = search::every_word(&words, &[dbc::Column::Name, dbc::Column::Version]);
        let rows = dbc::Entity::find().filter(Cond::all().add(found).add_option(hash));
        let order = newest((dbc::Entity, dbc::Column::CreatedAt), (dbc::Entity, dbc::Column::Id));
        let args = PageArgs { first, after, last, before };
        page::read(ctx, rows, (&order, args), |row| (row.created_at, row.id.0), Dbc).await
    }

    /// One registered DBC.
    async fn dbc(&self, ctx: &Context<'_>, #[graphql(desc = "The DBC's id.")] id: ID) -> Answer<Option<Dbc>> {
        Ok(load(ctx, input::id::<DbcId>(&id, "id")?).await?.map(Dbc))
    }

    /// Cars, newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn vehicles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Vehicle>> {
        let order =
            newest((vehicle::Entity, vehicle::Column::CreatedAt), (vehicle::Entity, vehicle::Column::Id));
        let args = PageArgs { first, after, last, before };
        let key = |row: &vehicle::Model| (row.created_at, row.id.0);
        page::read(ctx, vehicle::Entity::find(), (&order, args), key, Vehicle).await
    }

    /// Days at a track, the latest first ("testing" in the original API).
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn test_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days; all unless told.")] filter: Option<TestDayFilter>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<TestDay>> {
        let args = PageArgs { first, after, last, before };
        test_day::page(ctx, &filter.unwrap_or_default(), args).await
    }

    /// One day at a track, by id or by date ("testing/<date>" in the original API); exactly one of the two is to be
    /// given.
    async fn test_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day's id.")] id: Option<ID>,
        #[graphql(desc = "The local date; refused when several days have it.")] date: Option<Date>,
        #[graphql(desc = "With `date`: the car.")] vehicle: Option<ID>,
    ) -> Answer<Option<TestDay>> {
        match (id, date) {
            (Some(id), None) => Ok(load(ctx, input::id::<TestDayId>(&id, "id")?).await?.map(TestDay)),
            (None, Some(date)) => test_day::of_date(ctx, date, vehicle).await,
            _ => Err(Refusal::input("id", "Give either `id` or `date`.")),
        }
    }

    /// Which signals exist over all runs that are not deleted, by name ("variables" in the original API).
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn signal_catalog(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name, the message or the unit.")] search: Option<
            String,
        >,
        #[graphql(desc = "What the runs of this car have.")] vehicle: Option<ID>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<CatalogSignal>> {
        let args = PageArgs { first, after, last, before };
        signal_catalog::page(ctx, search.as_deref(), vehicle.as_ref(), args).await
    }

    /// Saved expressions, by name ("filters" in the original API).
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn derived_signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name, the text, the unit or the description.")]
        search: Option<String>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<DerivedSignal>> {
        derived_signal::page(ctx, search.as_deref(), PageArgs { first, after, last, before }).await
    }

    /// One saved expression.
    async fn derived_signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The derived signal's id.")] id: ID,
    ) -> Answer<Option<DerivedSignal>> {
        Ok(load(ctx, input::id::<DerivedSignalId>(&id, "id")?).await?.map(DerivedSignal))
    }

    /// What an expression means, or what is wrong with it, before it is saved or plotted.
    async fn check_expression(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text.")] expression: String,
        #[graphql(
            desc = "The run whose signals it names; without run and window, any name may be a signal's."
        )]
        run: Option<ID>,
        #[graphql(desc = "Instead of `run`: the range whose signals it names, as `range` has it.")]
        window: Option<TimeWindow>,
        #[graphql(desc = "Of the range, the runs of this car.")] vehicle: Option<ID>,
    ) -> Answer<ExpressionCheck> {
        check_expression::check(ctx, &expression, &Where { run, window, vehicle }).await
    }

    /// This server: its version, limits and formats.
    async fn server(&self) -> Server {
        Server
    }
}

/// The newest first.
fn newest(created: impl IntoColumnRef, id: impl IntoColumnRef) -> Keyset {
    Keyset { tag: "newest", key: Expr::col(created), id: Expr::col(id), descending: true }
}
