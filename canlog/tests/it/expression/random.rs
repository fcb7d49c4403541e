//! Random expressions and recordings.

use proptest::prelude::*;
use proptest::strategy::Union;

use super::Recording;

/// An expression and the same for Python.
pub(crate) type Both = (String, String);

const BINARY: &[(&str, &str)] = &[
    ("+", "np.add"),
    ("-", "np.subtract"),
    ("*", "np.multiply"),
    ("/", "np.divide"),
    ("%", "np.mod"),
    ("<", "less"),
    ("<=", "less_equal"),
    (">", "greater"),
    (">=", "greater_equal"),
    ("==", "equal"),
    ("!=", "not_equal"),
    ("and", "logical_and"),
    ("or", "logical_or"),
];

const UNARY: &[(&str, &str)] = &[
    ("-", "np.negative"),
    ("not", "logical_not"),
    ("sqrt", "np.sqrt"),
    ("abs", "np.abs"),
    ("sign", "np.sign"),
    ("floor", "np.floor"),
    ("ceil", "np.ceil"),
    ("round", "np.round"),
];

/// Operators and functions whose result IEEE 754 fixes to the last bit, over these signals.
pub(crate) fn exact_pairs(signals: &'static [&'static str]) -> BoxedStrategy<Both> {
    let leaf = prop_oneof![
        5 => prop::sample::select(signals).prop_map(|name| (name.to_owned(), name.to_owned())),
        2 => (-9i32..90).prop_map(|eighths| {
            let number = format!("({:?})", f64::from(eighths) / 8.0);
            (number.clone(), number)
        }),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        let extremes = [("min", "np.minimum"), ("max", "np.maximum")];
        let triple = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            6 => (inner.clone(), prop::sample::select(BINARY), inner.clone()).prop_map(|(a, name, b)| {
                (format!("({} {} {})", a.0, name.0, b.0), format!("{}({}, {})", name.1, a.1, b.1))
            }),
            3 => (prop::sample::select(UNARY), inner.clone())
                .prop_map(|(name, a)| (format!("({}({}))", name.0, a.0), format!("{}({})", name.1, a.1))),
            1 => (prop::sample::select(extremes.to_vec()), inner.clone(), inner).prop_map(|(name, a, b)| {
                (format!("{}({}, {})", name.0, a.0, b.0), format!("{}({}, {})", name.1, a.1, b.1))
            }),
            1 => triple.clone().prop_map(|(a, b, c)| {
                (format!("if({}, {}, {})", a.0, b.0, c.0), format!("choose({}, {}, {})", a.1, b.1, c.1))
            }),
            1 => triple.prop_map(|(a, b, c)| {
                let python = format!("np.minimum(np.maximum({}, {}), {})", a.1, b.1, c.1);
                (format!("clamp({}, {}, {})", a.0, b.0, c.0), python)
            }),
        ]
    })
    .boxed()
}

fn exact() -> BoxedStrategy<String> {
    exact_pairs(&["a", "b", "c", "d"]).prop_map(|both| both.0).boxed()
}

const ALONG_TIME: [&str; 9] = [
    "previous($)",
    "derivative($)",
    "integral($)",
    "moving_mean($, 40ms)",
    "moving_min($, 30ms)",
    "moving_max($, 7ms)",
    "low_pass($, 20ms)",
    "low_pass($, 5Hz)",
    "sin($)",
];

/// Any expression, functions along time in one another too.
pub(crate) fn any_expression() -> BoxedStrategy<String> {
    let along = |inner: BoxedStrategy<String>| {
        (prop::sample::select(ALONG_TIME.to_vec()), inner)
            // A signal in it, so that it has times.
            .prop_map(|(function, operand)| function.replace('$', &format!("a + {operand}")))
    };
    let once = along(exact()).boxed();
    let twice = along(once.clone()).boxed();
    let joined = (once.clone(), prop::sample::select(vec!["+", "*", "<"]), exact())
        .prop_map(|(left, sign, right)| format!("{left} {sign} {right}"));
    Union::new([exact(), once, twice, joined.boxed()]).boxed()
}

/// Two bases of two signals; times that are equal now and then, and gaps.
pub(crate) fn recording(most: usize) -> impl Strategy<Value = Recording> {
    let value = || prop_oneof![12 => (-80i32..80).prop_map(|raw| f64::from(raw) * 0.25), 1 => Just(f64::NAN)];
    let row = (prop_oneof![4 => 1i64..20_000, 1 => Just(0), 1 => Just(10_000)], value(), value());
    let base = prop::collection::vec(row, 0..most).prop_map(|rows| {
        let times = rows.iter().scan(0, |time, row| {
            *time += row.0;
            Some(*time)
        });
        canlog::expression::Block {
            times: times.collect(),
            columns: vec![rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect()],
        }
    });
    (base.clone(), base).prop_map(|(one, other)| Recording { bases: vec![one, other] })
}
