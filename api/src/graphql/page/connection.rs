//! What a page is as an answer.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use sea_orm::sea_query::SelectStatement;

use crate::graphql::{
    error::Answer,
    load::{Counted, load},
};

/// What surrounds a page.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there is more after this page.
    pub(super) has_next_page: bool,
    /// Whether there is more before this page.
    pub(super) has_previous_page: bool,
    /// The first row's cursor: give it as `before` for the page before.
    pub(super) start_cursor: Option<String>,
    /// The last row's cursor: give it as `after` for the next page.
    pub(super) end_cursor: Option<String>,
}

/// A row of a page and its place in the list.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(crate) struct Edge<T: OutputType> {
    /// The row's place: give it as `after` or `before`.
    pub(super) cursor: String,
    /// The row.
    pub(super) node: T,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// How many rows the whole list has.
pub(crate) enum Total {
    /// As many as this statement finds.
    Of(Arc<SelectStatement>),
    /// So many.
    Known(usize),
}

impl From<Arc<SelectStatement>> for Total {
    fn from(all: Arc<SelectStatement>) -> Self {
        Self::Of(all)
    }
}

/// A page of a list.
pub(crate) struct Connection<T: OutputType> {
    pub(super) edges: Vec<Edge<T>>,
    pub(super) page_info: PageInfo,
    pub(super) total: Total,
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// The rows of this page, each with its cursor.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows of this page.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// What surrounds this page.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// Rows in the whole list, over all pages; costs a query of its own.
    async fn total_count(&self, ctx: &Context<'_>) -> Answer<i32> {
        let rows = match &self.total {
            Total::Known(rows) => i64::try_from(*rows).unwrap_or(i64::MAX),
            Total::Of(all) => load(ctx, Counted(all.clone())).await?.unwrap_or_default(),
        };
        Ok(i32::try_from(rows).unwrap_or(i32::MAX))
    }
}
