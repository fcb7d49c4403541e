//! `TestDay`: a day at a track.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{
    id::VehicleId,
    interval::Owner,
    test_day::{self, Column},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Cond, Expr},
};

use super::{
    error::{Answer, Refusal},
    input,
    interval::{Interval, Marker},
    load::{IntervalsOf, MarkersOf, load},
    local_day::Date,
    page::{self, Connection, Keyset, PageArgs},
    range::RunRange,
    run::Run,
    run_list::{self, RunFilter, RunOrder},
    runtime,
    scalar::DateTime,
    search,
    vehicle::Vehicle,
    window::TimeSpan,
};

/// A day at a track.
#[derive(Clone, Debug)]
pub(crate) struct TestDay(pub(crate) test_day::Model);

/// A day at a track ("testing day" in the original API, which had one a date).
#[Object]
impl TestDay {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The local date.
    async fn date(&self) -> Answer<Date> {
        self.0.date.parse().map(Date).map_err(Refusal::internal)
    }

    /// Where.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The track's IANA zone ("timezone" in the original API).
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// The car, when the day is one car's.
    async fn vehicle(&self, ctx: &Context<'_>) -> Answer<Option<Vehicle>> {
        match self.0.vehicle_id {
            Some(id) => Ok(load(ctx, id).await?.map(Vehicle)),
            None => Ok(None),
        }
    }

    /// From midnight to midnight at the track: 23, 24 or 25 hours.
    async fn window(&self) -> TimeSpan {
        (self.0.start_at..self.0.end_at).into()
    }

    /// Runs of the day: those set to it, and those that began within it, of its car (of any, if it has none), that
    /// are set to no other and fit no other day better.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Run>> {
        let args = PageArgs { first, after, last, before };
        run_list::page(ctx, &RunFilter::of_day(self.0.id), RunOrder::by_start(), args).await
    }

    /// All runs that were under way within it, of its car (of any, if it has none), as one axis of time ("plot the whole
    /// day").
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn range(&self, ctx: &Context<'_>) -> Answer<Option<RunRange>> {
        RunRange::between(ctx, self.0.start_at..self.0.end_at, self.0.vehicle_id).await.map(Some)
    }

    /// Its intervals, by their start; at most 1000.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn intervals(&self, ctx: &Context<'_>) -> Answer<Vec<Interval>> {
        let rows = load(ctx, IntervalsOf(Owner::Day(self.0.id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Interval).collect())
    }

    /// Its markers, by their time; at most 1000.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn markers(&self, ctx: &Context<'_>) -> Answer<Vec<Marker>> {
        let rows = load(ctx, MarkersOf(Owner::Day(self.0.id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Marker).collect())
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Which test days. Conditions of several fields all hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct TestDayFilter {
    /// Words, each of which is in the location or the date.
    search: Option<String>,
    /// Those of this date or later.
    from: Option<Date>,
    /// Those before this date.
    to: Option<Date>,
    /// Those of this car.
    vehicle: Option<ID>,
}

impl TestDayFilter {
    fn select(&self) -> Answer<Select<test_day::Entity>> {
        let words = search::words(self.search.as_deref())?;
        let mut all = Cond::all()
            .add(search::every_word(&words, &[Column::Location, Column::Date]))
            .add_option(self.from.map(|date| Column::Date.gte(date.0.to_string())))
            .add_option(self.to.map(|date| Column::Date.lt(date.0.to_string())));
        if let Some(vehicle) = &self.vehicle {
            all = all.add(Column::VehicleId.eq(input::id::<VehicleId>(vehicle, "vehicle")?));
        }
        Ok(test_day::Entity::find().filter(all))
    }
}

/// Answers `Query.testDays`: the latest day first.
pub(crate) async fn page(
    ctx: &Context<'_>,
    filter: &TestDayFilter,
    args: PageArgs,
) -> Answer<Connection<TestDay>> {
    let column = |column| Expr::col((test_day::Entity, column));
    let order = Keyset { tag: "day", key: column(Column::StartAt), id: column(Column::Id), descending: true };
    let key = |row: &test_day::Model| (row.start_at, row.id.0);
    page::read(ctx, filter.select()?, (&order, args), key, TestDay).await
}

/// The one day of this date, of this car if told.
pub(crate) async fn of_date(ctx: &Context<'_>, date: Date, vehicle: Option<ID>) -> Answer<Option<TestDay>> {
    let filter = TestDayFilter { vehicle, ..TestDayFilter::default() };
    let days = filter.select()?.filter(Column::Date.eq(date.0.to_string()));
    let mut days = days.order_by_asc(Column::Id).limit(2).all(runtime(ctx).database.read()).await?;
    if days.len() > 1 {
        let message = "Several test days have this date: name the car, or ask by id.";
        return Err(Refusal::input("date", message));
    }
    Ok(days.pop().map(TestDay))
}
