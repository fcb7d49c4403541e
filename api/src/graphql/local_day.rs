//! `Date`: a day of the local calendar, and when it begins and ends in a zone.

use std::ops::Range;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use canlog::frame::Micros;
use jiff::{civil, tz::TimeZone};

use super::error::{Answer, Refusal};

/// Years of test days: no logger is older, and times of later ones need not be stored.
const YEARS: Range<i16> = 1970..2200;

/// A day of the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(pub(crate) civil::Date);

/// A local date, `YYYY-MM-DD`, from 1970 to 2199. When it begins and ends is a matter of the time zone.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        let date = civil::Date::strptime("%Y-%m-%d", &text).ok();
        // Only one way of writing it, so that equal dates are equal texts.
        date.filter(|date| YEARS.contains(&date.year()) && date.to_string() == text)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected a date from 1970 to 2199 as in 2019-10-06"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// When the date begins and ends in the zone, in microseconds since 1970: 23, 24 or 25 hours apart where clocks are
/// changed. Where the clocks skip midnight, the date begins when they go on.
pub(crate) fn bounds(date: Date, zone: &str) -> Answer<Range<Micros>> {
    let begin = |date: civil::Date| {
        let zone = TimeZone::get(zone)?;
        Ok::<_, jiff::Error>(zone.to_timestamp(date.at(0, 0, 0, 0))?.as_microsecond())
    };
    let bounds = date.0.tomorrow().and_then(|next| Ok(begin(date.0)?..begin(next)?));
    let bounds = bounds.map_err(Refusal::internal)?;
    if bounds.is_empty() {
        return Err(Refusal::input("date", format!("The clocks of {zone} skipped this date.")));
    }
    Ok(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds from CPython 3.11's `zoneinfo`: `datetime(y, m, d, tzinfo=ZoneInfo(zone)).timestamp()` of the date and
    /// of the next one.
    const DAYS: [(&str, &str, i64, i64); 9] = [
        ("2019-10-06", "America/Chicago", 1_570_338_000, 1_570_424_400),
        ("2019-03-10", "America/Chicago", 1_552_197_600, 1_552_280_400), // 23 hours
        ("2019-11-03", "America/Chicago", 1_572_757_200, 1_572_847_200), // 25 hours
        ("2024-03-31", "Europe/Berlin", 1_711_839_600, 1_711_922_400),
        ("2024-10-27", "Europe/Berlin", 1_729_980_000, 1_730_070_000),
        ("2018-11-04", "America/Sao_Paulo", 1_541_300_400, 1_541_383_200), // no midnight
        ("2019-11-03", "America/Havana", 1_572_753_600, 1_572_843_600),    // midnight twice
        ("2024-04-07", "Australia/Lord_Howe", 1_712_408_400, 1_712_496_600), // 24.5 hours
        ("2024-10-06", "Australia/Lord_Howe", 1_728_135_000, 1_728_219_600), // 23.5 hours
    ];

    fn date(text: &str) -> Date {
        Date::parse(Value::from(text)).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn days_are_as_long_as_the_zone_says() {
        for (day, zone, from, to) in DAYS {
            let bounds = bounds(date(day), zone);
            assert_eq!(bounds, Ok(from * 1_000_000..to * 1_000_000), "{day} {zone}");
        }
    }

    #[test]
    fn a_date_that_a_zone_skipped_is_refused() {
        let refusal = bounds(date("2011-12-30"), "Pacific/Apia");
        assert_eq!(refusal.map_err(|refusal| refusal.field), Err(Some("date".to_owned())));
    }

    #[test]
    fn only_dates_are_dates() {
        for text in ["2019-02-29", "2019-1-6", "1969-12-31", "2200-01-01", "20191006", "", "2019-10-06T00"] {
            assert!(Date::parse(Value::from(text)).is_err(), "{text}");
        }
        assert_eq!(date("2019-10-06").to_value(), Value::from("2019-10-06"));
    }
}
