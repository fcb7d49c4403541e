//! Rows of fields between commas, and the headers that name them.

use super::ledger::Ledger;
use super::problems::BadLine;

/// The names of a header's columns, in small letters, without quotes and spaces; `None` when the line does
/// not begin like a header.
#[cold]
pub(super) fn header(text: &[u8]) -> Option<Vec<String>> {
    let first = text.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'"' | b'\''))?;
    let names = || text.split(|byte| *byte == b',').map(bare).map(|name| name.to_ascii_lowercase());
    first
        .is_ascii_alphabetic()
        .then(|| names().map(|name| String::from_utf8_lossy(&name).into_owned()).collect())
}

/// What `columns` makes of a line that is no row, if that is a header; otherwise the line stays bad.
#[cold]
pub(super) fn look_again<C>(
    text: &[u8],
    bad: BadLine,
    ledger: &mut Ledger,
    columns: impl FnOnce(&[String]) -> Option<C>,
) -> Result<C, BadLine> {
    let columns = header(text).and_then(|names| columns(&names)).ok_or(bad)?;
    ledger.understood += 1;
    Ok(columns)
}

/// Where the column is; the first one where a header repeats a name.
pub(super) fn place(names: &[String], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name == wanted)
}

/// The next field of a row and what follows its comma.
#[inline]
pub(super) fn next(row: &[u8]) -> (&[u8], Option<&[u8]>) {
    match row.iter().position(|byte| *byte == b',') {
        Some(comma) => (&row[..comma], Some(&row[comma + 1..])),
        None => (row, None),
    }
}

/// The first `N` fields of a row; further ones must be empty.
pub(super) fn all<const N: usize>(row: &[u8], columns: usize) -> Result<[&[u8]; N], BadLine> {
    let mut fields = [&b""[..]; N];
    let mut count = 0;
    for field in row.split(|byte| *byte == b',') {
        match fields.get_mut(count) {
            Some(place) if count < columns => *place = field,
            _ if !field.trim_ascii().is_empty() => return Err(TOO_MANY),
            _ => {}
        }
        count += 1;
    }
    if count < columns { Err(TOO_FEW) } else { Ok(fields) }
}

/// A row with fewer fields than columns.
pub(super) const TOO_FEW: BadLine = BadLine::new("fewer fields than the header has columns");
/// A row with more fields than columns.
pub(super) const TOO_MANY: BadLine = BadLine::new("more fields than the header has columns");

/// The row without quotes, spaces and empty fields at its end; `None` when it has none of these, or when a
/// quoted field goes on in the next line.
#[cold]
pub(super) fn tidied(row: &[u8]) -> Option<Vec<u8>> {
    if row.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
        return None;
    }
    let unwanted = |byte: &u8| matches!(byte, b'"' | b' ' | b'\t');
    let mut tidy: Vec<u8> = row.iter().copied().filter(|byte| !unwanted(byte)).collect();
    while tidy.last() == Some(&b',') {
        tidy.pop();
    }
    (tidy.len() < row.len()).then_some(tidy)
}

/// A field without the spaces and quotes around it.
pub(super) fn bare(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    match field {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => field,
    }
}
