//! The command line of the converter. Names are relative to the execution's room, so that no path of ours
//! reaches a message.

use std::process;

use entity::job::ConvertPayload;
use tokio::process::Command;

use crate::Worker;
use crate::scratch::Room;

/// The log in the room.
pub(super) const LOG: &str = "log";
/// The folder that the converter writes to.
pub(super) const OUT: &str = "out";

/// The name of the payload's n-th DBC in the room.
pub(super) fn dbc(n: usize) -> String {
    format!("{n}.dbc")
}

/// `dataviewer convert`, limited as configured.
pub(super) fn convert(worker: &Worker, payload: &ConvertPayload, room: &Room) -> Command {
    let limits = &worker.runtime.config.worker.child;
    let contents = &worker.runtime.config.limits.conversion;
    let mut command = Command::new(&worker.exe);
    command.current_dir(room.path("")).args(["convert", LOG, "--out", OUT, "--progress", "json"]);
    command.args(["--time-zone", &payload.time_zone]);
    command.args(payload.shift.map(|shift| format!("--shift={shift}")));
    for (n, bound) in payload.dbcs.iter().enumerate() {
        let bus = bound.bus.as_ref().map(|bus| format!("@{bus}")).unwrap_or_default();
        command.args(["--dbc", &format!("{}{bus}", dbc(n))]);
    }
    let numbers = [
        ("--threads", limits.threads as u64),
        ("--parent", process::id().into()),
        ("--limit-address-space", limits.memory_bytes),
        ("--limit-cpu", limits.cpu.as_secs() + u64::from(limits.cpu.subsec_nanos() > 0)),
        ("--limit-file-size", limits.file_bytes),
        ("--limit-signals", contents.signals as u64),
        ("--limit-rows", contents.rows),
    ];
    for (name, value) in numbers {
        command.args([name, &value.to_string()]);
    }
    command
}
