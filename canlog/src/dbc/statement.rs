//! Cuts a DBC's text into statements, so that one that nobody needs cannot spoil the file, and every other
//! one keeps its line.

use super::DbcError;
use super::text::{lines_in, position};

/// Statements that decoding needs.
const NEEDED: [&str; 11] = [
    "VERSION",
    "BU_",
    "BO_",
    "SG_",
    "VAL_TABLE_",
    "VAL_",
    "SIG_VALTYPE_",
    "SG_MUL_VAL_",
    "BA_DEF_",
    "BA_DEF_DEF_",
    "BA_",
];

/// Statements that are known and passed over.
const PASSED_OVER: [&str; 26] = [
    "NS_",
    "BS_",
    "CM_",
    "EV_",
    "ENVVAR_DATA_",
    "EV_DATA_",
    "BO_TX_BU_",
    "SIG_GROUP_",
    "BA_DEF_REL_",
    "BA_REL_",
    "BA_DEF_DEF_REL_",
    "BA_DEF_SGTYPE_",
    "BA_SGTYPE_",
    "SGTYPE_",
    "SGTYPE_VAL_",
    "SIG_TYPE_REF_",
    "SIGTYPE_VALTYPE_",
    "CAT_DEF_",
    "CAT_",
    "FILTER",
    "NS_DESC_",
    "BU_SG_REL_",
    "BU_EV_REL_",
    "BU_BO_REL_",
    "VECTOR__INDEPENDENT_SIG_MSG",
    "VAL_SIG_GROUP_",
];

/// One statement, from its keyword to where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// The first word.
    pub(crate) keyword: &'a str,
    /// The whole statement.
    pub(crate) text: &'a str,
    /// Where it begins in the file's text.
    pub(crate) offset: usize,
    /// Its line, from 1.
    pub(crate) line: u64,
}

/// What the first word of a statement says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Decoding needs it.
    Needed,
    /// Known, without effect on decoding.
    PassedOver,
    /// Looks like a section of a dialect we do not know.
    Foreign,
}

impl Statement<'_> {
    pub(crate) fn standing(&self) -> Standing {
        standing(self.keyword).unwrap_or(Standing::Foreign)
    }

    /// The statement on one line: line ends, comments and the semicolon outside strings become spaces, so
    /// that every byte keeps its place.
    pub(crate) fn on_one_line(&self) -> String {
        let mut line = String::with_capacity(self.text.len() + 1);
        let mut rest = self.text;
        while let Some(piece) = next_piece(rest) {
            match piece {
                Piece::String(length) | Piece::Other(length) => line.push_str(&rest[..length]),
                Piece::Break(length) | Piece::Comment(length) | Piece::End(length) => {
                    line.extend(std::iter::repeat_n(' ', length));
                }
                Piece::Unclosed => break,
            }
            rest = &rest[piece.length()..];
        }
        line
    }
}

/// The statements of a DBC, in file order.
pub(crate) struct Statements<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl<'a> Statements<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    fn advance(&mut self, length: usize) {
        self.line += lines_in(&self.text[self.offset..self.offset + length]);
        self.offset += length;
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.offset..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', ';']).len();
            let comment = if rest[blank..].starts_with("//") { line_length(&rest[blank..]) } else { 0 };
            if blank + comment == 0 {
                return;
            }
            self.advance(blank + comment);
        }
    }

    fn error(&self, at: usize, reason: String) -> DbcError {
        let (line, column) = position(self.text, at);
        DbcError { line, column, reason, hint: None }
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Result<Statement<'a>, DbcError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_blank();
        let rest = &self.text[self.offset..];
        if rest.is_empty() {
            return None;
        }
        let keyword = word(rest);
        if standing(keyword).is_none() {
            let seen: String = rest.chars().take_while(|c| !c.is_control()).take(40).collect();
            let at = self.offset;
            self.offset = self.text.len();
            return Some(Err(self.error(at, format!("`{seen}` begins no statement of a DBC file"))));
        }
        let length = match if keyword == "NS_" { Ok(symbols_length(rest)) } else { length(keyword, rest) } {
            Ok(length) => length,
            Err(at) => {
                let at = self.offset + at;
                self.offset = self.text.len();
                return Some(Err(self.error(at, "this string is never closed".to_owned())));
            }
        };
        let statement = Statement { keyword, text: &rest[..length], offset: self.offset, line: self.line };
        self.advance(length);
        Some(Ok(statement))
    }
}

