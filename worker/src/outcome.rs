//! How an execution ended: the decision that its job then carries.

use std::os::unix::process::ExitStatusExt;

use canlog::failure::{Failure, FailureCode};
use rustix::process::Signal;

use crate::child::{Exit, Said};
use crate::exit;
use crate::stop::StopReason;
use crate::trouble::{Trouble, TroubleKind};

/// Why an execution has no result.
#[derive(Clone, Debug)]
pub(crate) enum Setback {
    /// Nothing can be made of this log; the user is told why.
    Reject(Failure),
    /// A passing trouble of ours, such as a full disk: again later, it is not the log's fault.
    Retry(Trouble),
    /// The converter died: a strike against the log.
    Crashed(String),
    /// It was asked to stop.
    Stopped(StopReason),
}

/// What an execution, or a part of it, comes to.
pub(crate) type Outcome<T> = Result<T, Setback>;

impl<T: Into<Trouble>> From<T> for Setback {
    fn from(trouble: T) -> Self {
        Self::Retry(trouble.into())
    }
}

/// What the end of a converter comes to.
pub(crate) fn judge(exit: Exit) -> Outcome<()> {
    let code = exit.status.code().and_then(|code| u8::try_from(code).ok());
    match (exit.said, code, exit.status.signal()) {
        (Some(Said::Done), Some(0), _) => Ok(()),
        (Some(Said::Failed(failure)), Some(exit::FAILED), _) => Err(Setback::Reject(failure)),
        (_, Some(exit::IO), _) => Err(Trouble::new(TroubleKind::Machine, exit.stderr).into()),
        (_, Some(exit::FULL), _) => Err(Trouble::new(TroubleKind::Full, exit.stderr).into()),
        (_, _, Some(signal)) if signal == Signal::XCPU.as_raw() => Err(Setback::Reject(too_long())),
        (_, _, Some(signal)) if signal == Signal::XFSZ.as_raw() => Err(Setback::Reject(too_large())),
        _ => Err(Setback::Crashed(format!("{}: {}", exit.status, exit.stderr))),
    }
}

pub(crate) fn too_long() -> Failure {
    beyond(FailureCode::Timeout, "the conversion took longer than this server allows")
}

fn too_large() -> Failure {
    beyond(FailureCode::LimitRows, "a file of the result grew beyond what this server allows")
}

fn beyond(code: FailureCode, message: &str) -> Failure {
    let hint = Some("split the log, or raise the limit on the server".to_owned());
    Failure { code, message: message.to_owned(), hint, line: None }
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    fn outcome(said: Option<Said>, status: i32) -> String {
        let exit = Exit { said, status: ExitStatus::from_raw(status), stderr: String::new() };
        match judge(exit) {
            Ok(()) => "done".to_owned(),
            Err(Setback::Reject(failure)) => format!("reject {:?}", failure.code),
            Err(Setback::Retry(trouble)) => format!("retry {:?}", trouble.kind),
            Err(Setback::Crashed(_)) => "crashed".to_owned(),
            Err(Setback::Stopped(reason)) => format!("{reason:?}"),
        }
    }

    #[test]
    fn only_word_and_deed_together_count() {
        let failed = || Some(Said::Failed(beyond(FailureCode::NoFrames, "")));
        let code = |code: i32| code << 8;
        let cases = [
            (Some(Said::Done), code(0), "done"),
            (None, code(0), "crashed"),
            (Some(Said::Done), code(101), "crashed"),
            (Some(Said::Done), 9, "crashed"),
            (failed(), code(1), "reject NoFrames"),
            (failed(), code(0), "crashed"),
            (None, code(1), "crashed"),
            (None, code(2), "crashed"),
            (None, code(3), "retry Machine"),
            (None, code(4), "retry Full"),
            (None, 6, "crashed"),
            (None, 24, "reject Timeout"),
            (None, 25, "reject LimitRows"),
        ];
        for (said, status, expected) in cases {
            assert_eq!(outcome(said.clone(), status), expected, "{said:?} {status}");
        }
    }
}
