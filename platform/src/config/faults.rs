//! Faults that a test asks of a real process. Only builds for tests know these variables; all others refuse
//! them.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_CRASH_AT` | `W7:2` kills the process at its second pass of the place `W7` | never |
//! | `DATAVIEWER_STOP_AT` | `W7:1` freezes it at its first | never |
//! | `DATAVIEWER_PANIC_AT` | `W7:1` makes the task panic that passes it first | never |

use super::{ConfigError, variables::Variables};

/// Faults that a test asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultsConfig {
    /// Where the process is killed.
    pub crash_at: Option<Place>,
    /// Where it is frozen.
    pub stop_at: Option<Place>,
    /// Where a task panics.
    pub panic_at: Option<Place>,
}

/// A pass of a place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name that `crashpoint!` gives it.
    pub name: String,
    /// Which pass, from 1.
    pub pass: u64,
}

impl FaultsConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            crash_at: variables.read("DATAVIEWER_CRASH_AT", place)?,
            stop_at: variables.read("DATAVIEWER_STOP_AT", place)?,
            panic_at: variables.read("DATAVIEWER_PANIC_AT", place)?,
        })
    }
}

fn place(text: &str) -> Result<Place, String> {
    let parsed = text.split_once(':').and_then(|(name, pass)| Some((name, pass.parse().ok()?)));
    match parsed {
        Some((name, pass @ 1..)) if !name.is_empty() => Ok(Place { name: name.to_owned(), pass }),
        _ => Err(format!("`{text}` is not a place and a pass from 1, such as `W7:1`")),
    }
}
