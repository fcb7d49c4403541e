//! What an export is asked for: the arguments of GraphQL's `series` as parameters of an address.

use std::{collections::BTreeMap, fmt, ops::Range};

use async_graphql::{ID, resolver_utils::EnumType};
use canlog::frame::Micros;
use entity::id::SignalId;
use url::form_urlencoded;

use crate::{
    download::name::escaped,
    graphql::{
        Answer, Refusal, input,
        load::Lookup,
        scalar::{DateTime, Duration},
        series::{Fill, Grid, Reduction, Resolution},
        window::TimeWindow,
    },
    selection::Selector,
};

/// The parameters beside `signals`; each stands once at most.
const SINGLE: [&str; 10] =
    ["from", "to", "interval", "testDay", "every", "method", "maxPoints", "grid", "fill", "vehicle"];
/// What tells a signal that is not one by id or by a plain name.
const NAME: &str = "name:";
const DERIVED: &str = "derived:";
const EXPRESSION: &str = "expr:";

/// What an export is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportQuery {
    /// The columns; all recorded signals when none is named.
    pub(crate) signals: Vec<Selector>,
    /// The times wanted.
    pub(crate) window: Option<TimeWindow>,
    /// With neither `every` nor `max_points` the samples themselves.
    pub(crate) resolution: Resolution,
    /// A table has one column of times: [`Grid::Native`] is good for one signal alone.
    pub(crate) grid: Option<Grid>,
    /// What stands where a signal has no sample; [`Fill::None`] unless told.
    pub(crate) fill: Option<Fill>,
    /// Runs of this car alone; for ranges.
    pub(crate) vehicle: Option<ID>,
}

impl ExportQuery {
    /// Reads what stands behind the `?` of an address.
    ///
    /// # Errors
    /// BAD_USER_INPUT with the parameter that is unknown, stands twice, or cannot be read.
    pub(crate) fn parse(text: &str) -> Answer<Self> {
        let mut given = Given::read(text)?;
        let window = TimeWindow {
            from: given.take("from", time)?,
            to: given.take("to", time)?,
            interval: given.take("interval", id)?,
            test_day: given.take("testDay", id)?,
        };
        let resolution = Resolution {
            max_points: given.take("maxPoints", count)?,
            every: given.take("every", |text| text.parse::<Duration>().map_err(str::to_owned))?,
            method: given.take("method", word::<Reduction>)?.unwrap_or(Resolution::default().method),
        };
        Ok(Self {
            window: (window != TimeWindow::default()).then_some(window),
            resolution,
            grid: given.take("grid", word)?,
            fill: given.take("fill", word)?,
            vehicle: given.take("vehicle", id)?,
            signals: given.signals,
        })
    }

    /// The times wanted; none when all are.
    ///
    /// # Errors
    /// As [`TimeWindow::find`].
    pub(crate) async fn times(&self, lookup: &Lookup) -> Answer<Option<Range<Micros>>> {
        let Some(window) = &self.window else { return Ok(None) };
        let blamed = match (&window.interval, &window.test_day) {
            (Some(_), _) => "interval",
            (None, Some(_)) => "testDay",
            (None, None) => "from",
        };
        window.find(lookup, blamed).await.map(Some)
    }
}

/// As [`ExportQuery::parse`] reads it, without the `?`; what is as it would be untold is left out.
impl fmt::Display for ExportQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = self.window.clone().unwrap_or_default();
        let Resolution { max_points, every, method } = self.resolution;
        let method = (method != Resolution::default().method).then_some(method);
        let single = [
            ("from", window.from.map(|time| time.to_string())),
            ("to", window.to.map(|time| time.to_string())),
            ("interval", window.interval.map(|id| id.0)),
            ("testDay", window.test_day.map(|id| id.0)),
            ("every", every.map(|every| every.to_string())),
            ("method", method.map(name_of)),
            ("maxPoints", max_points.map(|most| most.to_string())),
            ("grid", self.grid.map(name_of)),
            ("fill", self.fill.map(name_of)),
            ("vehicle", self.vehicle.clone().map(|id| id.0)),
        ];
        let signals = self.signals.iter().map(|signal| ("signals", text_of(signal)));
        let single = single.into_iter().filter_map(|(name, text)| Some((name, text?)));
        for (n, (name, text)) in signals.chain(single).enumerate() {
            write!(formatter, "{}{name}={}", if n == 0 { "" } else { "&" }, escaped(&text))?;
        }
        Ok(())
    }
}

/// The parameters as they stand.
#[derive(Default)]
struct Given {
    signals: Vec<Selector>,
    single: BTreeMap<&'static str, String>,
}

