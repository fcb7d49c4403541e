//! What to tell a user whose file is no log we read: what it is, and what to do instead.

use crate::failure::{Failure, FailureCode};
use crate::read::{candump_text, team_csv};

/// Beginnings of files that are something else, and what to tell about them.
const BINARY: [(&[u8], &str, &str); 14] = [
    (b"\xFF\xFE", "This is text in UTF-16.", SAVE_AS_UTF8),
    (b"\xFE\xFF", "This is text in UTF-16.", SAVE_AS_UTF8),
    (b"MDF     ", "MDF files are not supported yet.", EXPORT),
    (b"UnFinMF ", "MDF files are not supported yet.", EXPORT),
    (b"LOGG", "Vector BLF files are not supported yet.", EXPORT),
    (b";$FILEVERSION", "PEAK TRC files are not supported yet.", EXPORT),
    (b"date ", "Vector ASC files are not supported yet.", EXPORT),
    (b"\x1F\x8B", "This is a gzip archive.", UNPACK),
    (b"\x28\xB5\x2F\xFD", "This is a zstd archive.", UNPACK),
    (b"PK\x03\x04", "This is a ZIP archive or an Excel file.", UNPACK),
    (b"PAR1", "This is a Parquet file.", LOG),
    (b"%PDF", "This is a PDF file.", LOG),
    (b"VERSION \"", "This is a DBC file.", "Register it as a DBC, and upload the log itself."),
    (b"<", "This is an HTML or XML file.", LOG),
];

const SAVE_AS_UTF8: &str = "Save it as plain text (UTF-8 or ASCII) and upload it again.";
const EXPORT: &str = "Export the log as text, for example in candump's form (candump -L).";
const UNPACK: &str = "Unpack it and upload the log itself.";
const LOG: &str = "Upload the log as the logger wrote it.";
const KNOWN: &str = "Known are: candump (candump -L), CSV with the header year,month,day,hour,min,sec,ms,id,data, CSV \
                     with the header time,id,data, and decoded CSV with the header \
                     timestamp,sender,msg_name,sig_name,sig_val,units.";

/// What is recognised by its first bytes, or by being no text.
pub(super) fn binary(head: &[u8]) -> Option<Failure> {
    let known = BINARY.iter().find(|(beginning, ..)| head.starts_with(beginning));
    if let Some((_, message, hint)) = known {
        return Some(failure(message, hint));
    }
    let zero_at = |odd: usize| head.iter().skip(odd).step_by(2).take(32).all(|byte| *byte == 0);
    let wide = head.len() >= 4 && (zero_at(0) != zero_at(1));
    wide.then(|| failure("This is text in UTF-16.", SAVE_AS_UTF8))
}

/// What no reader understood.
pub(super) fn text(head: &[u8]) -> Failure {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let lines = || head.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate();
    let Some((number, first)) = lines().find(|(_, line)| !line.trim_ascii().is_empty()) else {
        return failure("There are only empty lines at the beginning of the file.", LOG);
    };
    if let Some(columns) = team_csv::lacking(first).filter(|columns| !columns.is_empty()) {
        return Failure {
            code: FailureCode::CorruptHeader,
            message: format!("The header lacks {}.", columns.join(", ")),
            hint: Some(format!("Expected the columns {}, in any order.", team_csv::COLUMNS.join(","))),
            line: Some(number as u64 + 1),
        };
    }
    if lines().any(|(_, line)| candump_text::is_unstamped(line)) {
        return failure(
            "candump wrote this log without time stamps.",
            "Record with candump -L, or with -ta.",
        );
    }
    failure("This is no log in a known format.", KNOWN)
}

fn failure(message: &str, hint: &str) -> Failure {
    Failure {
        code: FailureCode::UnsupportedFormat,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
        line: None,
    }
}
