//! Why a broker cannot be used.

use fred::error::{Error, ErrorKind};

/// Why a broker cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// `REDIS_URL` names no Redis. Not repeated: it may hold a password.
    #[error("REDIS_URL: {problem}")]
    Location {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The certificates to trust cannot be used.
    #[error("TLS to Redis: {problem}")]
    Authority {
        /// Which, and why.
        problem: String,
    },
    /// No answer in time.
    #[error("Redis does not answer")]
    Silent,
    /// The connection is not there, or was lost before the answer.
    #[error("Redis cannot be reached: {problem}")]
    Lost {
        /// Why.
        problem: String,
    },
    /// The answer was an error.
    #[error("Redis refuses: {problem}")]
    Refused {
        /// Its words.
        problem: String,
    },
}

impl From<Error> for BrokerError {
    fn from(error: Error) -> Self {
        let problem = error.details().to_owned();
        match error.kind() {
            ErrorKind::Timeout => Self::Silent,
            _ if is_answer(&problem) => Self::Refused { problem },
            _ => Self::Lost { problem },
        }
    }
}

/// Redis begins an error with a word in capitals, such as `OOM` or `NOGROUP`; the client's own do not.
fn is_answer(problem: &str) -> bool {
    let word = problem.split(' ').next().unwrap_or_default();
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_a_lost_connection() {
        let of = |kind, text: &'static str| BrokerError::from(Error::new(kind, text));
        for text in ["OOM command not allowed", "READONLY You can't write", "ERR unknown command"] {
            assert!(matches!(of(ErrorKind::Unknown, text), BrokerError::Refused { .. }), "{text}");
        }
        for text in ["Failed to route command.", "Connection closed.", "", "A thing"] {
            assert!(matches!(of(ErrorKind::Unknown, text), BrokerError::Lost { .. }), "{text}");
        }
        assert!(matches!(of(ErrorKind::Timeout, "Request timed out."), BrokerError::Silent));
    }
}
