//! The same expressions by numpy and pandas.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::Recording;
use super::random::{Both, exact_pairs, recording};

/// Functions that the two mathematical libraries round differently in the last digit; of exact operands, so that
/// nothing makes more of it.
const LIBRARY: &[(&str, &str)] = &[
    ("sin($)", "np.sin($)"),
    ("cos($)", "np.cos($)"),
    ("tan($)", "np.tan($)"),
    ("asin($)", "np.arcsin($)"),
    ("acos($ / 100)", "np.arccos($ / 100)"),
    ("atan($)", "np.arctan($)"),
    ("sind($)", "np.sin(np.deg2rad($))"),
    ("cosd($)", "np.cos(np.deg2rad($))"),
    ("tand($)", "np.tan(np.deg2rad($))"),
    ("asind($ / 100)", "np.rad2deg(np.arcsin($ / 100))"),
    ("acosd($)", "np.rad2deg(np.arccos($))"),
    ("atand($)", "np.rad2deg(np.arctan($))"),
    ("atan2($, a)", "np.arctan2($, a)"),
    ("atan2d(b, $)", "np.rad2deg(np.arctan2(b, $))"),
    ("radians($)", "np.deg2rad($)"),
    ("degrees($)", "np.rad2deg($)"),
    ("exp($)", "np.exp($)"),
    ("log($)", "np.log($)"),
    ("log10($)", "np.log10($)"),
    ("pow($, 3)", "power($, 3)"),
    ("abs(a) ^ $", "power(np.abs(a), $)"),
    ("$ ^ 2", "power($, 2)"),
    ("pi * $ + 0 * e", "np.pi * $ + 0 * np.e"),
];

const ALONG_TIME: &[(&str, &str)] = &[
    ("previous($)", "previous($)"),
    ("derivative($)", "derivative($)"),
    ("integral($)", "integral($)"),
    ("moving_mean($, 40ms)", "moving_mean($, '40ms')"),
    ("moving_min($, 30ms)", "moving_min($, '30ms')"),
    ("moving_max($, 10ms)", "moving_max($, '10ms')"),
    ("low_pass($, 20ms)", "low_pass($, 0.02)"),
    ("low_pass($, 5Hz)", "low_pass($, 1 / (2 * np.pi * 5))"),
];

struct Draw(TestRunner);

impl Draw {
    fn one<T: std::fmt::Debug>(&mut self, strategy: &impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.0).unwrap().current()
    }

    fn recording(&mut self) -> Recording {
        self.one(&recording(120))
    }

    fn exact(&mut self, signals: &'static [&'static str]) -> Both {
        self.one(&exact_pairs(signals))
    }
}

fn within((ours, python): (&str, &str), inner: &Both) -> Both {
    (ours.replace('$', &format!("({})", inner.0)), python.replace('$', &format!("({})", inner.1)))
}

/// Times that come once: pandas joins no others.
fn without_repeats(recording: Recording) -> Recording {
    let bases = recording.bases.into_iter().map(|mut base| {
        let times = std::mem::take(&mut base.times);
        base.times = times.iter().enumerate().map(|(row, time)| time + row as i64).collect();
        base
    });
    Recording { bases: bases.collect() }
}

fn case(both: &Both, recording: &Recording) -> Value {
    let text = |value: &f64| (!value.is_nan()).then(|| format!("{value:?}"));
    let (times, values) = recording.evaluate(&both.0);
    let mut names = 'a'..='z';
    let columns = recording.bases.iter().map(|base| {
        let named = |column: &Vec<f64>| (names.next().unwrap().to_string(), json!(column));
        base.columns.iter().map(named).collect::<serde_json::Map<_, _>>()
    });
    json!({
        "source": both.0, "python": both.1, "result_times": times,
        "result": values.iter().map(text).collect::<Vec<_>>(),
        "columns": columns.collect::<Vec<_>>(),
        "times": recording.bases.iter().map(|base| &base.times).collect::<Vec<_>>(),
    })
}

#[expect(clippy::disallowed_methods, reason = "tests find Python by a variable")]
fn python() -> Command {
    let python = std::env::var_os("DATAVIEWER_PYTHON");
    let Some(python) = python else { panic!("DATAVIEWER_PYTHON is not set: bash deploy/test.sh sets it") };
    Command::new(python)
}

fn agree(cases: &[Value]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/oracle/expressions.py");
    let mut child = python()
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(cases).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert!(compared > 1_000, "only {compared} values were compared");
}

#[test]
fn expressions_on_one_time_base() {
    let mut draw = Draw(TestRunner::deterministic());
    let mut cases = Vec::new();
    for round in 0..400 {
        let recording = Recording { bases: vec![draw.recording().bases.remove(0)] };
        let exact = draw.exact(&["a", "b"]);
        // With a signal in it, so that it has times.
        let exact = (format!("{} + 0 * a", exact.0), format!("np.add({}, 0 * a)", exact.1));
        let library = within(LIBRARY[round % LIBRARY.len()], &exact);
        cases.push(case(&exact, &recording));
        cases.push(case(&(format!("{} + 0 * a", library.0), format!("{} + 0 * a", library.1)), &recording));
    }
    agree(&cases);
}

#[test]
fn functions_along_time() {
    let mut draw = Draw(TestRunner::deterministic());
    let mut cases = Vec::new();
    for round in 0..200 {
        let recording = Recording { bases: vec![draw.recording().bases.remove(0)] };
        let exact = draw.exact(&["a", "b"]);
        let exact = (format!("{} + 0 * a", exact.0), format!("np.add({}, 0 * a)", exact.1));
        let signal = ("a".to_owned(), "a".to_owned());
        cases.push(case(&within(ALONG_TIME[round % ALONG_TIME.len()], &exact), &recording));
        cases.push(case(&within(ALONG_TIME[round % ALONG_TIME.len()], &signal), &recording));
    }
    agree(&cases);
}

#[test]
fn expressions_on_two_time_bases() {
    let mut draw = Draw(TestRunner::deterministic());
    let mut cases = Vec::new();
    for _ in 0..300 {
        let recording = without_repeats(draw.recording());
        let exact = draw.exact(&["a", "b", "c", "d"]);
        let both = (format!("{} + 0 * (a + c)", exact.0), format!("np.add({}, 0 * (a + c))", exact.1));
        cases.push(case(&both, &recording));
    }
    agree(&cases);
}
