//! What a request says of a signature.

use axum::http::Uri;

/// The parameters that a link ends with.
const MARKS: [&str; 2] = ["expires", "signature"];

/// What a request says of a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// That it is signed.
    Signed {
        /// What the signature is over.
        text: String,
        /// When it ends to hold, in seconds since 1970.
        until: u64,
        /// The signature in hex.
        signature: String,
        /// Path and query without both.
        plain: String,
    },
    /// Something that no link says.
    Broken,
}

impl Claim {
    /// The claim of a request for `uri`; `None` when it makes none.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let query = uri.query()?;
        let name = |parameter: &str| parameter.split('=').next().map_or("", str::trim).to_owned();
        if !query.split('&').any(|parameter| MARKS.contains(&name(parameter).as_str())) {
            return None;
        }
        Some(Self::read(uri.path(), query).unwrap_or(Self::Broken))
    }

    fn read(path: &str, query: &str) -> Option<Self> {
        let (before, signature) = query.rsplit_once("&signature=")?;
        let (rest, until) = match before.rsplit_once('&') {
            Some((rest, last)) => (Some(rest), last),
            None => (None, before),
        };
        let until = until.strip_prefix("expires=")?.parse().ok()?;
        let plain = rest.map_or_else(|| path.to_owned(), |rest| format!("{path}?{rest}"));
        Some(Self::Signed { text: format!("{path}?{before}"), until, signature: signature.to_owned(), plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Option<Claim> {
        Claim::of(&uri.parse().unwrap())
    }

    fn signed(text: &str, plain: &str) -> Option<Claim> {
        let signature = "ab".to_owned();
        Some(Claim::Signed { text: text.to_owned(), until: 7, signature, plain: plain.to_owned() })
    }

    #[test]
    fn what_says_nothing_of_a_signature_makes_no_claim() {
        for uri in ["/logs/1", "/logs/1?", "/lake/x?vehicle=signature&from=expires", "/x?signatures=1"] {
            assert_eq!(of(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_link_is_its_path_and_parameters_and_then_its_two() {
        assert_eq!(of("/logs/1?expires=7&signature=ab"), signed("/logs/1?expires=7", "/logs/1"));
        assert_eq!(
            of("/r/data.csv?signals=A&signals=B&expires=7&signature=ab"),
            signed("/r/data.csv?signals=A&signals=B&expires=7", "/r/data.csv?signals=A&signals=B")
        );
    }

    #[test]
    fn in_any_other_form_they_are_broken() {
        for query in [
            "signature=ab",
            "expires=7",
            "expires=7&a=1&signature=ab",
            "a=1&signature=ab",
            "signature=ab&expires=7",
            "expires=7&signature",
            "expires=soon&signature=ab",
            "expires=-7&signature=ab",
        ] {
            assert_eq!(of(&format!("/logs/1?{query}")), Some(Claim::Broken), "{query}");
        }
    }
}
