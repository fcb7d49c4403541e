//! Checks of what callers give: ids, texts, zones.

use async_graphql::{ID, MaybeUndefined};
use entity::id::InvalidId;
use jiff::tz::TimeZone;
use sea_orm::{DbErr, SqlErr};

use super::{
    error::{Answer, Refusal},
    transact::Aborted,
};

/// Reads an id of one type; `field` is to blame when it is none.
pub(crate) fn id<I>(id: &ID, field: &str) -> Answer<I>
where
    I: std::str::FromStr<Err = InvalidId>,
{
    id.parse().map_err(|error: InvalidId| {
        Refusal::input(field, format!("This id must begin with `{}_`.", error.expected))
    })
}

/// A text without surrounding blanks, of 1 to `most` characters, none of them a control character.
pub(crate) fn text(text: &str, field: &str, most: usize) -> Answer<String> {
    let text = text.trim();
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.is_empty() || text.chars().count() > most || !text.chars().all(allowed) {
        return Err(Refusal::input(field, format!("`{field}` has 1 to {most} characters.")));
    }
    Ok(text.to_owned())
}

/// A text that may be left out or cleared; an empty one clears too.
pub(crate) fn optional_text(value: Option<&str>, field: &str, most: usize) -> Answer<Option<String>> {
    value.filter(|value| !value.trim().is_empty()).map(|value| text(value, field, most)).transpose()
}

/// What an undefined, null or given value does to a column: leave, clear, set.
pub(crate) fn change<A, B>(
    value: MaybeUndefined<A>,
    check: impl FnOnce(A) -> Answer<Option<B>>,
) -> Answer<Option<Option<B>>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(value) => check(value).map(Some),
    }
}

/// [`change`] of a text that may be left out.
pub(crate) fn optional_text_change(
    value: MaybeUndefined<String>,
    field: &str,
    most: usize,
) -> Answer<Option<Option<String>>> {
    change(value, |value| optional_text(Some(&value), field, most))
}

/// The most tags of a run.
const MAX_TAGS: usize = 32;

/// Distinct tags.
pub(crate) fn tags(tags: &[String]) -> Answer<Vec<String>> {
    if tags.len() > MAX_TAGS {
        return Err(Refusal::input("tags", format!("At most {MAX_TAGS} tags.")));
    }
    let mut words: Vec<String> = Vec::new();
    for tag in tags {
        let word = text(tag, "tags", 64)?;
        if !words.contains(&word) {
            words.push(word);
        }
    }
    Ok(words)
}

/// Tags as they are stored: a JSON list.
pub(crate) fn stored_tags(words: &[String]) -> Answer<String> {
    serde_json::to_string(&tags(words)?).map_err(Refusal::internal)
}

/// A run's number.
pub(crate) fn number(number: i32) -> Answer<i32> {
    if (0..=1_000_000).contains(&number) {
        return Ok(number);
    }
    Err(Refusal::input("number", "`number` must be between 0 and 1000000."))
}

/// The name of a time zone as the database of zones spells it.
pub(crate) fn time_zone(name: &str) -> Answer<String> {
    match TimeZone::get(name) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(name).to_owned()),
        Err(_) => Err(Refusal::input(
            "timeZone",
            "`timeZone` must be an IANA name as in `America/Chicago` or `Europe/Berlin`.",
        )),
    }
}

/// A field that may be left out, but not be cleared.
pub(crate) fn kept<T>(value: MaybeUndefined<T>, field: &str) -> Answer<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Refusal::input(field, format!("`{field}` cannot be cleared."))),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// The refusal of a value that another row has; two callers at once are told apart only by the database.
pub(crate) fn taken(error: DbErr, field: &str, message: &str) -> Aborted {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Refusal::conflict(message).at(field).into(),
        _ => error.into(),
    }
}
