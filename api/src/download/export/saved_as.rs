//! What an export is saved as: `DATA_2019-10-06_15-42_15-58_Gear_Engine.Speed.csv`.

use canlog::frame::Micros;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::selection::{Axis, Selected};

/// Bytes of a name without its ending, at most.
const MOST_BYTES: usize = 140;

/// The name for an export: its date and times as the clocks at the track (of the first run) had them, and its signals.
pub(super) fn saved_as(axis: &Axis, selected: &[Selected], ending: &str) -> String {
    let zone = axis.runs.first().and_then(|run| TimeZone::get(&run.time_zone).ok()).unwrap_or(TimeZone::UTC);
    let (start, end) = (local(axis.window.start, &zone), local(axis.window.end, &zone));
    let mut name =
        format!("DATA_{}_{}_{}", start.strftime("%Y-%m-%d"), start.strftime("%H-%M"), end.strftime("%H-%M"));
    for signal in selected {
        name.push('_');
        name.extend(
            signal.name.chars().map(|c| if c.is_alphanumeric() || ".-".contains(c) { c } else { '_' }),
        );
        if name.len() > MOST_BYTES {
            break;
        }
    }
    let cut = name.floor_char_boundary(MOST_BYTES);
    format!("{}.{ending}", &name[..cut])
}

/// A time beyond those that clocks show counts as 1970.
fn local(time: Micros, zone: &TimeZone) -> DateTime {
    zone.to_datetime(Timestamp::from_microsecond(time).unwrap_or_default())
}
