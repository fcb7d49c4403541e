//! Lists of runs: filter, order, search.

use async_graphql::{Context, Enum, ID, InputObject};
use entity::{
    id::{TestDayId, VehicleId},
    job,
    run::{self, Column, Model},
    test_day,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, DbBackend, EntityTrait, QueryFilter, Select,
    sea_query::{Cond, Expr, ExprTrait, Func, LikeExpr, Order, Query},
};
use uuid::Uuid;

use super::{
    error::Answer,
    input,
    page::{self, Connection, Keyset, PageArgs},
    run::Run,
    run_status::RunStatus,
    runtime, search,
    window::TimeWindow,
};

/// Which runs. Conditions of several fields all hold; of several values in one field any.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct RunFilter {
    /// Words, each of which is in the name, type, description, location, driver, tags or file name, or is the
    /// number.
    search: Option<String>,
    /// Those with one of these statuses.
    status: Option<Vec<RunStatus>>,
    /// Those of one of these types, exactly.
    #[graphql(name = "type")]
    kind: Option<Vec<String>>,
    /// Those driven at one of these places, exactly.
    location: Option<Vec<String>>,
    /// Those with this tag.
    tag: Option<String>,
    /// Those with this number.
    number: Option<i32>,
    /// Those of this car.
    vehicle: Option<ID>,
    /// Those of this day: set to it, or by their time and car.
    test_day: Option<ID>,
    /// Those that were under way in this window: `start < to` and `end >= from`, for a run's latest frame, at its
    /// `end`, is of the run.
    overlaps: Option<TimeWindow>,
    /// Those with warnings, or those without.
    has_warnings: Option<bool>,
    /// Deleted ones instead of the others.
    #[graphql(default)]
    deleted: bool,
}

/// How runs are ordered.
#[derive(Clone, Copy, Debug, InputObject)]
pub(crate) struct RunOrder {
    /// By what.
    #[graphql(default_with = "RunOrderField::CreatedAt")]
    field: RunOrderField,
    /// Which way.
    #[graphql(default_with = "Direction::Desc")]
    direction: Direction,
}

impl Default for RunOrder {
    fn default() -> Self {
        Self { field: RunOrderField::CreatedAt, direction: Direction::Desc }
    }
}

/// What runs are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum RunOrderField {
    /// When they were uploaded.
    CreatedAt,
    /// When they were driven; those not converted yet count as the latest.
    Start,
    /// Their number; those without one count as the smallest.
    Number,
    /// How long they took; those not converted yet count as the shortest.
    Duration,
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Direction {
    /// Smallest or earliest first.
    Asc,
    /// Largest or latest first.
    Desc,
}

impl RunOrder {
    /// The earliest first.
    pub(crate) fn by_start() -> Self {
        Self { field: RunOrderField::Start, direction: Direction::Asc }
    }

    fn keyset(self) -> Keyset {
        let column = |column| Expr::col((run::Entity, column));
        let or = |value: Expr, other: i64| Expr::from(Func::coalesce([value, Expr::val(other)]));
        let (tag, key) = match self.field {
            RunOrderField::CreatedAt => ("created", column(Column::CreatedAt)),
            RunOrderField::Start => ("start", or(column(Column::StartAt), i64::MAX)),
            RunOrderField::Number => ("number", or(column(Column::Number), -1)),
            RunOrderField::Duration => {
                ("duration", or(column(Column::EndAt).sub(column(Column::StartAt)), -1))
            }
        };
        Keyset { tag, key, id: column(Column::Id), descending: self.direction == Direction::Desc }
    }

    /// The same of a row.
    fn key(self, run: &Model) -> (i64, Uuid) {
        let key = match self.field {
            RunOrderField::CreatedAt => run.created_at,
            RunOrderField::Start => run.start_at.unwrap_or(i64::MAX),
            RunOrderField::Number => run.number.map_or(-1, i64::from),
            RunOrderField::Duration => run.end_at.zip(run.start_at).map_or(-1, |(end, start)| end - start),
        };
        (key, run.id.0)
    }
}

impl RunFilter {
    /// Those of one day.
    pub(crate) fn of_day(day: TestDayId) -> Self {
        Self { test_day: Some(day.to_string().into()), ..Self::default() }
    }

