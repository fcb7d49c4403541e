//! Any text, any expression, any borders of blocks.

use proptest::prelude::*;

use super::random::{any_expression, recording};
use super::{collect, parse, plan, shown};

/// Text that is nearly an expression.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "1",
        "2.5e3",
        ".",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "/",
        "^",
        "%",
        "<",
        "==",
        "and",
        "or",
        "not",
        "?",
        ":",
        "sin(",
        "if(",
        "max(",
        "moving_mean(",
        "low_pass(",
        "5ms",
        "3Hz",
        "\"",
        "`",
        "\"x y\"",
        "Ö",
        " ",
        "e",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_strange(text in prop_oneof![any::<String>(), nearly()]) {
        match parse(&text) {
            Ok(expression) => prop_assert_eq!(parse(&expression.to_string()).unwrap(), expression),
            Err(refusal) => prop_assert!(text.is_char_boundary(refusal.position.byte), "{text:?}: {refusal}"),
        }
    }

    #[test]
    fn what_is_printed_reads_back(source in any_expression()) {
        let Ok(expression) = parse(&source) else { return Ok(()) };
        let printed = expression.to_string();
        prop_assert_eq!(&parse(&printed).unwrap(), &expression);
        prop_assert_eq!(parse(&printed).unwrap().to_string(), printed);
    }

    #[test]
    fn borders_of_blocks_do_not_show(
        source in any_expression(),
        recording in recording(60),
        sizes in prop::collection::vec(1usize..9, 1..9),
    ) {
        let Ok(plan) = plan(&source, &recording.catalog()) else { return Ok(()) };
        let (times, values) = collect(&plan, recording.reader(|| usize::MAX / 2)).unwrap();
        let mut sizes = sizes.into_iter().cycle();
        let in_parts = collect(&plan, recording.reader(|| sizes.next().unwrap())).unwrap();
        prop_assert_eq!((&times, shown(&values)), (&in_parts.0, shown(&in_parts.1)), "{}", source);
        prop_assert_eq!(times.len(), values.len());
        prop_assert!(times.is_sorted());
    }
}
