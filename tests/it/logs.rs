//! Logs to convert, and the DBC for them.

use canlog::synth::{Drive, LogShape};

/// One message, one signal of a tenth a bit.
pub(crate) const DBC: &str = r#"VERSION ""
NS_ :
BS_:
BU_: ECU
BO_ 256 Engine: 8 ECU
 SG_ Speed : 0|16@1+ (0.1,0) [0|6553.5] "rpm" ECU
"#;

/// Three frames of it, one of an unknown id and a line that is no frame.
pub(crate) const LOG: &str = "\
(1700000000.000000) can0 100#0A00000000000000
(1700000000.010000) can0 100#1400000000000000
(1700000000.015000) can0 1FF#00
what is this
(1700000000.020000) can0 100#1E00000000000000
";

/// No format of ours.
pub(crate) const NO_LOG: &str = "Dear Sir or Madam,\nplease find attached nothing.\n";

/// A drive that a debug build converts for seconds, and its DBC.
pub(crate) fn long_drive() -> (Vec<u8>, String) {
    let drive = Drive { seed: 7, seconds: 300, ..Drive::demo() };
    let mut log = Vec::new();
    drive.write_log(LogShape::Candump, &mut log).unwrap();
    (log, drive.dbc())
}