impl Given {
    fn read(text: &str) -> Answer<Self> {
        let mut given = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if name == "signals" {
                given.signals.extend(selectors(&value)?);
                continue;
            }
            let Some(known) = SINGLE.into_iter().find(|known| *known == name) else {
                let hint = format!("There are `signals`, `{}`.", SINGLE.join("`, `"));
                let unknown = Refusal::input(&name, format!("There is no parameter `{name}`."));
                return Err(unknown.with("hint", hint));
            };
            if given.single.insert(known, value.into_owned()).is_some() {
                return Err(Refusal::input(known, format!("`{known}` stands twice.")));
            }
        }
        Ok(given)
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Answer<Option<T>> {
        let value = self.single.remove(name).map(|text| read(&text)).transpose();
        value.map_err(|problem| Refusal::input(name, format!("`{name}`: {problem}.")))
    }
}

/// A time that stands in a query.
pub(in crate::download) fn time(text: &str) -> Result<DateTime, String> {
    // The `+` of an offset that was not escaped arrives as a blank.
    let offset = text.rfind(' ').filter(|&at| text.len() - at == "+00:00".len());
    let text = offset.map_or_else(|| text.to_owned(), |at| format!("{}+{}", &text[..at], &text[at + 1..]));
    text.parse().map_err(|problem: &str| problem.to_owned())
}

fn id(text: &str) -> Result<ID, String> {
    if text.is_empty() { Err("expected an id".to_owned()) } else { Ok(ID::from(text)) }
}

