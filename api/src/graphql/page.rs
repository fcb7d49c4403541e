//! The one page type: Relay connections over a keyset, so that page 1,000 costs what page 1 does.

mod connection;

use std::{cmp::Ordering, sync::Arc};

use async_graphql::{Context, OutputType};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sea_orm::{
    EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Cond, Expr, ExprTrait, Order},
};
use uuid::Uuid;

pub(crate) use connection::{Connection, Total};
use connection::{Edge, PageInfo};

use super::{
    error::{Answer, Refusal},
    runtime,
};

/// Rows of a page when the caller names no number.
pub(crate) const DEFAULT_PAGE: i32 = 50;
/// What a page of `first` or `last` rows costs, for the complexity limit: every row costs its selection.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first.or(last).unwrap_or(DEFAULT_PAGE);
    usize::try_from(rows).unwrap_or(1).saturating_mul(child).saturating_add(1)
}

/// The paging arguments as a client gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PageArgs {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

/// A place in an ordered list: the order's tag and key, and the row's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cursor {
    pub(crate) tag: String,
    pub(crate) key: Key,
    pub(crate) id: Uuid,
}

/// What a list is ordered by, before the id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Key> for Expr {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => Self::val(number),
            Key::Text(text) => Self::val(text),
        }
    }
}

impl Cursor {
    fn encode(&self) -> String {
        let key = match &self.key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => format!("\"{text}"),
        };
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}:{key}:{}", self.tag, self.id.simple()))
    }

    fn decode(text: &str, tag: &str, argument: &str) -> Answer<Self> {
        let read = || {
            let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let (key, id) = text.strip_prefix(tag)?.strip_prefix(':')?.rsplit_once(':')?;
            let key = match key.strip_prefix('"') {
                Some(text) => Key::Text(text.to_owned()),
                None => Key::Number(key.parse().ok()?),
            };
            Some(Self { tag: tag.to_owned(), key, id: Uuid::try_parse(id).ok()? })
        };
        read()
            .ok_or_else(|| Refusal::input(argument, "This cursor is of no page of this list in this order."))
    }
}

/// How a list is ordered: by an integer or a text that is never null, then by id.
#[derive(Clone, Debug)]
pub(crate) struct Keyset {
    /// Names the order inside cursors, so that one order's cursor is refused by another.
    pub(crate) tag: &'static str,
    /// The integer or text.
    pub(crate) key: Expr,
    /// The id's column.
    pub(crate) id: Expr,
    /// Largest first.
    pub(crate) descending: bool,
}

/// A page to cut out of an ordered list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    rows: usize,
    after: Option<Cursor>,
    before: Option<Cursor>,
    backward: bool,
}

impl Window {
    /// Checks the arguments: `first` or `last` (not both) from 0 to `most`, cursors of this order.
    pub(crate) fn new(args: PageArgs, tag: &str, most: usize) -> Answer<Self> {
        if args.first.is_some() && args.last.is_some() {
            return Err(Refusal::input("last", "Give `first` or `last`, not both."));
        }
        let (name, asked) = args.last.map_or(("first", args.first), |last| ("last", Some(last)));
        let rows = asked.unwrap_or(DEFAULT_PAGE);
        let Some(rows) = usize::try_from(rows).ok().filter(|rows| *rows <= most) else {
            return Err(Refusal::input(name, format!("`{name}` must be between 0 and {most}.")));
        };
        let cursor =
            |text: Option<String>, name| text.map(|text| Cursor::decode(&text, tag, name)).transpose();
        Ok(Self {
            rows,
            after: cursor(args.after, "after")?,
            before: cursor(args.before, "before")?,
            backward: args.last.is_some(),
        })
    }

    /// One row more than the page holds: its presence says that there is another page.
    pub(crate) fn fetched(&self) -> u64 {
        self.rows as u64 + 1
    }

    /// The rows between the cursors.
    pub(crate) fn between(&self, keyset: &Keyset) -> Cond {
        let beyond = |cursor: &Cursor, greater: bool| {
            let (key, id) = (keyset.key.clone(), keyset.id.clone());
            let at = || Expr::from(cursor.key.clone());
            let further = if greater { key.clone().gt(at()) } else { key.clone().lt(at()) };
            let same = if greater { id.gt(cursor.id) } else { id.lt(cursor.id) };
            further.or(key.eq(at()).and(same))
        };
        Cond::all()
            .add_option(self.after.as_ref().map(|cursor| beyond(cursor, !keyset.descending)))
            .add_option(self.before.as_ref().map(|cursor| beyond(cursor, keyset.descending)))
    }

    /// As if fetched: of a whole list in the order of its numbers, at most [`Self::fetched`] rows between the cursors.
    pub(crate) fn cut<M>(&self, mut rows: Vec<M>, number: impl Fn(&M) -> i64) -> Vec<M> {
        let beyond = |cursor: &Option<Cursor>, order: Ordering, row: &M| match cursor {
            Some(Cursor { key: Key::Number(at), .. }) => number(row).cmp(at) == order,
            _ => true,
        };
        rows.retain(|row| {
            beyond(&self.after, Ordering::Greater, row) && beyond(&self.before, Ordering::Less, row)
        });
        if self.backward {
            rows.reverse();
        }
        rows.truncate(self.rows + 1);
        rows
    }

    /// The order in which to fetch: from the end that the page is counted from.
    pub(crate) fn direction(&self, keyset: &Keyset) -> Order {
        if keyset.descending == self.backward { Order::Asc } else { Order::Desc }
    }

    /// Makes a page of rows fetched in [`Self::direction`], at most [`Self::fetched`] of them.
    pub(crate) fn page<M, T: OutputType>(
        &self,
        mut rows: Vec<M>,
        total: impl Into<Total>,
        cursor: impl Fn(&M) -> Cursor,
        node: impl Fn(M) -> T,
    ) -> Connection<T> {
        let more = rows.len() > self.rows;
        rows.truncate(self.rows);
        if self.backward {
            rows.reverse();
        }
        let edges: Vec<Edge<T>> =
            rows.into_iter().map(|row| Edge { cursor: cursor(&row).encode(), node: node(row) }).collect();
        let page_info = PageInfo {
            has_next_page: if self.backward { self.before.is_some() } else { more },
            has_previous_page: if self.backward { more } else { self.after.is_some() },
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Connection { edges, page_info, total: total.into() }
    }
}

/// Reads one page of `select` in the order of `keyset`.
pub(crate) async fn read<E, K: Into<Key>, T: OutputType>(
    ctx: &Context<'_>,
    select: Select<E>,
    (keyset, args): (&Keyset, PageArgs),
    key: impl Fn(&E::Model) -> (K, Uuid),
    node: impl Fn(E::Model) -> T,
) -> Answer<Connection<T>>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
{
    let window = Window::new(args, keyset.tag, runtime(ctx).config.limits.answer.page)?;
    let all = Arc::new(select.clone().into_query());
    let direction = window.direction(keyset);
    let rows = select
        .filter(window.between(keyset))
        .order_by(keyset.key.clone(), direction.clone())
        .order_by(keyset.id.clone(), direction)
        .limit(window.fetched())
        .all(runtime(ctx).database.read())
        .await?;
    let cursor = |row: &E::Model| {
        let (key, id) = key(row);
        Cursor { tag: keyset.tag.to_owned(), key: key.into(), id }
    };
    Ok(window.page(rows, all, cursor, node))
}
