//! What is wrong with a DBC: refused with line, column and reason, or used and diagnosed.

use canlog::dbc::DiagnosticCode::{self, *};
use canlog::dbc::{self, Dbc, Limits, Row};

/// A file of one message with these signal lines, the message in line 3.
fn message_with(signals: &str) -> String {
    format!("VERSION \"\"\nBU_: N\nBO_ 1 M: 8 N\n{signals}\n")
}

#[track_caller]
fn refused(text: &str, line: u64, column: u64, reason: &str) {
    let error = dbc::parse(text.as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (line, column), "{error}");
    assert!(error.reason.contains(reason), "{error}");
}

/// Codes and lines of the diagnostics, by line.
fn codes(dbc: &Dbc) -> Vec<(DiagnosticCode, Option<u64>)> {
    dbc.diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.line)).collect()
}

#[track_caller]
fn diagnosed(text: &str, expected: &[(DiagnosticCode, u64)]) -> Dbc {
    let dbc = dbc::parse(text.as_bytes()).unwrap();
    let expected: Vec<_> = expected.iter().map(|(code, line)| (*code, Some(*line))).collect();
    assert_eq!(codes(&dbc), expected, "{:?}", dbc.diagnostics);
    dbc
}

#[track_caller]
fn decode(dbc: &Dbc, payload: &[u8]) -> Vec<Option<f64>> {
    let (plan, mut row) = (&dbc.messages[0].plan, Row::default());
    plan.extract(payload, &mut row);
    let value = |at: usize| row.has(at).then(|| plan.signals[at].physical_f64(row.raw[at]));
    (0..plan.signals.len()).map(value).collect()
}

#[test]
fn no_dbc_at_all() {
    refused("", 1, 1, "not one statement");
    refused("\n\n", 1, 1, "not one statement");
    refused("year,month,day,hour,min,sec,ms,id,data\n", 1, 1, "begins no statement");
    refused("V\0E\0R\0", 1, 1, "UTF-16");
    refused("VERSION \"\"\n\n  bogus 12\n", 3, 3, "`bogus 12` begins no statement");
}

#[test]
fn the_line_that_cannot_be_read() {
    refused(
        &message_with(" SG_ A : 0|8@1+ (1,0) [0|0] \"\" N\n SG_ B : 0|x@1+ (1,0) [0|0] \"\" N"),
        5,
        12,
        "`x@1+",
    );
    refused(&message_with(" SG_ A : 0|8@2+ (1,0) [0|0] \"\" N"), 4, 14, "`2+ (1,0)");
    refused(&message_with(" SG_ A : -1|8@1+ (1,0) [0|0] \"\" N"), 4, 2, "-1");
    refused(
        &message_with(" SG_ A : 0|8@1+ (1,0) [0|0] \"\" N\nfoo"),
        5,
        1,
        "expected the end of the statement, found `foo`",
    );
    refused("VERSION \"\"\nBU_: N\nBO_ 1 M 8 N\n", 3, 1, "not in the form of its kind: `BO_ 1 M 8 N`");
    refused("VERSION \"\"\nBU_: N\nBO_ 1: 8 N\n", 3, 6, "expected message name");
    refused("VERSION \"\"\nSG_ A : 0|8@1+ (1,0) [0|0] \"\" N\n", 2, 1, "outside of a message");
    refused("VERSION \"\"\nBO_ 4294967296 M: 8 N\n", 2, 1, "4294967296");
    refused("VERSION \"\"\nCM_ \"never\nclosed;\nBO_ 1 M: 8 N\n", 2, 5, "never closed");
    refused(&message_with("SIG_VALTYPE_ 1 A : 7;"), 4, 20, "found `7;`");
    refused(&message_with("SG_MUL_VAL_ 1 A B 1;"), 4, 19, "expected value pair, found `1;`");
}

#[test]
fn the_column_counts_characters() {
    refused("VERSION \"\"\nCM_ \"ü\" ; äh\n", 2, 11, "`äh`");
}

#[test]
fn what_decoding_does_not_need_spoils_nothing() {
    let odd =
        "BS_: 1000000 : 0,0 what\nBO_TX_BU_ 1 ; nonsense\nEV_ broken\nFOO_BAR_ 12 \"x\";\nVAL_ 1 A 1 2 3;\n";
    let text = format!("{}{odd}", message_with(" SG_ A : 0|8@1+ (1,0) [0|0] \"\" N").replace("nonsense", ""));
    let dbc = dbc::parse(text.replace(" ; nonsense", ";").as_bytes()).unwrap();
    assert_eq!(codes(&dbc), [(UnreadStatement, Some(8)), (UnreadStatement, Some(9))]);
    assert_eq!(decode(&dbc, &[7]), [Some(7.0)]);
}

