//! What `crashpoint!` does: SIGKILL or SIGSTOP to this very process, or a panic, at a place and pass that was set.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use crate::config::faults::{FaultsConfig, Place};

/// What this process was asked for. A process dies once, so this is its own and nobody else's.
static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();

struct Armed {
    place: Place,
    /// None for a panic.
    signal: Option<Signal>,
    passes: AtomicU64,
}

/// Sets the process's places; what was set before stays.
pub(crate) fn arm(config: &FaultsConfig) {
    let armed = |place: &Option<Place>, signal| {
        place.clone().map(|place| Armed { place, signal, passes: AtomicU64::new(0) })
    };
    let places = [
        armed(&config.crash_at, Some(Signal::KILL)),
        armed(&config.stop_at, Some(Signal::STOP)),
        armed(&config.panic_at, None),
    ];
    if places.iter().any(Option::is_some) {
        let _ = ARMED.set(places.into_iter().flatten().collect());
    }
}

/// A place is passed. Comes back, unless this was the pass at which the process is to die; after a freeze it
/// comes back when somebody thaws the process.
///
/// # Panics
/// When that was asked for.
pub fn pass(name: &str) {
    for armed in ARMED.get().into_iter().flatten().filter(|armed| armed.place.name == name) {
        if armed.passes.fetch_add(1, Ordering::SeqCst) + 1 == armed.place.pass {
            match armed.signal {
                Some(signal) => {
                    let _ = kill_process(getpid(), signal);
                }
                None => panic!("asked for at {name}"),
            }
        }
    }
}
