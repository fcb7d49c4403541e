//! Damaged logs: never a panic, every line accounted for, and the same however the bytes come in.

use canlog::format::{Format, sniff};
use canlog::read::{ReadOptions, ReadReport, Reader};
use canlog::report::ProblemCode;
use proptest::collection::vec;
use proptest::prelude::*;

use super::corpus::{cases, log};
use super::whole::{Whole, read_as, read_in_chunks};

/// One small valid log a format.
const LOGS: [(Format, &str); 7] = [
    (
        Format::TeamCsv,
        "year,month,day,hour,min,sec,ms,id,data\n2019,10,6,10,42,54,0,01f0a008,000008ed19341715\n2019,10,6,10,43,0,1,7ff,1122\n",
    ),
    (Format::ElapsedCsv, "time,id,data\n00001311,00000001,37805d8063803780\n1312.5,2,aabb\n"),
    (
        Format::RunOnCsv,
        "12345,0CFFF048,0000000012C00A00\n12346,0CFFF148,0000000012C00A0112347,1,0000000012C00A02\n",
    ),
    (
        Format::DecodedCsv,
        "timestamp,datetime,sender,msg_name,sig_name,sig_val,units\n1,2020-02-01 12:00:00.250,E,M,S,1.5,V\n2,,E,M,T,OK,\n",
    ),
    (
        Format::Candump,
        "(1436509052.249713) can0 260#08FFFB0000001884\n(1436509052.3) can1 01F0A008##1AABB\n(1436509053.0) can0 123#R8\n",
    ),
    (
        Format::CandumpText,
        " (2015-07-10 08:17:32.249713)  can0  123   [2]  11 22\n (1436509052.249716)  can0  123   [4]  remote request\n",
    ),
    (
        Format::CandumpTextDelta,
        " (000.000000)  can0  123   [1]  11\n (000.100000)  can0  7FF  [12]  00 01 02 03 04 05 06 07 08 09 0A 0B\n",
    ),
];

/// Problems that are counted once for each bad line.
const OF_LINES: [ProblemCode; 3] =
    [ProblemCode::BadLines, ProblemCode::TruncatedInput, ProblemCode::TimeRange];

fn count(report: &ReadReport, codes: &[ProblemCode]) -> u64 {
    report.problems.iter().filter(|problem| codes.contains(&problem.code)).map(|problem| problem.count).sum()
}

/// What holds for any bytes in any format (in UTC, where no local time is skipped).
fn check(format: Format, bytes: &[u8]) -> Whole {
    let whole = read_as(format, bytes, &ReadOptions::default());
    let Whole { batch, warnings, report, .. } = &whole;
    let payload: usize = batch.frames.iter().map(|frame| usize::from(frame.len)).sum();
    assert_eq!(payload, batch.payload.len());
    assert_eq!(*warnings, report.problems.iter().map(|problem| problem.count).sum::<u64>());
    assert_eq!(report.bad_lines, count(report, &OF_LINES));
    assert_eq!(report.back_steps, count(report, &[ProblemCode::TimeBackwards]));
    assert!(report.bad_lines <= report.lines);
    let times =
        || batch.frames.iter().map(|frame| frame.time).chain(batch.values.iter().map(|value| value.time));
    assert_eq!((report.start, report.end), (times().min(), times().max()));
    whole
}

#[test]
fn a_log_cut_anywhere() {
    for (format, log) in LOGS {
        let whole = check(format, log.as_bytes());
        assert_eq!(whole.report.bad_lines, 0, "{log}");
        for end in 0..log.len() {
            let cut = check(format, &log.as_bytes()[..end]);
            let kept = cut.batch.frames.len();
            assert!(kept <= whole.batch.frames.len() && cut.report.bad_lines <= 1);
            assert_eq!(cut.batch.payload, whole.batch.payload[..cut.batch.payload.len()], "{}", &log[..end]);
            for (mine, theirs) in cut.batch.frames.iter().zip(&whole.batch.frames) {
                assert_eq!(
                    (mine.id, mine.len, mine.kind),
                    (theirs.id, theirs.len, theirs.kind),
                    "{}",
                    &log[..end]
                );
            }
            let _ = sniff(&log.as_bytes()[..end]);
        }
    }
}

#[test]
fn a_log_with_any_byte_changed() {
    for (format, log) in LOGS {
        for place in 0..log.len() {
            for byte in (0..=u8::MAX).step_by(3).chain(*b"\n\r,#(\0") {
                let mut bytes = log.as_bytes().to_vec();
                bytes[place] = byte;
                check(format, &bytes);
            }
        }
    }
}

#[test]
fn every_case_in_single_bytes() {
    for case in cases() {
        let log = log(&case);
        let Ok(sniffed) = sniff(&log) else { continue };
        let new = || Reader::new(sniffed.format, &sniffed.also, &ReadOptions::default());
        let at_once = read_in_chunks(new(), &log, |_| usize::MAX);
        let bit_by_bit = read_in_chunks(new(), &log, |_| 1);
        assert_eq!(at_once.summary(), bit_by_bit.summary(), "{}", case.display());
    }
}

/// Lines of all formats, line ends, and bytes that are neither.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => (0..LOGS.len()).prop_map(|log| LOGS[log].1.as_bytes().to_vec()),
        2 => prop_oneof![Just(b"\n".to_vec()), Just(b"\r".to_vec()), Just(b"\r\n".to_vec())],
        1 => vec(any::<u8>(), 0..40),
        1 => "[0-9a-fA-F,#() :.-]{0,30}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_format(bytes in scraps(), format in 0..Format::ALL.len()) {
        check(Format::ALL[format], &bytes);
        let _ = sniff(&bytes);
    }

    #[test]
    fn any_chunks_make_the_same(
        bytes in scraps(),
        format in 0..Format::ALL.len(),
        steps in vec(0_usize..90, 1..20),
        max_line_bytes in prop_oneof![1_usize..60, Just(65_536)],
    ) {
        let options = ReadOptions { max_line_bytes, ..ReadOptions::default() };
        let new = || Reader::new(Format::ALL[format], &[], &options);
        let at_once = read_in_chunks(new(), &bytes, |_| usize::MAX);
        let total: usize = steps.iter().sum();
        let chunked = read_in_chunks(new(), &bytes, |call| steps[call % steps.len()] + usize::from(total == 0));
        prop_assert_eq!(at_once.summary(), chunked.summary());
    }
}