#[test]
fn layout_of_the_text_does_not_matter() {
    let text = "\u{FEFF}VERSION \"\"\r\nBU_: N\r\n  O P\r\nBO_ 1 M:\r\n 8 N // sender\r\n\r\n SG_ A : 0|8@1+\r\n (1,0) [0|0] \"\" N,\r\n O\r\nVAL_ 1 A\r\n 0 \"zero\"\r\n 1 \"one\"\r\nCM_ \"no semicolon\"\r\nSIG_VALTYPE_ 1 A : 0;VAL_TABLE_ T 0 \"a\";\r\n";
    for text in [text.to_owned(), text.replace("\r\n", "\n"), text.replace("\r\n", "\r")] {
        let dbc = diagnosed(&text, &[]);
        assert_eq!(dbc.messages[0].line, 4);
        assert_eq!(dbc.messages[0].plan.signals[0].labels.len(), 2);
    }
}

#[test]
fn sender_and_receiver_may_be_left_out() {
    let dbc = diagnosed(
        "BU_: N\nBO_ 1 M: 8\n SG_ A : 0|8@1+ (1,0) [0|0] \"\"\n SG_ B : 8|8@1+ (1,0) [0|0] \"m;\" ;\n",
        &[],
    );
    assert_eq!((dbc.messages[0].sender.as_deref(), dbc.messages[0].plan.signals.len()), (None, 2));
}

#[test]
fn signals_out_of_place() {
    let lines = [
        " SG_ Beyond : 60|8@1+ (1,0) [0|0] \"\" N",
        " SG_ Nowhere : 18446744073709551615|8@1+ (1,0) [0|0] \"\" N",
        " SG_ Endless : 0|18446744073709551615@0+ (1,0) [0|0] \"\" N",
        " SG_ Nothing : 0|0@1+ (1,0) [0|0] \"\" N",
        " SG_ Good : 0|8@1+ (1,0) [0|0] \"\" N",
    ];
    let found =
        [(SignalBeyondMessage, 4), (SignalUnreadable, 5), (SignalUnreadable, 6), (SignalUnreadable, 7)];
    let dbc = diagnosed(&message_with(&lines.join("\n")), &found);
    assert_eq!(decode(&dbc, &[9; 8]), [None, None, None, None, Some(9.0)]);
    assert_eq!(decode(&dbc, &[0x11; 9])[0], Some(f64::from(0x11)));
}

#[test]
fn scaling_that_makes_no_sense() {
    let lines = [
        " SG_ Flat : 0|8@1+ (0,5) [0|0] \"\" N",
        " SG_ Huge : 8|8@1+ (1e999,0) [0|0] \"\" N",
        " SG_ Swapped : 16|8@1+ (1,0) [10|-10] \"\" N",
        " SG_ Odd : 24|24@1+ (1,0) [0|0] \"\" N",
        "SIG_VALTYPE_ 1 Odd : 1;",
    ];
    let found = [(FactorZero, 4), (NotFinite, 5), (MinAboveMax, 6), (FloatWidth, 7)];
    let dbc = diagnosed(&message_with(&lines.join("\n")), &found);
    assert_eq!(decode(&dbc, &[1, 2, 3, 4, 5, 6, 7, 8]), [Some(5.0), None, Some(3.0), None]);
}

#[test]
fn overlaps_only_where_one_frame_holds_both() {
    let lines = [
        " SG_ Page M : 0|8@1+ (1,0) [0|0] \"\" N",
        " SG_ One m1 : 8|8@1+ (1,0) [0|0] \"\" N",
        " SG_ Two m2 : 8|16@1+ (1,0) [0|0] \"\" N",
        " SG_ TwoToo m2 : 23|4@0+ (1,0) [0|0] \"\" N",
        " SG_ Always : 20|1@1+ (1,0) [0|0] \"\" N",
    ];
    diagnosed(
        &message_with(&lines.join("\n")),
        &[(SignalOverlap, 7), (SignalOverlap, 8), (SignalOverlap, 8)],
    );
}

#[test]
fn names_and_ids_used_twice() {
    let signal = " SG_ A : 0|8@1+ (1,0) [0|0] \"\" Ghost\n";
    let text = format!("BU_: N\nBO_ 1 M: 8 N\n{signal}BO_ 1 O: 8 N\nBO_ 2 M: 8 Ghost\n");
    let dbc = diagnosed(&text, &[(UndeclaredNode, 3), (DuplicateFrameId, 4), (DuplicateMessageName, 5)]);
    assert_eq!(dbc.messages.len(), 3);
}

#[test]
fn a_signal_name_used_twice_gets_a_suffix() {
    let names = ["A", "timestamp", "A", "A_2", "A", "A_2"];
    let line = |(at, name): (usize, &&str)| format!(" SG_ {name} : {}|8@1+ (1,0) [0|0] \"\" N", at * 8);
    let lines: Vec<_> = names.iter().enumerate().map(line).collect();
    let dbc = diagnosed(
        &message_with(&lines.join("\n")),
        &[(DuplicateSignalName, 6), (DuplicateSignalName, 8), (DuplicateSignalName, 9)],
    );
    let names: Vec<_> = dbc.messages[0].plan.signals.iter().map(|signal| signal.name.as_str()).collect();
    assert_eq!(names, ["A", "timestamp_2", "A_3", "A_2", "A_4", "A_2_2"]);
}

