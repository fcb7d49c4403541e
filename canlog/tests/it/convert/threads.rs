//! How many threads convert is nobody's business but the clock's.

use canlog::convert::ConvertOptions;
use canlog::synth::{Drive, LogShape};

use super::{options, run};

#[test]
fn row_groups_keep_their_order_on_any_number_of_threads() {
    // Three row groups of the message of 200 Hz, two of those of 100 Hz.
    let drive = Drive { seconds: 700, messages: 4, ..Drive::demo() };
    let mut log = Vec::new();
    drive.write_log(LogShape::Candump, &mut log).unwrap();
    let with = |threads| run(&log, &ConvertOptions { threads, ..options(&drive.dbc()) }).unwrap();
    let (converted, files) = with(1);
    assert!(converted.manifest.messages.iter().any(|message| message.rows > 1 << 17));
    for threads in [2, 4] {
        let (again, same) = with(threads);
        assert_eq!(again, converted, "{threads} threads");
        assert!(same == files, "{threads} threads write other bytes than one");
    }
}
