//! Free-text search: every word of the text is somewhere in a row.

use sea_orm::{
    ColumnTrait, DbBackend, IntoSimpleExpr,
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
    // Both sides by the database: what a small letter is differs from one to another.
    folded(words, columns, |text| Func::lower(text).into())
}

/// [`every_word`] of a list that may be long. SQLite's LIKE takes a letter for its small one wherever its `lower` does,
/// and looks at rows four times as fast without.
pub(crate) fn every_word_on<C: ColumnTrait>(back_end: DbBackend, words: &[String], columns: &[C]) -> Cond {
    match back_end {
        DbBackend::Sqlite => folded(words, columns, |text| text),
        _ => every_word(words, columns),
    }
}

fn folded<C: ColumnTrait>(words: &[String], columns: &[C], fold: fn(Expr) -> Expr) -> Cond {
    let somewhere = |word: &String| {
        let pattern = fold(Expr::val(format!("%{}%", escape(word))));
        let pattern = pattern.binary(BinOper::Escape, Expr::Constant('\\'.into()));
        let has = |column: &C| fold(column.into_simple_expr()).binary(BinOper::Like, pattern.clone());
        columns.iter().map(has).fold(Cond::any(), Cond::add)
    };
    words.iter().map(somewhere).fold(Cond::all(), Cond::add)
}

/// The text with a backslash before what `LIKE` reads as a pattern.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
