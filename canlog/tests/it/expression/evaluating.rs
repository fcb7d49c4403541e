//! Values by hand.

use canlog::expression::Joining;

use super::{Recording, plan, shown};

const GAP: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// The values of an expression of `a` and `b`, which share their times.
#[track_caller]
fn check(source: &str, a: &[f64], b: &[f64], expected: &[f64]) {
    let times: Vec<_> = (0..a.len() as i64).map(|row| row * 500_000).collect();
    let (at, values) = Recording::of(&[(&times, &[a, b])]).evaluate(source);
    assert_eq!((at, shown(&values)), (times, shown(expected)), "{source}");
}

#[test]
fn each_sample() {
    let (a, b) = (&[1.0, -2.0, GAP, 0.0, 4.0], &[2.0, 2.0, 1.0, 0.0, -3.0]);
    for (source, expected) in [
        ("a", [1.0, -2.0, GAP, 0.0, 4.0]),
        ("a + b * 2", [5.0, 2.0, GAP, 0.0, -2.0]),
        ("a / b", [0.5, -1.0, GAP, GAP, -4.0 / 3.0]),
        ("b / 0", [INF, INF, INF, GAP, -INF]),
        ("b % 3", [2.0, 2.0, 1.0, 0.0, 0.0]),
        ("a % -3", [-2.0, -2.0, GAP, -0.0, -2.0]),
        ("a < b", [1.0, 1.0, GAP, 0.0, 0.0]),
        ("a != 4", [1.0, 1.0, GAP, 1.0, 0.0]),
        ("a and b", [1.0, 1.0, GAP, 0.0, 1.0]),
        ("a or b", [1.0, 1.0, GAP, 0.0, 1.0]),
        ("not a", [0.0, 0.0, GAP, 1.0, 0.0]),
        ("if(a > 0, b, a)", [2.0, -2.0, GAP, 0.0, -3.0]),
        ("if(b > 0, 1, 2)", [1.0, 1.0, 1.0, 2.0, 2.0]),
        ("if(1, b, a)", [2.0, 2.0, 1.0, 0.0, -3.0]),
        ("a ^ 0", [1.0, 1.0, GAP, 1.0, 1.0]),
        ("a ^ 2", [1.0, 4.0, GAP, 0.0, 16.0]),
        ("sqrt(a)", [1.0, GAP, GAP, 0.0, 2.0]),
        ("min(a, b)", [1.0, -2.0, GAP, 0.0, -3.0]),
        ("max(b, a, 0)", [2.0, 2.0, GAP, 0.0, 4.0]),
        ("clamp(a, -1, 1)", [1.0, -1.0, GAP, 0.0, 1.0]),
        ("sign(a)", [1.0, -1.0, GAP, 0.0, 1.0]),
        ("round(b / 4)", [0.0, 0.0, 0.0, 0.0, -1.0]),
    ] {
        check(source, a, b, &expected);
    }
}

#[test]
fn along_time() {
    // Rows half a second apart; what is no finite number is no sample.
    let (a, b) = (&[1.0, 3.0, GAP, INF, 4.0, 0.0], &[0.0; 6]);
    for (source, expected) in [
        ("previous(a)", [GAP, 1.0, GAP, GAP, 3.0, 4.0]),
        ("derivative(a)", [GAP, 4.0, GAP, GAP, 1.0 / 1.5, -8.0]),
        ("integral(a)", [0.0, 1.0, GAP, GAP, 6.25, 7.25]),
        ("moving_mean(a, 2s)", [1.0, 2.0, GAP, GAP, 3.5, 2.0]),
        ("moving_min(a, 500ms)", [1.0, 3.0, GAP, GAP, 4.0, 0.0]),
        ("moving_max(a, 1h)", [1.0, 3.0, GAP, GAP, 4.0, 4.0]),
    ] {
        check(source, a, b, &expected);
    }
}

#[test]
fn equal_times_and_steps_back_give_no_derivative() {
    let recording = Recording::of(&[(&[0, 0, 1_000_000, 500_000], &[&[1.0, 2.0, 4.0, 5.0]])]);
    assert_eq!(shown(&recording.evaluate("derivative(a)").1), shown(&[GAP, GAP, 2.0, GAP]));
    assert_eq!(shown(&recording.evaluate("integral(a)").1), shown(&[0.0, 0.0, 3.0, 3.0]));
}

#[test]
fn different_times_are_joined_by_previous_value() {
    let recording = Recording::of(&[
        (&[0, 10, 10, 30], &[&[1.0, 2.0, 3.0, GAP]]),
        (&[5, 10, 20, 40], &[&[10.0, 20.0, 30.0, 40.0]]),
    ]);
    let (times, values) = recording.evaluate("a + b");
    assert_eq!(times, [0, 5, 10, 10, 20, 30, 40]);
    assert_eq!(shown(&values), shown(&[GAP, 11.0, 22.0, 23.0, 33.0, GAP, GAP]));
    assert_eq!(plan("a + b", &recording.catalog()).unwrap().joining(), Joining::PreviousValue);
}

#[test]
fn functions_along_time_run_on_their_own_times() {
    let recording =
        Recording::of(&[(&[0, 1_000_000], &[&[1.0, 3.0]]), (&[500_000, 1_500_000], &[&[0.0, 0.0]])]);
    let (_, values) = recording.evaluate("derivative(a) + b");
    assert_eq!(shown(&values), shown(&[GAP, GAP, 2.0, 2.0]));
    let (_, values) = recording.evaluate("previous(a + b) + 0 * a");
    assert_eq!(shown(&values), shown(&[GAP, GAP, 1.0, 3.0]));
}

#[test]
fn no_rows_no_result() {
    let (times, values) = Recording::of(&[(&[], &[&[]])]).evaluate("a + 1");
    assert!(times.is_empty() && values.is_empty());
    assert!(Recording::default().evaluate("1 + 1").0.is_empty());
}

#[test]
fn integers_at_the_rim_of_time() {
    let recording = Recording::of(&[(&[i64::MIN, i64::MAX], &[&[1.0, 2.0]])]);
    for function in ["derivative(a)", "integral(a)", "moving_mean(a, 1s)", "low_pass(a, 1s)"] {
        assert_eq!(recording.evaluate(function).1.len(), 2, "{function}");
    }
}
