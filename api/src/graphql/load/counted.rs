//! Lengths of lists.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::dataloader::Loader;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Alias, Expr, Func, Query, SelectStatement},
};

use super::Rows;
use crate::graphql::error::Refusal;

/// A list whose rows are to be counted. Two are the same when they are the same list of the same page.
#[derive(Clone, Debug)]
pub(crate) struct Counted(pub(crate) Arc<SelectStatement>);

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Loader<Counted> for Rows {
    type Value = i64;
    type Error = Refusal;

    /// One statement with a subquery a list.
    async fn load(&self, lists: &[Counted]) -> Result<HashMap<Counted, i64>, Refusal> {
        let mut counts = Query::select();
        for (n, list) in lists.iter().enumerate() {
            let rows = list.0.as_ref().clone().clear_selects().expr(Expr::val(1)).clear_order_by().to_owned();
            let count = Query::select()
                .expr(Func::count(Expr::val(1)))
                .from_subquery(rows, Alias::new("list"))
                .to_owned();
            counts.expr_as(count, Alias::new(format!("n{n}")));
        }
        let Some(row) = self.0.database.read().query_one(&counts).await? else { return Ok(HashMap::new()) };
        let count = |(n, list): (usize, &Counted)| Ok((list.clone(), row.try_get("", &format!("n{n}"))?));
        lists.iter().enumerate().map(count).collect()
    }
}
