//! Free-text search: every word of the text is somewhere in a row.

use sea_orm::{
    ColumnTrait, IntoSimpleExpr,
    sea_query::{BinOper, Cond, Expr, ExprTrait, Func},
};

use super::error::{Answer, Refusal};

/// Words that are looked for at most.
const MAX_WORDS: usize = 8;
/// Characters of a search text at most.
const MAX_TEXT: usize = 200;

/// Splits a search text into words.
pub(crate) fn words(text: Option<&str>) -> Answer<Vec<String>> {
    let text = text.unwrap_or_default();
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if text.chars().count() > MAX_TEXT || words.len() > MAX_WORDS {
        let most = format!("A search has at most {MAX_WORDS} words and {MAX_TEXT} characters.");
        return Err(Refusal::input("search", most));
    }
    Ok(words)
}

/// Rows that have every word in one of the columns or another, whatever its case.
pub(crate) fn every_word<C: ColumnTrait>(words: &[String], columns: &[C]) -> Cond {
    let somewhere = |word: &String| {
        // Both sides by the database: what a small letter is differs from one to another.
        let pattern = Func::lower(Expr::val(format!("%{}%", escape(word))));
        let pattern = pattern.binary(BinOper::Escape, Expr::Constant('\\'.into()));
        let has = |column: &C| Func::lower(column.into_simple_expr()).binary(BinOper::Like, pattern.clone());
        columns.iter().map(has).fold(Cond::any(), Cond::add)
    };
    words.iter().map(somewhere).fold(Cond::all(), Cond::add)
}

/// The text with a backslash before what `LIKE` reads as a pattern.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
