//! A text cut into words, numbers and signs.

use super::failure::{ExpressionError, Position, Reason};
use super::limits::Limits;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    /// In microseconds.
    Duration(f64),
    /// In Hz.
    Hertz(f64),
    Word(&'a str),
    Quoted(String),
    Sign(&'static str),
    End,
}

/// Longer signs before those they begin with.
const SIGNS: &[&str] = &[
    "**", "<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "%", "^", "<", ">", "(", ")", ",", ".",
    "?", ":",
];

/// What people write in other languages, and what it is here.
const FOREIGN: &[(char, &str)] = &[
    ('=', "write `==` to compare"),
    ('!', "write `not`"),
    ('&', "write `and`"),
    ('|', "write `or`"),
    ('[', "brackets are `(` and `)`; a signal's name with other characters stands in double quotes"),
    ('\'', "names are quoted by double quotes"),
    (';', "one expression has one value; arguments are separated by `,`"),
];

/// Tokens with the bytes they begin at; the last one is the end.
pub(super) fn tokens<'a>(
    source: &'a str,
    limits: &Limits,
) -> Result<Vec<(Token<'a>, usize)>, ExpressionError> {
    if source.len() > limits.source_bytes {
        let message = format!("the text has {} bytes; {} are allowed", source.len(), limits.source_bytes);
        return Err(ExpressionError::new(Reason::TooComplex, Position::of(source, 0), message));
    }
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let at = lexer.at;
        let token = lexer.token()?;
        if token == Token::End {
            tokens.push((token, at));
            return Ok(tokens);
        }
        if tokens.len() == limits.tokens {
            let message = format!("more than {} words, numbers and signs", limits.tokens);
            return Err(ExpressionError::new(Reason::TooComplex, Position::of(source, at), message)
                .hint("save a part of it as a derived signal of its own"));
        }
        tokens.push((token, at));
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Takes the characters that are wanted.
    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.at += taken;
        &rest[..taken]
    }

    fn refuse(&self, at: usize, message: String) -> ExpressionError {
        ExpressionError::new(Reason::Syntax, Position::of(self.source, at), message)
    }

    fn token(&mut self) -> Result<Token<'a>, ExpressionError> {
        let mut letters = self.rest().chars();
        let Some(first) = letters.next() else { return Ok(Token::End) };
        let digit_follows = letters.next().is_some_and(|second| second.is_ascii_digit());
        if first.is_ascii_digit() || first == '.' && digit_follows {
            return self.number();
        }
        if first == '"' || first == '`' {
            return self.quoted(first);
        }
        if is_word_start(first) {
            return Ok(Token::Word(self.skip(is_word)));
        }
        if let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let refusal = self.refuse(self.at, format!("`{}` means nothing here", first.escape_debug()));
        match FOREIGN.iter().find(|(foreign, _)| *foreign == first) {
            Some((_, hint)) => Err(refusal.hint(*hint)),
            None => {
                Err(refusal
                    .hint("names with other characters than letters, digits and _ stand in double quotes"))
            }
        }
    }

    fn number(&mut self) -> Result<Token<'a>, ExpressionError> {
        let start = self.at;
        self.skip(|letter| letter.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.at += 1;
            self.skip(|letter| letter.is_ascii_digit());
        }
        self.exponent();
        let text = &self.source[start..self.at];
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        let Some(value) = value else {
            return Err(
                self.refuse(start, "this number is greater than any that can be computed with".into())
            );
        };
        let unit = self.skip(is_word);
        Ok(match unit {
            "" => Token::Number(value),
            "us" | "µs" | "μs" => Token::Duration(value),
            "ms" => Token::Duration(value * 1e3),
            "s" => Token::Duration(value * 1e6),
            "m" | "min" => Token::Duration(value * 60e6),
            "h" => Token::Duration(value * 3_600e6),
            "Hz" => Token::Hertz(value),
            "kHz" => Token::Hertz(value * 1e3),
            unit => {
                let at = self.at - unit.len();
                let message =
                    format!("`{unit}` is not a unit: expected us, ms, s, m, h or Hz, or an operator");
                return Err(self.refuse(at, message).hint(format!(
                    "write {text} * {unit} to multiply; a name that begins with a digit stands in double quotes"
                )));
            }
        })
    }

    /// `e` with digits behind it; any other `e` is not the number's.
    fn exponent(&mut self) {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return };
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if digits.starts_with(|letter: char| letter.is_ascii_digit()) {
            self.at += 1 + (rest.len() - digits.len());
            self.skip(|letter| letter.is_ascii_digit());
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token<'a>, ExpressionError> {
        let start = self.at;
        let mut name = String::new();
        loop {
            self.at += quote.len_utf8();
            name.push_str(self.skip(|letter| letter != quote));
            if self.rest().is_empty() {
                return Err(self.refuse(start, format!("this {quote} is never closed")));
            }
            self.at += quote.len_utf8();
            if !self.rest().starts_with(quote) {
                break;
            }
            name.push(quote);
        }
        if name.is_empty() {
            Err(self.refuse(start, "expected a name between the quotes".into()))
        } else {
            Ok(Token::Quoted(name))
        }
    }
}

fn is_word_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Words that are operators; a signal of that name is quoted.
pub(super) const OPERATORS: [&str; 3] = ["and", "or", "not"];

/// Whether a name needs no quotes.
pub(super) fn is_plain(name: &str) -> bool {
    name.starts_with(is_word_start) && name.chars().all(is_word) && !OPERATORS.contains(&name)
}
