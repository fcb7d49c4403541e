//! What is told about files that are no log.

use canlog::failure::FailureCode;
use canlog::format::{Format, HEAD_BYTES, sniff};

#[test]
fn known_files_of_other_kinds_are_called_by_their_name() {
    let files: [(&[u8], &str); 6] = [
        (b"MDF     4.11", "MDF"),
        (b"LOGG\x90\0\0\0", "BLF"),
        (b";$FILEVERSION=2.1\n", "TRC"),
        (b"date Sat Sep 30 15:06:13.191 2017\nbase hex\n", "ASC"),
        (b"VERSION \"\"\n\nBU_: ECU\n", "DBC"),
        (b"PK\x03\x04\x14\0", "ZIP"),
    ];
    for (head, name) in files {
        let failure = sniff(head).unwrap_err();
        assert_eq!(failure.code, FailureCode::UnsupportedFormat);
        assert!(failure.message.contains(name) && failure.hint.is_some(), "{failure:?}");
    }
}

#[test]
fn bytes_without_meaning_are_refused_at_once() {
    for byte in [0, b' ', b'1', b'(', b',', 0xFF] {
        let failure = sniff(&vec![byte; HEAD_BYTES]).unwrap_err();
        assert_eq!(failure.code, FailureCode::UnsupportedFormat, "{byte}");
    }
}

#[test]
fn a_header_names_the_columns_it_lacks() {
    let failure = sniff(b"year,month,hour,min,sec,ms,id,data\n2019,10,10,42,54,0,1,11\n").unwrap_err();
    assert_eq!((failure.code, failure.line), (FailureCode::CorruptHeader, Some(1)));
    assert_eq!(failure.message, "The header lacks day.");
}

#[test]
fn names_of_formats_are_all_different() {
    let mut names = Format::ALL.map(Format::name).to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Format::ALL.len());
}
