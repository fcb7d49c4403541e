//! Bit extraction against a reading bit by bit, and that no input makes the parser or a plan panic.

use std::fmt::Write as _;

use canlog::dbc::{self, Fit, Row};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Place {
    start: usize,
    bits: usize,
    motorola: bool,
    signed: bool,
}

/// A place within `bytes` bytes.
fn place(bytes: usize) -> impl Strategy<Value = Place> {
    (0..bytes * 8, 1..=64_usize, any::<bool>(), any::<bool>()).prop_map(
        move |(first, bits, motorola, signed)| {
            let bits = bits.min(bytes * 8 - first);
            let start = if motorola { first ^ 7 } else { first };
            Place { start, bits, motorola, signed }
        },
    )
}

fn dbc_of(places: &[Place], bytes: usize) -> dbc::Dbc {
    let mut text = format!("BU_: N\nBO_ 1 M: {bytes} N\n");
    for (at, Place { start, bits, motorola, signed }) in places.iter().enumerate() {
        let (order, sign) = (u8::from(!motorola), if *signed { '-' } else { '+' });
        writeln!(text, " SG_ S{at} : {start}|{bits}@{order}{sign} (1,0) [0|0] \"\" N").unwrap();
    }
    dbc::parse(text.as_bytes()).unwrap()
}

/// The signal's bits one by one, as a person reads them off the layout; none beyond the payload.
fn naive(place: &Place, payload: &[u8]) -> Option<i128> {
    let (mut value, mut byte, mut bit) = (0_i128, place.start / 8, place.start % 8);
    for index in 0..place.bits {
        let one = i128::from(payload.get(byte)? >> bit & 1);
        if place.motorola {
            value = value << 1 | one;
            (byte, bit) = if bit == 0 { (byte + 1, 7) } else { (byte, bit - 1) };
        } else {
            value |= one << index;
            (byte, bit) = if bit == 7 { (byte + 1, 0) } else { (byte, bit + 1) };
        }
    }
    let negative = place.signed && value >> (place.bits - 1) & 1 == 1;
    Some(if negative { value - (1 << place.bits) } else { value })
}

fn check(places: &[Place], bytes: usize, payload: &[u8]) {
    let dbc = dbc_of(places, bytes);
    let plan = &dbc.messages[0].plan;
    let mut row = Row { raw: vec![u64::MAX; 3], present: vec![true; 200], complete: true };
    let fit = plan.extract(payload, &mut row);
    let mut present = 0;
    for (at, place) in places.iter().enumerate() {
        let expected = naive(place, payload);
        assert_eq!(row.has(at), expected.is_some(), "{place:?}");
        if let Some(expected) = expected {
            present += 1;
            let signal = &plan.signals[at];
            let ours =
                if place.signed { i128::from(signal.signed(row.raw[at])) } else { i128::from(row.raw[at]) };
            assert_eq!(ours, expected, "{place:?}");
            assert_eq!(signal.physical_f64(row.raw[at]), expected as f64, "{place:?}");
        }
    }
    let expected = match present {
        0 => Fit::Nothing,
        _ if present < places.len() => Fit::Short,
        _ => Fit::Full,
    };
    assert_eq!(fit, expected);
}

proptest! {
    #[test]
    fn classic_frames(places in prop::collection::vec(place(8), 1..20), payload in prop::collection::vec(any::<u8>(), 0..=8)) {
        check(&places, 8, &payload);
    }

    #[test]
    fn long_frames(places in prop::collection::vec(place(64), 1..20), payload in prop::collection::vec(any::<u8>(), 0..=64)) {
        check(&places, 64, &payload);
    }

    #[test]
    fn classic_messages_in_longer_frames(places in prop::collection::vec(place(8), 1..4), payload in prop::collection::vec(any::<u8>(), 8..=64)) {
        check(&places, 8, &payload);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = dbc::parse(&bytes);
    }

    #[test]
    fn any_statements(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        exercise(words.join(" ").as_bytes());
    }

    #[test]
    fn damaged_fixtures(file in 0..FIXTURES.len(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12)) {
        let mut bytes = FIXTURES[file].to_vec();
        for (at, byte, edit) in edits {
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"0123456789 \n\";:|@mM"[usize::from(byte) % 19]),
                _ => bytes.truncate(at.max(50)),
            }
        }
        exercise(&bytes);
    }
}

/// Parses, and decodes a few frames by whatever came of it.
fn exercise(bytes: &[u8]) {
    let Ok(dbc) = dbc::parse(bytes) else { return };
    let mut row = Row::default();
    for message in &dbc.messages {
        for length in [0, 1, 7, 8, 9, 64, 100] {
            message.plan.extract(&vec![0xA5; length], &mut row);
            for (at, signal) in message.plan.signals.iter().enumerate().filter(|(at, _)| row.has(*at)) {
                let _ = signal.physical(row.raw[at]);
            }
        }
    }
}

#[test]
fn every_prefix_of_a_fixture() {
    for fixture in FIXTURES {
        (0..fixture.len()).for_each(|length| exercise(&fixture[..length]));
    }
}

const FIXTURES: [&[u8]; 5] = [
    include_bytes!("../data/dbc/layouts/layouts.dbc"),
    include_bytes!("../data/dbc/floats/floats.dbc"),
    include_bytes!("../data/dbc/multiplexed/multiplexed.dbc"),
    include_bytes!("../data/dbc/fd/fd.dbc"),
    include_bytes!("../data/dbc/names/names.dbc"),
];

const WORDS: &[&str] = &[
    "\nBO_ 1 A: 8 N\n",
    "\nBO_ 2147483649 A: 18446744073709551615 N\n",
    "\n SG_ S : 0|8@1+ (1,0) [0|1] \"\" N\n",
    "\n SG_ S M : 7|64@0- (0,1e308) [1|0] \"\" N\n",
    "\n SG_ T m1M : 18446744073709551615|18446744073709551615@1+ (1e999,0) [0|1] \"\" N\n",
    "\n SG_ U m2 : 1|0@0+ (1,0) [0|1] \"\" N\n",
    "\nSG_MUL_VAL_ 1 S T 0-18446744073709551615;\n",
    "\nSG_MUL_VAL_ 1 T S 9-1;\n",
    "\nSG_MUL_VAL_ 1 T T 1-1;\n",
    "\nSIG_VALTYPE_ 1 S : 1;\n",
    "\nVAL_ 1 S -1 \"a\" 18446744073709551615 \"b\";\n",
    "\nVAL_ 1 S Table;\n",
    "\nVAL_TABLE_ Table 1 \"a\";\n",
    "\nBA_ \"VFrameFormat\" BO_ 1 99999999999;\n",
    "\nBA_DEF_DEF_ \"VFrameFormat\" \"J1939PG\";\n",
    "\nBA_ \"SystemSignalLongSymbol\" SG_ 1 S \"timestamp\";\n",
    "\"",
    ";",
    "\n",
    "//",
    "NS_ :\n CM_\n",
    "BU_: A_ B_\n",
    "VERSION \"\\\"\"",
    "°",
];
