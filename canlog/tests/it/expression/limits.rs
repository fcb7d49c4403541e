//! Every limit exceeded by one, and met.

use std::convert::Infallible;

use canlog::expression::{
    Block, Catalog, Column, Evaluation, EvaluationError, Expression, ExpressionError, Limits, Plan, Reason,
};

use super::{Recording, collect, parse, plan};

fn too_complex<T>(result: Result<T, ExpressionError>) -> bool {
    matches!(result, Err(ExpressionError { reason: Reason::TooComplex, .. }))
}

#[test]
fn bytes() {
    assert!(parse(&format!("1{}", " ".repeat(4_095))).is_ok());
    assert!(too_complex(parse(&format!("1{}", " ".repeat(4_096)))));
}

#[test]
fn tokens() {
    let limits = Limits { tokens: 5, ..Limits::default() };
    assert!(Expression::parse("1+1+1", &limits).is_ok());
    assert!(too_complex(Expression::parse("-1+1+1", &limits)));
    assert!(too_complex(parse(&"(".repeat(4_096))));
}

#[test]
fn nodes() {
    let limits = Limits { tokens: 1_000, ..Limits::default() };
    assert!(Expression::parse(&vec!["1"; 128].join("+"), &limits).is_ok());
    assert!(too_complex(Expression::parse(&vec!["1"; 129].join("+"), &limits)));
}

#[test]
fn depth() {
    let nested = |open: &str, close: &str, depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("(", ")"), ("sin(", ")"), ("-", ""), ("2^", ""), ("not ", ""), ("1?1:", "")] {
        assert!(parse(&nested(open, close, 32)).is_ok(), "{open}");
        assert!(too_complex(parse(&nested(open, close, 33))), "{open}");
    }
}

/// Whatever an operator sets: the parser calls itself, and a thread's stack has an end.
#[test]
fn depth_has_an_end_without_limits() {
    let most = usize::MAX;
    let limits = Limits { source_bytes: most, tokens: most, nodes: most, depth: most, ..Limits::default() };
    for open in ["(", "-", "2^", "not ", "sin(", "1?", "1+1*2^(", "max(1,"] {
        assert!(too_complex(Expression::parse(&open.repeat(5_000), &limits)), "{open}");
    }
    let flat = vec!["1"; 5_000].join("+");
    let expression = Expression::parse(&flat, &limits).unwrap();
    assert_eq!(expression.names().count(), 0);
}

#[test]
fn operations_with_those_of_derived_signals() {
    let mut catalog = Recording::of(&[(&[], &[&[]])]).catalog();
    catalog.add_derived("half", "a * 2 + 1");
    let limits = |plan_nodes| Limits { plan_nodes, ..Limits::default() };
    let expression = parse("half + half").unwrap();
    assert!(Plan::new(&expression, &catalog, &limits(8)).is_ok());
    assert!(too_complex(Plan::new(&expression, &catalog, &limits(7))));
}

#[test]
fn chains_of_derived_signals() {
    let mut catalog = Recording::of(&[(&[], &[&[]])]).catalog();
    catalog.add_derived("d1", "a");
    for step in 2..=17 {
        catalog.add_derived(&format!("d{step}"), &format!("d{} + 1", step - 1));
    }
    assert!(plan("d16", &catalog).is_ok());
    assert!(too_complex(plan("d17", &catalog)));
}

#[test]
fn time_bases() {
    let mut catalog = Catalog::default();
    let names: Vec<_> = (0..65).map(|base| format!("s{base}")).collect();
    for (base, name) in names.iter().enumerate() {
        catalog.add_signal(&[name], Column { base, column: 0 });
    }
    assert!(plan(&names[..64].join("+"), &catalog).is_ok());
    assert!(too_complex(plan(&names.join("+"), &catalog)));
}

#[test]
fn samples_in_a_window() {
    let times: Vec<_> = (0..11).collect();
    let recording = Recording::of(&[(&times, &[&[1.0; 11]])]);
    let limits = Limits { window_samples: 10, ..Limits::default() };
    let run = |source| {
        let plan = Plan::new(&parse(source).unwrap(), &recording.catalog(), &limits).unwrap();
        collect(&plan, recording.reader(|| 3))
    };
    assert!(run("moving_mean(a, 10us)").is_ok());
    for source in ["moving_mean(a, 11us)", "moving_min(a, 11us)", "moving_max(a, 11us)"] {
        assert_eq!(run(source), Err(EvaluationError::Window { most: 10 }));
    }
}

#[test]
fn rows() {
    let recording = Recording::of(&[(&[1, 2, 3], &[&[1.0; 3]]), (&[1, 2], &[&[1.0; 2]])]);
    let run = |rows| {
        let limits = Limits { rows, ..Limits::default() };
        let plan = Plan::new(&parse("a + b").unwrap(), &recording.catalog(), &limits).unwrap();
        collect(&plan, recording.reader(|| 1))
    };
    assert!(run(5).is_ok());
    assert_eq!(run(4), Err(EvaluationError::Rows { most: 4 }));
}

#[test]
fn uneven_blocks() {
    let recording = Recording::of(&[(&[1], &[&[1.0]])]);
    let plan = plan("a", &recording.catalog()).unwrap();
    let result = Evaluation::new(&plan)
        .next(|_, _, block: &mut Block| {
            block.times.push(1);
            Ok::<_, Infallible>(())
        })
        .map(|chunk| chunk.is_some());
    assert_eq!(result, Err(EvaluationError::Uneven));
}
