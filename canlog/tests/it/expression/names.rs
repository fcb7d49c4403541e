//! What names mean.

use canlog::expression::{Catalog, Column, ExpressionError, Joining, Limits, Plan, Reason};

use super::plan;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let paths: &[&[&str]] = &[
        &["can0", "Engine", "Lambda"],
        &["can0", "Engine", "OilTemp"],
        &["can0", "Dash", "OilTemp"],
        &["can1", "Dash", "OilTemp"],
        &["can0", "Engine", "Oil Pressure"],
        &["can0", "Engine", "e"],
        &["can0", "Engine", "max"],
    ];
    for (column, path) in paths.iter().enumerate() {
        catalog.add_signal(path, Column { base: 7, column });
    }
    catalog
}

fn columns(source: &str) -> Vec<usize> {
    plan(source, &catalog()).unwrap().bases()[0].columns.clone()
}

#[test]
fn signals_come_first() {
    assert_eq!(columns("Lambda * 2"), [0]);
    assert_eq!(columns("e * 2"), [5]);
    assert_eq!(columns("max(max, Engine.max)"), [6]);
    assert_eq!(columns("can1.Dash.OilTemp - Engine.OilTemp"), [3, 1]);
    assert_eq!(columns("\"Oil Pressure\" + Engine.`Oil Pressure`"), [4]);
    let joining = |source: &str| plan(source, &Catalog::default()).unwrap().joining();
    assert_eq!(joining("2 * pi"), Joining::Constant(std::f64::consts::TAU));
    assert_eq!(joining("e"), Joining::Constant(std::f64::consts::E));
}

fn refused(source: &str, catalog: &Catalog) -> ExpressionError {
    plan(source, catalog).unwrap_err()
}

#[test]
fn unknown_names() {
    for (name, candidates) in [
        ("lamda", vec!["Lambda"]),
        ("OilPressure", vec!["\"Oil Pressure\""]),
        ("Gearbox.Lambda", vec!["can0.Engine.Lambda"]),
        ("\"pi\"", vec![]),
        ("WheelSpeedFrontLeft", vec![]),
    ] {
        let refusal = refused(&format!("1 + {name}"), &catalog());
        assert_eq!((refusal.reason, refusal.position.byte), (Reason::UnknownSignal, 4), "{name}");
        assert_eq!(refusal.candidates, candidates, "{name}");
        assert_eq!(refusal.hint.is_some(), !candidates.is_empty());
    }
}

#[test]
fn ambiguous_names() {
    let refusal = refused("Dash.OilTemp", &catalog());
    assert_eq!(refusal.reason, Reason::AmbiguousSignal);
    assert_eq!(refusal.candidates, ["can0.Dash.OilTemp", "can1.Dash.OilTemp"]);
}

#[test]
fn derived_signals_use_each_other() {
    let mut catalog = catalog();
    catalog.add_derived("AFR", "Lambda * ratio");
    catalog.add_derived("ratio", "14.7");
    let both = plan("AFR + derived.AFR", &catalog).unwrap();
    assert_eq!((both.bases().len(), both.joining()), (1, Joining::Direct));
    let refusal = refused("derivative(ratio)", &catalog);
    assert_eq!((refusal.reason, refusal.derived), (Reason::Syntax, None));
}

#[test]
fn faults_in_derived_signals_name_them() {
    let mut catalog = catalog();
    catalog.add_derived("inner", "1 + + Lamda");
    catalog.add_derived("broken", "1 +");
    catalog.add_derived("outer", "2 * inner");
    let refusal = refused("outer", &catalog);
    let place = (refusal.derived.as_deref(), refusal.position.byte);
    assert_eq!((refusal.reason, place), (Reason::UnknownSignal, (Some("inner"), 6)));
    let refusal = refused("broken", &catalog);
    assert_eq!((refusal.reason, refusal.derived.as_deref()), (Reason::Syntax, Some("broken")));
}

#[test]
fn a_catalogue_may_accept_names_it_does_not_know() {
    let mut catalog = catalog();
    catalog.add_derived("AFR", "14.7 * Lambda");
    catalog.add_derived("slope", "derivative(Torqe) + AFR");
    assert_eq!(refused("slope", &catalog).reason, Reason::UnknownSignal);
    catalog.accept_unknown();
    assert!(plan("slope - Other.Message.Signal * pi", &catalog).is_ok());
    assert_eq!(refused("OilTemp + Unknown", &catalog).reason, Reason::AmbiguousSignal);
}

#[test]
fn cycles() {
    let mut catalog = catalog();
    catalog.add_derived("a", "b + 1");
    catalog.add_derived("b", "Lambda + c");
    catalog.add_derived("c", "b");
    catalog.add_derived("self", "self");
    for (source, way) in [("a", vec!["b", "c", "b"]), ("1 - self", vec!["self", "self"])] {
        let refusal = refused(source, &catalog);
        assert_eq!(
            (refusal.reason, refusal.candidates),
            (Reason::Cycle, way.iter().map(|name| (*name).to_owned()).collect())
        );
    }
    let refusal = Plan::derived("c", &catalog, &Limits::default()).unwrap_err();
    assert_eq!(refusal.message, "a derived signal cannot depend on itself: c → b → c");
    assert_eq!(Plan::derived("d", &catalog, &Limits::default()).unwrap_err().reason, Reason::UnknownSignal);
}
