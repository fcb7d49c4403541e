//! ETags, and what clients say of those that they know.

use axum::http::{
    HeaderMap,
    header::{IF_NONE_MATCH, IF_RANGE},
};

/// Whether the client has what `tag` stands for already.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|known| {
        known
            .split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    })
}

/// Whether a range continues what the client has. A date never says so for sure.
pub(super) fn is_continued(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(IF_RANGE).is_none_or(|known| known == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_found_in_lists_and_weak_forms() {
        for (text, known) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, text.parse().unwrap())]);
            assert_eq!(is_known(&headers, "\"a\""), known, "{text}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }
}
