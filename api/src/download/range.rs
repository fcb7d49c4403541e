//! The `Range` header.

use std::ops::Range;

/// What a client wants of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Some(Range<u64>),
    /// A range beyond the end.
    None,
}

/// What a `Range` header asks of `size` bytes. Several ranges, and what is no range, mean all.
pub(super) fn wanted(text: &str, size: u64) -> Wanted {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let range = match (first.trim(), last.trim()) {
        ("", last) => last.parse().map(|count: u64| size.saturating_sub(count)..size),
        (first, "") => first.parse().map(|first| first..size),
        (first, last) => {
            first.parse().and_then(|first| Ok(first..last.parse::<u64>()?.saturating_add(1).min(size)))
        }
    };
    match range {
        Err(_) => Wanted::All,
        Ok(range) if range.is_empty() => Wanted::None,
        Ok(range) => Wanted::Some(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (text, expected) in [
            ("bytes=0-3", Wanted::Some(0..4)),
            ("bytes=4-", Wanted::Some(4..10)),
            ("bytes=-2", Wanted::Some(8..10)),
            ("bytes=-99", Wanted::Some(0..10)),
            ("bytes=8-99", Wanted::Some(8..10)),
            ("bytes=10-", Wanted::None),
            ("bytes=-0", Wanted::None),
            ("bytes=5-2", Wanted::None),
            ("bytes=0-1,4-5", Wanted::All),
            ("rows=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(text, 10), expected, "{text}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::None);
    }
}
