//! What breaks, and what must hold all the same: real processes, killed, frozen and cut off. `bash deploy/faults.sh`
//! makes a table of it; the tests assert counts and outcomes, the table's times are only measured.

mod cancel;
mod clients;
mod clocks;
mod denied;
mod disk;
mod drives;
mod fleet;
mod frozen;
mod lost_answers;
mod mixed;
mod node;
mod outage;
mod secrets;
mod sender;
mod slow_storage;
mod steps;
mod storm;
mod table;
mod times;
mod verdict;
mod watchers;
