//! One row as a JSON object of its columns.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, Value,
};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// The row's text.
pub(super) fn text<M: ModelTrait>(row: &M) -> Result<String, DbErr> {
    let mut object = Map::new();
    for column in <M::Entity as EntityTrait>::Column::iter() {
        let name = column.as_str();
        let value = json(row.get(column)).ok_or_else(|| DbErr::Json(format!("`{name}` has no JSON form")))?;
        object.insert(name.to_owned(), value);
    }
    Ok(Json::Object(object).to_string())
}

/// The row of a text. Every column must be there, and nothing else.
pub(super) fn row<A: ActiveModelTrait>(text: &str) -> Result<A, String> {
    let mut object: Map<String, Json> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut row = A::default();
    for column in <A::Entity as EntityTrait>::Column::iter() {
        let name = column.as_str();
        let found = object.remove(name).ok_or_else(|| format!("`{name}` is missing"))?;
        let definition = column.def();
        let value = value(definition.get_column_type(), &found)
            .ok_or_else(|| format!("`{name}` has a value of another type"))?;
        row.try_set(column, value).map_err(|error| format!("`{name}`: {error}"))?;
    }
    match object.keys().next() {
        Some(unknown) => Err(format!("`{unknown}` is no column of it")),
        None => Ok(row),
    }
}

fn json(value: Value) -> Option<Json> {
    Some(match value {
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::BigInt(value) => value.into(),
        Value::String(value) => value.into(),
        Value::Uuid(value) => value.map(|id| id.to_string()).into(),
        _ => return None,
    })
}

/// The value of a column of this type.
fn value(column: &ColumnType, json: &Json) -> Option<Value> {
    let whole = json.as_i64();
    let text = || json.as_str().map(str::to_owned);
    Some(match column {
        ColumnType::Boolean => Value::Bool(typed(json, json.as_bool())?),
        ColumnType::Integer => Value::Int(typed(json, whole.and_then(|number| i32::try_from(number).ok()))?),
        ColumnType::BigInteger => Value::BigInt(typed(json, whole)?),
        ColumnType::Uuid => Value::Uuid(typed(json, text().and_then(|text| Uuid::try_parse(&text).ok()))?),
        ColumnType::String(_) | ColumnType::Text => Value::String(typed(json, text())?),
        _ => return None,
    })
}

/// NULL for null, and what was found for anything else.
fn typed<T>(json: &Json, found: Option<T>) -> Option<Option<T>> {
    (found.is_some() || json.is_null()).then_some(found)
}