/// A piece of a statement.
#[derive(Clone, Copy)]
enum Piece {
    String(usize),
    Comment(usize),
    Break(usize),
    End(usize),
    Other(usize),
    Unclosed,
}

impl Piece {
    fn length(self) -> usize {
        match self {
            Self::String(n) | Self::Comment(n) | Self::Break(n) | Self::End(n) | Self::Other(n) => n,
            Self::Unclosed => 0,
        }
    }
}

fn next_piece(rest: &str) -> Option<Piece> {
    let bytes = rest.as_bytes();
    Some(match bytes.first()? {
        b'"' => string_length(bytes).map_or(Piece::Unclosed, Piece::String),
        b'\r' if bytes.get(1) == Some(&b'\n') => Piece::Break(2),
        b'\r' | b'\n' => Piece::Break(1),
        b';' => Piece::End(1),
        b'/' if bytes.get(1) == Some(&b'/') => Piece::Comment(line_length(rest)),
        _ => Piece::Other(
            1 + bytes[1..].iter().position(|b| b"\"\r\n;/".contains(b)).unwrap_or(bytes.len() - 1),
        ),
    })
}

/// Length of the string that `bytes` begins with, both quotes counted; `\"` does not close it.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let closing = |at: &usize| *at > 0 && bytes[at - 1] != b'\\';
    memchr::memchr_iter(b'"', bytes).find(closing).map(|at| at + 1)
}

/// Length of the statement that `rest` begins with, or where a string in it is never closed. It ends at its
/// semicolon, or where a line begins with a keyword.
fn length(keyword: &str, rest: &str) -> Result<usize, usize> {
    let mut at = keyword.len();
    while let Some(piece) = next_piece(&rest[at..]) {
        at += piece.length();
        match piece {
            Piece::Unclosed => return Err(at),
            Piece::End(_) => return Ok(at),
            Piece::Break(_)
                if ends_with_line(keyword, &rest[..at]) || begins_statement(&rest[at..], keyword) =>
            {
                return Ok(at);
            }
            _ => {}
        }
    }
    Ok(at)
}

/// Whether nothing of such a statement can follow on another line.
fn ends_with_line(keyword: &str, so_far: &str) -> bool {
    keyword == "BS_" || keyword == "VERSION" && so_far.contains('"')
}

fn begins_statement(rest: &str, within: &str) -> bool {
    let line = rest.trim_start_matches([' ', '\t']);
    match standing(word(line)) {
        Some(Standing::Foreign) => within != "BU_", // a node may be called like that
        standing => standing.is_some(),
    }
}

/// Length of the `NS_` section: its line, and the lines after it that hold nothing but one word.
fn symbols_length(rest: &str) -> usize {
    let mut at = line_length(rest);
    loop {
        let line = &rest[at..][..line_length(&rest[at..])];
        let symbol = line.trim();
        let end = at + line.len() + line_end_length(&rest[at + line.len()..]);
        if end == at || symbol.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return at;
        }
        at = end;
    }
}

fn line_end_length(rest: &str) -> usize {
    if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\r', '\n'])) }
}

fn line_length(rest: &str) -> usize {
    memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len())
}

fn word(rest: &str) -> &str {
    let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'_').unwrap_or(rest.len());
    &rest[..end]
}

fn standing(word: &str) -> Option<Standing> {
    let foreign =
        || word.len() > 2 && word.ends_with('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if NEEDED.contains(&word) {
        Some(Standing::Needed)
    } else if PASSED_OVER.contains(&word) {
        Some(Standing::PassedOver)
    } else {
        foreign().then_some(Standing::Foreign)
    }
}
