//! What a log may ask for, and what happens when it asks for more.

use canlog::format::Format;
use canlog::frame::Batch;
use canlog::read::{ReadOptions, Reader};
use canlog::report::ProblemCode;

use super::whole::read_as;

const FRAME: &str = "(1436509052.000001) can0 123#11\n";

#[test]
fn a_line_of_the_longest_length_is_read_and_a_longer_one_is_not() {
    let options = ReadOptions { max_line_bytes: 31, ..ReadOptions::default() };
    let log = format!("{FRAME}{}{FRAME}", FRAME.replace("123#11", "123#112"));
    let whole = read_as(Format::Candump, log.as_bytes(), &options);
    assert_eq!((whole.batch.frames.len(), whole.report.bad_lines, whole.report.lines), (2, 1, 3));
    let sample = &whole.report.problems[0].samples[0];
    assert_eq!((sample.line, sample.reason.as_str()), (Some(2), "longer than a line may be"));
}

#[test]
fn an_endless_line_is_passed_over_in_little_memory() {
    let mut reader = Reader::new(Format::Candump, &[], &ReadOptions::default());
    let mut batch = Batch::default();
    let chunk = vec![b'x'; 128 * 1024];
    for _ in 0..512 {
        assert_eq!(reader.read(&chunk, false, &mut batch), chunk.len());
    }
    reader.read(b"\n", false, &mut batch);
    reader.read(FRAME.as_bytes(), true, &mut batch);
    assert_eq!(batch.frames.len(), 1);
    let report = reader.finish();
    assert_eq!((report.lines, report.bad_lines), (2, 1));
}

#[test]
fn empty_lines_are_no_problem() {
    let log = "\n".repeat(1_000_000) + FRAME;
    let report = read_as(Format::Candump, log.as_bytes(), &ReadOptions::default()).report;
    assert_eq!((report.lines, report.bad_lines, report.problems), (1_000_001, 0, vec![]));
}

#[test]
fn only_the_first_bad_lines_are_kept() {
    let log = "what?\n".repeat(1_000);
    let report = read_as(Format::Candump, log.as_bytes(), &ReadOptions::default()).report;
    assert_eq!(
        (report.bad_lines, report.problems[0].count, report.problems[0].samples.len()),
        (1_000, 1_000, 100)
    );
}

#[test]
fn a_sample_shows_a_part_of_its_line_without_control_characters() {
    let log = format!("a\0\u{202E}b{}\n", "°".repeat(400));
    let report = read_as(Format::Candump, log.as_bytes(), &ReadOptions::default()).report;
    let text = &report.problems[0].samples[0].text;
    assert!(text.starts_with("a\u{FFFD}\u{FFFD}b°") && text.chars().count() <= 200, "{text}");
}

#[test]
fn frames_of_too_many_interfaces_are_bad_lines() {
    let options = ReadOptions { max_buses: 3, ..ReadOptions::default() };
    let log: String = (0..10).map(|bus| format!("(1.0) can{} 123#11\n", bus % 5)).collect();
    let whole = read_as(Format::Candump, log.as_bytes(), &options);
    assert_eq!((whole.batch.frames.len(), whole.report.bad_lines), (6, 4));
    let long = format!("(1.0) {} 123#11\n", "x".repeat(1_025));
    assert_eq!(read_as(Format::Candump, long.as_bytes(), &options).report.bad_lines, 1);
}

#[test]
fn values_of_too_many_signals_are_bad_lines() {
    let options = ReadOptions { max_signals: 2, ..ReadOptions::default() };
    let rows: String = (0..6).map(|row| format!("{row},M,S{},1\n", row % 3)).collect();
    let log = format!("timestamp,msg_name,sig_name,sig_val\n{rows}");
    let whole = read_as(Format::DecodedCsv, log.as_bytes(), &options);
    assert_eq!((whole.batch.values.len(), whole.report.bad_lines), (4, 2));
}

#[test]
fn texts_instead_of_numbers_have_a_limit() {
    let rows: String = (0..1_500).map(|row| format!("1,M,S,text {row}\n")).collect();
    let long = format!("1,M,S,{}\n", "x".repeat(257));
    let log = format!("timestamp,msg_name,sig_name,sig_val\n{rows}{long}");
    let whole = read_as(Format::DecodedCsv, log.as_bytes(), &ReadOptions::default());
    assert_eq!((whole.batch.values.len(), whole.report.bad_lines), (1_000, 501));
}

#[test]
fn steps_back_are_counted_without_end() {
    let pair = "(1436509052.5) can0 123#11\n(1436509052.4) can0 123#11\n";
    let report = read_as(Format::Candump, pair.repeat(10_000).as_bytes(), &ReadOptions::default()).report;
    assert_eq!((report.back_steps, report.problems.len()), (10_000, 1));
    assert_eq!(
        (report.problems[0].code, report.problems[0].samples.len()),
        (ProblemCode::TimeBackwards, 100)
    );
}
