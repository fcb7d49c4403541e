//! `DerivedSignal`: a saved expression.

use async_graphql::{Context, ID, Object};
use entity::derived_signal::{self, Column, Entity};
use sea_orm::{EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    error::Answer,
    load::{NamersOf, load},
    page::{self, Connection, Keyset, PageArgs},
    scalar::DateTime,
    search,
};

/// A saved expression.
#[derive(Clone, Debug)]
pub(crate) struct DerivedSignal(pub(crate) derived_signal::Model);

/// A saved expression over signals ("filter" in the original API, where its name could have no `_` and a day had
/// none). Its names get a meaning in each run: it applies to those that have them.
#[Object]
impl DerivedSignal {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Its name; no other derived signal has it. In expressions `Name` or `derived.Name` means it; where a run has
    /// recorded a signal of this name too, `Name` alone is AMBIGUOUS_SIGNAL. A selector's `name` always means a recorded
    /// signal, its `derived` this one.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its text, as its author wrote it.
    async fn expression(&self) -> &str {
        &self.0.expression
    }

    /// Its unit ("units" in the original API); nothing is converted by it.
    async fn unit(&self) -> Option<&str> {
        self.0.unit.as_deref()
    }

    /// Free text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The other derived signals whose texts name it: it is renamed or deleted after them.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn dependants(&self, ctx: &Context<'_>) -> Answer<Vec<DerivedSignal>> {
        let rows = load(ctx, NamersOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Self).collect())
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// Answers `Query.derivedSignals`: by name.
pub(crate) async fn page(
    ctx: &Context<'_>,
    search: Option<&str>,
    args: PageArgs,
) -> Answer<Connection<DerivedSignal>> {
    let words = search::words(search)?;
    let columns = [Column::Name, Column::Expression, Column::Unit, Column::Description];
    let rows = Entity::find().filter(search::every_word(&words, &columns));
    let column = |column| Expr::col((Entity, column));
    let order =
        Keyset { tag: "derived", key: column(Column::Name), id: column(Column::Id), descending: false };
    page::read(ctx, rows, (&order, args), |row| (row.name.clone(), row.id.0), DerivedSignal).await
}
