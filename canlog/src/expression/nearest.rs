//! Names that may have been meant.

/// Suggested at most.
const SUGGESTIONS: usize = 3;
/// Characters compared; names are shorter.
const COMPARED: usize = 64;

/// The names nearest to `wanted` by edits of a letter (case counts for nothing), nearest first.
pub(super) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = letters(wanted);
    let most = (wanted.len() / 3).clamp(1, 4);
    let mut near: Vec<_> = names
        .filter_map(|name| {
            let letters = letters(name);
            let distance = if letters.len().abs_diff(wanted.len()) > most {
                return None;
            } else {
                distance(&wanted, &letters)
            };
            (distance <= most).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SUGGESTIONS).map(|(_, name)| name).collect()
}

fn letters(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).take(COMPARED).collect()
}

/// Levenshtein's distance.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != candidate);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
