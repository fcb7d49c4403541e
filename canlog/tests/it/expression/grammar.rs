//! What is a sentence, how it is read, and what is said of others.

use canlog::expression::Reason;

use super::parse;

fn canonical(source: &str) -> String {
    parse(source).unwrap_or_else(|refusal| panic!("{source}: {refusal}")).to_string()
}

#[test]
fn precedence() {
    for (source, read) in [
        ("1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("a-b-c", "a - b - c"),
        ("a-(b-c)", "a - (b - c)"),
        ("-x^2", "-x ^ 2"),
        ("(-x)**2", "(-x) ^ 2"),
        ("2^-x", "2 ^ (-x)"),
        ("a^b^c", "a ^ b ^ c"),
        ("(a^b)^c", "(a ^ b) ^ c"),
        ("a or b and not c < d + 1", "a or b and not c < d + 1"),
        ("(a || b) && c", "(a or b) and c"),
        ("(a<b)==c", "(a < b) == c"),
        ("a ? b : c ? d : f", "if(a, b, if(c, d, f))"),
        ("max(max(a,b),c)", "max(a, b, c)"),
        ("max(a,max(b,c))", "max(a, max(b, c))"),
        ("min(max(a, 0), 1)", "clamp(a, 0, 1)"),
        ("min(max(a, 0, b), 1, 2)", "min(max(a, 0, b), 1, 2)"),
        ("max(min(a, 1), 0)", "max(min(a, 1), 0)"),
        ("ln(a) + +b", "log(a) + b"),
        ("moving_mean(a, .5)", "moving_mean(a, 500ms)"),
        ("low_pass(a, 1.5kHz) / 1e300", "low_pass(a, 1500Hz) / 1e300"),
        ("\"Oil Temp\" + `a\"b` + \"pi\"", "\"Oil Temp\" + \"a\"\"b\" + \"pi\""),
        ("Engine.\"Oil Temp\" * Lambda", "Engine.\"Oil Temp\" * Lambda"),
        ("\"and\" and Öl", "\"and\" and Öl"),
    ] {
        assert_eq!(canonical(source), read, "{source}");
        assert_eq!(canonical(read), read);
    }
}

/// What is printed has to be taken again.
#[test]
fn what_may_be_written_may_be_printed() {
    let long = format!("max({})", vec!["a"; 100].join(", "));
    let deep = (0..30).fold("a".to_owned(), |inner, _| format!("clamp({inner}, 0, 1)"));
    for text in [long, deep] {
        assert_eq!(canonical(&text), text);
    }
}

/// Text, byte, and a part of what is said.
const REFUSED: &[(&str, usize, &str)] = &[
    ("", 0, "expected a number, a signal, a function or `(`, the text ends here"),
    ("1 +", 3, "the text ends here"),
    ("Öl + * 2", 6, "found `*`"),
    ("(a", 2, "expected an operator or `)`"),
    ("a)", 1, "found `)`"),
    ("a b", 2, "found `b`"),
    ("2 a", 2, "found `a`"),
    ("2a", 1, "`a` is not a unit"),
    ("2e", 1, "`e` is not a unit"),
    ("a < b < c", 6, "expected one comparison"),
    ("a = b", 2, "`=` means nothing here"),
    ("!a", 0, "`!` means nothing here"),
    ("a & b", 2, "`&` means nothing here"),
    ("a\u{7}", 1, "`\\u{7}` means nothing here"),
    ("1e999", 0, "greater than any"),
    ("\"Oil", 0, "never closed"),
    ("\"\"", 0, "expected a name"),
    ("a.", 2, "expected a signal's name"),
    ("a + and", 4, "found `and`"),
    ("2 * not a", 4, "found `not`"),
    ("sinn(a)", 0, "there is no function `sinn`"),
    ("sin(a, b)", 5, "sin takes one argument"),
    ("pow(a)", 5, "pow takes 2 arguments"),
    ("min(a)", 5, "min takes 2 arguments"),
    ("a ? b", 5, "expected an operator or `:`"),
    ("500ms + a", 0, "found a duration"),
    ("moving_mean(a, b)", 15, "expected a duration"),
    ("moving_mean(a, 5Hz)", 15, "expected a duration"),
    ("moving_max(a, 0s)", 14, "expected a duration"),
    ("low_pass(a, 0Hz)", 12, "expected a time constant"),
    ("low_pass(a, 1e30)", 12, "expected a time constant"),
];

#[test]
fn refusals_say_where_and_what() {
    for &(source, byte, part) in REFUSED {
        let refusal = parse(source).expect_err(source);
        assert_eq!((refusal.reason, refusal.position.byte), (Reason::Syntax, byte), "{source}: {refusal}");
        assert!(refusal.message.contains(part), "{source}: {refusal}");
        let column = source[..byte].chars().count() + 1;
        assert_eq!(refusal.position.column, column, "{source}");
    }
}

#[test]
fn hints() {
    for (source, hint) in [
        ("squrt(a)", "did you mean sqrt?"),
        ("a == b == c", "write `a < b and b < c`"),
        ("a = b", "write `==` to compare"),
        ("2 a", "write * to multiply"),
        ("3mph", "write 3 * mph to multiply"),
        ("1,5", "decimals are written with a point"),
    ] {
        let said = parse(source).unwrap_err().hint.unwrap();
        assert!(said.contains(hint), "{source}: {said}");
    }
}
