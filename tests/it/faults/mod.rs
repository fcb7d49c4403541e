//! What breaks, and what must hold all the same: real processes, killed, frozen and cut off. `bash deploy/faults.sh`
//! makes a table of it; the tests assert counts and outcomes, the table's times are only measured.

mod clients;
mod disk;
mod drives;
mod fleet;
mod mixed;
mod node;
mod outage;
mod postgres;
mod secrets;
mod sender;
mod steps;
mod storm;
mod table;
mod times;
mod verdict;
mod watchers;
