//! Loaders: point reads of one operation are collected and answered by one statement a kind.
//!
//! They are built for each operation and keep nothing, so a subscription that lives for hours never answers
//! from memory.

mod batch;
mod catalog;
mod counted;
mod day;
mod expression;
mod many;
mod row;
mod signal;

use std::{collections::HashMap, hash::Hash, time::Duration};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use platform::runtime::Runtime;
use sea_orm::DatabaseConnection;

pub(crate) use batch::Batches;
pub(crate) use catalog::{
    EntryOf, Figures, FiguresOf, RunsWith, UnitsOf, newest_drive, recorded, recorded_as,
};
pub(crate) use counted::Counted;
pub(crate) use day::{DayByTime, IntervalsOf, MarkersOf};
pub(crate) use expression::{AllDerived, NamersOf, RecordedIn};
pub(crate) use many::{ConversionRow, ConversionsOf, DbcsOf, DbcsOfVehicle, JobsOf, NewestJob, QueuePlace};
pub(crate) use signal::{
    SignalSearch, SignalsIn, SignalsNamed, SignalsOf, each_once, keyset as signals_in_order,
};

use super::error::{Answer, Refusal};

/// The most keys of one statement: below what every database takes as parameters.
const BATCH: usize = 500;

/// Reads rows for the keys of the modules below.
pub(crate) struct Rows(Runtime);

impl Rows {
    /// Where they are read.
    pub(crate) fn database(&self) -> &DatabaseConnection {
        self.0.database.read()
    }
}

/// The loaders of one operation.
pub(crate) type Lookup = DataLoader<Rows>;

/// The loaders of one operation, whose `batches` run when it waits for them.
pub(crate) fn loaders(runtime: &Runtime, batches: &Batches) -> Lookup {
    let batches = batches.clone();
    DataLoader::new(Rows(runtime.clone()), move |batch| batches.take(batch))
        .max_batch_size(BATCH)
        .delay(Duration::ZERO)
}

/// Reads what belongs to `key`, together with all else that this operation wants now.
pub(crate) async fn load<K>(ctx: &Context<'_>, key: K) -> Answer<Option<<Rows as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Rows: Loader<K, Error = Refusal>,
{
    lookup(ctx).load_one(key).await
}

/// The loaders of this operation.
pub(crate) fn lookup<'a>(ctx: &Context<'a>) -> &'a Lookup {
    ctx.data_unchecked::<Lookup>()
}

/// Sorts rows into the lists of their owners.
fn lists<O: Hash + Eq, M>(rows: Vec<M>, owner: impl Fn(&M) -> O) -> HashMap<O, Vec<M>> {
    let mut lists: HashMap<O, Vec<M>> = HashMap::new();
    for row in rows {
        lists.entry(owner(&row)).or_default().push(row);
    }
    lists
}