#[test]
fn frame_ids_that_no_frame_has() {
    let text = "BU_: N\nBO_ 300000 Wide: 8 N\nBO_ 4294967295 Wider: 8 N\nBO_ 1073741824 Flag: 8 N\nBO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 N\n SG_ Orphan : 0|8@1+ (1,0) [0|0] \"\" N\n";
    let dbc = diagnosed(text, &[(FrameIdRange, 2), (FrameIdRange, 3), (FrameIdRange, 4)]);
    let frames: Vec<_> = dbc.messages.iter().map(|m| m.frame.map(|f| (f.frame_id, f.extended))).collect();
    assert_eq!(frames, [Some((300_000, true)), None, None]);
}

#[test]
fn ids_above_16_bits_keep_their_attributes_apart() {
    let text = "BU_: N\nBO_ 37856 A: 8 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\nBO_ 300000 B: 8 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\nVAL_ 300000 S 1 \"b\" ;\n";
    let dbc = dbc::parse(text.as_bytes()).unwrap();
    let labels: Vec<_> = dbc.messages.iter().map(|m| m.plan.signals[0].labels.len()).collect();
    assert_eq!(labels, [0, 1]);
}

#[test]
fn references_to_nothing() {
    let signal = " SG_ A : 0|8@1+ (1,0) [0|0] \"\" N\n";
    let rest = "VAL_ 2 A 0 \"x\";\nVAL_ 1 B 0 \"x\";\nVAL_ 1 A Missing;\nSIG_VALTYPE_ 9 A : 1;";
    let found = [(UnknownReference, 6), (UnknownReference, 7), (UnknownReference, 8), (UnknownReference, 9)];
    diagnosed(&message_with(&format!("{signal}\n{rest}")), &found);
}

#[test]
fn value_tables_by_name() {
    let text = message_with(
        " SG_ A : 0|8@1+ (1,0) [0|0] \"\" N\nVAL_ 1 A OnOff ;\nVAL_TABLE_ OnOff 1 \"on\" 0 \"off\" ;",
    );
    let dbc = diagnosed(&text, &[]);
    let labels: Vec<_> =
        dbc.messages[0].plan.signals[0].labels.iter().map(|l| (l.raw, l.label.as_str())).collect();
    assert_eq!(labels, [(1, "on"), (0, "off")]);
}

#[test]
fn multiplexing_that_leads_nowhere() {
    let lines = [
        " SG_ Lost m0 : 0|8@1+ (1,0) [0|0] \"\" N",
        " SG_ RingA m0M : 8|8@1+ (1,0) [0|0] \"\" N",
        " SG_ RingB m0M : 16|8@1+ (1,0) [0|0] \"\" N",
        " SG_ Plain : 24|8@1+ (1,0) [0|0] \"\" N",
        "SG_MUL_VAL_ 1 RingA RingB 0-255;",
        "SG_MUL_VAL_ 1 RingB RingA 0-255;",
    ];
    let dbc = dbc::parse(message_with(&lines.join("\n")).as_bytes()).unwrap();
    assert!(dbc.diagnostics.iter().all(|diagnostic| diagnostic.code == Multiplexing));
    assert_eq!(dbc.diagnostics.iter().map(|d| d.line).collect::<Vec<_>>(), [Some(4), Some(5), Some(6)]);
    assert_eq!(decode(&dbc, &[0; 8]), [None, None, None, Some(0.0)]);
}

#[test]
fn limits_are_kept() {
    let limits = Limits { bytes: 4_000, messages: 3, signals: 5, diagnostics: 2 };
    let within = |text: &str| dbc::parse_within(text.as_bytes(), &limits);
    let message = |id: usize, signals: usize| {
        let line = |at: usize| format!(" SG_ S{at} : {at}|1@1+ (0,0) [0|0] \"\" N\n");
        format!("BO_ {id} M{id}: 8 N\n{}", (0..signals).map(line).collect::<String>())
    };
    let messages = |count: usize| (0..count).map(|id| message(id, 1)).collect::<String>();
    assert!(within(&format!("BU_: N\n{}", messages(3))).is_ok());
    let error = within(&format!("BU_: N\n{}", messages(4))).unwrap_err();
    assert_eq!((error.line, error.reason.as_str()), (8, "there are more than 3 messages"));
    assert!(within(&message(1, 5)).is_ok());
    assert_eq!(within(&message(1, 6)).unwrap_err().reason, "there are more than 5 signals");
    assert!(within(&" ".repeat(4_001)).unwrap_err().reason.contains("4000 bytes"));
    let dbc = within(&format!("BU_: N\n{}", message(1, 5))).unwrap();
    assert_eq!(codes(&dbc), [(FactorZero, Some(3)), (FactorZero, Some(4)), (More, None)]);
    assert_eq!(dbc.diagnostics[2].text, "3 more are not listed");
}

#[test]
fn a_refused_file_fails_the_conversion_with_its_line() {
    let failure = canlog::failure::Failure::from(dbc::parse(b"VERSION \"\"\nfoo").unwrap_err());
    let json = serde_json::to_value(failure).unwrap();
    assert_eq!((json["code"].as_str(), json["line"].as_u64()), (Some("DBC_INVALID"), Some(2)));
}