    async fn select(&self, ctx: &Context<'_>) -> Answer<Select<run::Entity>> {
        let deleted = Column::DeletedAt.is_not_null();
        let any = |column: Column, values: &Vec<String>| column.is_in(values.iter().map(String::as_str));
        let mut all = Cond::all()
            .add(if self.deleted { deleted } else { Column::DeletedAt.is_null() })
            .add(self.searched(runtime(ctx).database.read().get_database_backend())?)
            .add_option(self.status.as_deref().map(with_status))
            .add_option(self.kind.as_ref().map(|kinds| any(Column::Kind, kinds)))
            .add_option(self.location.as_ref().map(|places| any(Column::Location, places)))
            .add_option(self.number.map(|number| Column::Number.eq(number)))
            .add_option(
                self.has_warnings
                    .map(|with| if with { Column::WarningCount.gt(0) } else { Column::WarningCount.eq(0) }),
            );
        if let Some(tag) = &self.tag {
            let quoted = serde_json::Value::from(tag.as_str()).to_string();
            all = all
                .add(Column::Tags.like(LikeExpr::new(format!("%{}%", search::escape(&quoted))).escape('\\')));
        }
        if let Some(window) = &self.overlaps {
            let window = window.range(ctx, "overlaps").await?;
            all = all.add(run::under_way(&window));
        }
        if let Some(vehicle) = &self.vehicle {
            all = all.add(Column::VehicleId.eq(input::id::<VehicleId>(vehicle, "vehicle")?));
        }
        if let Some(day) = &self.test_day {
            all = all.add(on_day(input::id(day, "testDay")?));
        }
        Ok(run::Entity::find().filter(all))
    }

    fn searched(&self, back_end: DbBackend) -> Answer<Cond> {
        let columns = [
            Column::Name,
            Column::Kind,
            Column::Description,
            Column::Location,
            Column::Driver,
            Column::Tags,
            Column::FileName,
        ];
        let words = search::words(self.search.as_deref())?;
        let word = |word: &String| {
            let number = word.parse::<i32>().ok().map(|number| Column::Number.eq(number));
            Cond::any()
                .add(search::every_word_on(back_end, std::slice::from_ref(word), &columns))
                .add_option(number)
        };
        Ok(words.iter().map(word).fold(Cond::all(), Cond::add))
    }
}

/// Runs of the day: what `Run.testDay` derives, as a condition.
fn on_day(day: TestDayId) -> Cond {
    let bound = |column: test_day::Column| {
        let id = Expr::col((test_day::Entity, test_day::Column::Id));
        let mut row = Query::select();
        row.column((test_day::Entity, column)).from(test_day::Entity).and_where(id.eq(day));
        Expr::from(row)
    };
    let start = Expr::col((run::Entity, Column::StartAt));
    // By the bounds first, which an index finds: which day a run is of is looked up for those alone.
    let unset = Cond::all()
        .add(Column::TestDayId.is_null())
        .add(start.clone().gte(bound(test_day::Column::StartAt)))
        .add(start.lt(bound(test_day::Column::EndAt)))
        .add(Expr::from(test_day::by_time()).eq(day));
    Cond::any().add(Column::TestDayId.eq(day)).add(unset)
}

/// Runs with one of these statuses: what `Run.status` derives, as a condition.
fn with_status(statuses: &[RunStatus]) -> Cond {
    let newest = Query::select()
        .column((job::Entity, job::Column::State))
        .from(job::Entity)
        .and_where(Expr::col((job::Entity, job::Column::RunId)).equals((run::Entity, Column::Id)))
        .order_by((job::Entity, job::Column::QueuedAt), Order::Desc)
        .order_by((job::Entity, job::Column::Id), Order::Desc)
        .limit(1)
        .to_owned();
    let states = statuses.iter().flat_map(|status| status.job_states()).map(ActiveEnum::to_value);
    let unread = Cond::all().add(Column::CurrentConversionId.is_null()).add(Expr::from(newest).is_in(states));
    let ready = statuses.contains(&RunStatus::Ready).then(|| Column::CurrentConversionId.is_not_null());
    Cond::any().add(unread).add_option(ready)
}

/// Answers `Query.runs`.
pub(crate) async fn page(
    ctx: &Context<'_>,
    filter: &RunFilter,
    order: RunOrder,
    args: PageArgs,
) -> Answer<Connection<Run>> {
    page::read(ctx, filter.select(ctx).await?, (&order.keyset(), args), |run| order.key(run), Run).await
}