fn count(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

/// One of an enum's words, in either case.
fn word<E: EnumType>(text: &str) -> Result<E, String> {
    let found = E::items().iter().find(|item| item.name.eq_ignore_ascii_case(text));
    found.map(|item| item.value).ok_or_else(|| {
        let words: Vec<&str> = E::items().iter().map(|item| item.name).collect();
        format!("expected one of {}", words.join(", "))
    })
}

fn name_of<E: EnumType>(value: E) -> String {
    let item = E::items().iter().find(|item| item.value == value);
    item.map_or_else(String::new, |item| item.name.to_owned())
}

/// The signals of one parameter. A comma parts them, but not in a name or an expression that is told as such.
fn selectors(text: &str) -> Answer<Vec<Selector>> {
    if text.starts_with(EXPRESSION) || text.starts_with(NAME) {
        return Ok(vec![selector(text)?]);
    }
    let each = text.split(',').map(str::trim);
    each.map(|one| match one.strip_prefix(EXPRESSION).or_else(|| one.strip_prefix(NAME)) {
        Some(_) => {
            let hint = "Write `signals=Speed&signals=expr:Speed/2`.";
            Err(refused("An expression is a parameter of its own.").with("hint", hint))
        }
        None => selector(one),
    })
    .collect()
}

fn selector(text: &str) -> Answer<Selector> {
    if let Some(expression) = text.strip_prefix(EXPRESSION) {
        return Ok(Selector::Expression(expression.to_owned()));
    }
    if let Some(id) = text.strip_prefix(DERIVED) {
        return input::id(&ID::from(id), "signals").map(Selector::Derived);
    }
    match (text.strip_prefix(NAME).unwrap_or(text), text.parse::<SignalId>()) {
        ("", _) => Err(refused("A signal has no name.").with("hint", "Leave `signals` out for all.")),
        (_, Ok(id)) => Ok(Selector::Id(id)),
        (name, Err(_)) => Ok(Selector::Name(name.to_owned())),
    }
}

fn refused(message: &str) -> Refusal {
    Refusal::input("signals", message)
}

fn text_of(selector: &Selector) -> String {
    match selector {
        Selector::Id(id) => id.to_string(),
        Selector::Derived(id) => format!("{DERIVED}{id}"),
        Selector::Expression(text) => format!("{EXPRESSION}{text}"),
        // What would not be read back as this name is told to be one.
        Selector::Name(name) => match selectors(name) {
            Ok(read) if read == [selector.clone()] => name.clone(),
            _ => format!("{NAME}{name}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use entity::id::{DerivedSignalId, VehicleId};

    use super::*;

    fn name(text: &str) -> Selector {
        Selector::Name(text.to_owned())
    }

    fn expression(text: &str) -> Selector {
        Selector::Expression(text.to_owned())
    }

    fn of_signals(signals: Vec<Selector>) -> ExportQuery {
        ExportQuery { signals, ..ExportQuery::default() }
    }

    #[test]
    fn signals_are_named_in_each_way() {
        let (signal, derived) = (SignalId::new(), DerivedSignalId::new());
        for (text, expected) in [
            (String::new(), vec![]),
            ("signals=Gear".to_owned(), vec![name("Gear")]),
            (
                "signals=Gear,Engine.Speed&signals=Rpm".to_owned(),
                vec![name("Gear"), name("Engine.Speed"), name("Rpm")],
            ),
            ("signals=Gear%2C%20Rpm".to_owned(), vec![name("Gear"), name("Rpm")]),
            (format!("signals={signal}"), vec![Selector::Id(signal)]),
            (format!("signals=Gear,derived:{derived}"), vec![name("Gear"), Selector::Derived(derived)]),
            ("signals=expr:max(Gear,%20Rpm)%2B1".to_owned(), vec![expression("max(Gear, Rpm)+1")]),
            ("signals=name:a,b".to_owned(), vec![name("a,b")]),
            ("signals=Dr%C3%BCck".to_owned(), vec![name("Drück")]),
        ] {
            assert_eq!(ExportQuery::parse(&text), Ok(of_signals(expected)), "{text}");
        }
    }

    #[test]
    fn all_is_read_back_as_it_was_written() {
        let instant = |text: &str| text.parse().ok();
        let day = TimeWindow { test_day: Some(ID::from("day_1")), ..TimeWindow::default() };
        let odd = [
            "a,b",
            "expr:1",
            "name:x",
            "derived:",
            "100%&=+#?",
            " blank ",
            "Ä_🚗",
            &SignalId::new().to_string(),
        ];
        let mut queries = vec![
            ExportQuery::default(),
            of_signals(odd.into_iter().map(name).collect()),
            of_signals(odd.into_iter().map(expression).collect()),
            of_signals(vec![Selector::Id(SignalId::new()), Selector::Derived(DerivedSignalId::new())]),
            ExportQuery { window: Some(day), ..ExportQuery::default() },
        ];
        queries.push(ExportQuery {
            window: Some(TimeWindow {
                from: instant("2019-10-06T17:42:54.000001+02:00"),
                to: instant("2019-10-06T15:43:00Z"),
                ..TimeWindow::default()
            }),
            resolution: Resolution {
                max_points: Some(7),
                every: "10ms".parse().ok(),
                method: Reduction::Last,
            },
            grid: Some(Grid::Shared),
            fill: Some(Fill::Previous),
            vehicle: Some(ID::from(VehicleId::new().to_string())),
            ..of_signals(vec![name("Gear")])
        });
        for query in queries {
            let text = query.to_string();
            assert!(text.is_ascii() && !text.contains([' ', '#', '+', '"']), "{text}");
            assert_eq!(ExportQuery::parse(&text), Ok(query), "{text}");
        }
    }

    #[test]
    fn words_have_either_case_and_times_a_plus() {
        let text =
            "method=min_max&fill=Linear&grid=shared&from=2019-10-06T17:42:54+02:00&to=2019-10-06T15:43:00Z";
        let query = ExportQuery::parse(text).unwrap();
        assert_eq!(
            (query.resolution.method, query.fill, query.grid),
            (Reduction::MinMax, Some(Fill::Linear), Some(Grid::Shared))
        );
        assert_eq!(
            query.to_string(),
            "from=2019-10-06T15%3A42%3A54.000000Z&to=2019-10-06T15%3A43%3A00.000000Z&grid=SHARED&fill=LINEAR"
        );
    }

    #[test]
    fn what_cannot_be_read_is_blamed() {
        for (text, blamed) in [
            ("signal=Gear", "signal"),
            ("Signals=Gear", "Signals"),
            ("signals=", "signals"),
            ("signals=Gear,", "signals"),
            ("signals=name:", "signals"),
            ("signals=Gear,expr:Gear/2", "signals"),
            ("signals=derived:1", "signals"),
            ("from=yesterday", "from"),
            ("to=2019-10-06", "to"),
            ("to=2019-10-06T15:43:00Z&to=2019-10-06T15:43:00Z", "to"),
            ("interval=", "interval"),
            ("every=10", "every"),
            ("every=0s", "every"),
            ("method=MEDIAN", "method"),
            ("maxPoints=many", "maxPoints"),
            ("maxPoints=3000000000", "maxPoints"),
            ("grid=", "grid"),
            ("fill=zero", "fill"),
            ("vehicle=", "vehicle"),
        ] {
            let refusal = ExportQuery::parse(text).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(blamed), "{text}: {refusal:?}");
        }
        let unknown = ExportQuery::parse("step=1").unwrap_err();
        assert!(unknown.message.contains("`step`"), "{unknown:?}");
    }
}
