//! Scalars: times, 64-bit counts, columns of numbers, a file in a multipart request.

use std::sync::Arc;

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use base64::{Engine, prelude::BASE64_STANDARD};
use canlog::frame::Micros;
use chrono::SecondsFormat;
use entity::id::UploadId;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DateTime(pub(crate) Micros);

impl std::str::FromStr for DateTime {
    type Err = &'static str;

    /// Reads RFC 3339 with any offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = chrono::DateTime::parse_from_rfc3339(text);
        let time = time.map_err(|_| "expected a time as in 2019-10-06T15:42:54.000000Z")?;
        Ok(Self(time.timestamp_micros()))
    }
}

impl std::fmt::Display for DateTime {
    /// RFC 3339 in UTC with microseconds; nothing beyond the years that it knows.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = chrono::DateTime::from_timestamp_micros(self.0);
        time.map_or(Ok(()), |time| formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)))
    }
}

/// A point in time: RFC 3339 in UTC with microseconds, e.g. `2019-10-06T15:42:54.000000Z`. Input may carry any
/// offset. In a run without a clock (`timeSource: RELATIVE`) times count from 1970-01-01.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        chrono::DateTime::from_timestamp_micros(self.0)
            .map_or(Value::Null, |time| Value::String(time.to_rfc3339_opts(SecondsFormat::Micros, true)))
    }
}

/// A length of time in microseconds, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duration(pub(crate) Micros);

/// Units from the longest to the shortest, in microseconds.
const UNITS: [(&str, Micros); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

impl std::str::FromStr for Duration {
    type Err = &'static str;

    /// Reads `20us`, `1ms`, `500ms`, `1s`, `10s`, `1m`, `1h`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, micros)| *micros);
        let micros =
            number.parse::<Micros>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        micros
            .filter(|micros| *micros > 0)
            .map(Self)
            .ok_or("expected a length of time as in 20us, 500ms, 1s, 10m or 1h")
    }
}

impl std::fmt::Display for Duration {
    /// In the longest unit that gives a whole number.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = UNITS.iter().find(|(_, micros)| self.0 % micros == 0).unwrap_or(&("us", 1));
        write!(formatter, "{}{}", self.0 / whole.1, whole.0)
    }
}

/// A length of time: a whole number above 0 and one of the units `us`, `ms`, `s`, `m`, `h`, as in `20us`, `500ms`,
/// `10s`, `1m` (a part of what the specification allows).
#[Scalar(specified_by_url = "https://pkg.go.dev/time#ParseDuration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A 64-bit integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Int64(pub(crate) i64);

/// A signed 64-bit integer as a text (`"9007199254740993"`), because JSON numbers are not exact above 2^53. Input
/// may also be a number.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#long")]
impl ScalarType for Int64 {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        number.map(Self).ok_or_else(|| InputValueError::custom("expected a 64-bit integer"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<u64> for Int64 {
    /// Counts beyond 2^63 do not occur; they would stay at the largest number.
    fn from(count: u64) -> Self {
        Self(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// A column as a JSON list.
#[derive(Clone, Debug)]
pub(crate) struct FloatList(pub(crate) Arc<Vec<f64>>);

/// A column of numbers as one JSON list; `null` is a gap. Much cheaper than a list of `Float`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-5")]
impl ScalarType for FloatList {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::List(items) = value else { return Err(InputValueError::expected_type(value)) };
        let number = |item: &Value| match item {
            Value::Number(number) => number.as_f64(),
            Value::Null => Some(f64::NAN),
            _ => None,
        };
        let column: Option<Vec<f64>> = items.iter().map(number).collect();
        column.map(|column| Self(Arc::new(column))).ok_or_else(|| InputValueError::custom("expected numbers"))
    }

    fn to_value(&self) -> Value {
        Value::List(self.0.iter().map(|x| Number::from_f64(*x).map_or(Value::Null, Value::Number)).collect())
    }
}

/// A column as bytes.
#[derive(Clone, Debug)]
pub(crate) struct Float64Array(pub(crate) Arc<Vec<f64>>);

/// A column of numbers as base64 of little-endian IEEE 754 doubles (a `Float64Array`'s buffer); NaN is a gap. The
/// cheapest form for both sides.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc4648#section-4")]
impl ScalarType for Float64Array {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| InputValueError::custom("expected base64"))?;
        let (words, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(InputValueError::custom("expected 8 bytes a number"));
        }
        Ok(Self(Arc::new(words.iter().map(|word| f64::from_le_bytes(*word)).collect())))
    }

    fn to_value(&self) -> Value {
        let mut bytes = Vec::with_capacity(8 * self.0.len());
        self.0.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
        Value::String(BASE64_STANDARD.encode(bytes))
    }
}

/// A received file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Upload(pub(crate) UploadId);

/// A file of a GraphQL multipart request: the variable is `null` in `operations`, and `map` names the part that
/// carries the bytes. They go straight into the storage while the request runs.
#[Scalar(specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let id =
            text.parse().map_err(|_| InputValueError::custom("expected a file in a multipart request"))?;
        Ok(Self(id))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url(pub(crate) String);

/// An address, absolute: as this server is told to be reached, else as the client reached it.
#[Scalar(name = "URL", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, micros, again) in [
            ("20us", 20, "20us"),
            ("1000us", 1_000, "1ms"),
            ("500ms", 500_000, "500ms"),
            ("10s", 10_000_000, "10s"),
            ("60s", 60_000_000, "1m"),
            ("1h", 3_600_000_000, "1h"),
        ] {
            let read: Duration = text.parse().unwrap();
            assert_eq!((read.0, read.to_string().as_str()), (micros, again), "{text}");
        }
        for wrong in ["", "s", "5", "0s", "-1s", "1.5s", "1 s", "1d", "1S", "9223372036854775807h"] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
        }
    }
}
