//! Every path that we store under.

use entity::id::{ConversionId, DbcId, RunId, UploadId};
use platform::storage::{FileName, KeyPrefix, ObjectKey};
use uuid::Uuid;

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";

fn ids() -> (Uuid, Uuid) {
    (Uuid::from_u128(1), Uuid::from_u128(2))
}

fn file(name: &str) -> ObjectKey {
    let (run, conversion) = ids();
    ObjectKey::Conversion {
        run: RunId(run),
        conversion: ConversionId(conversion),
        file: name.parse().unwrap(),
    }
}

#[test]
fn keys_are_written_and_read() {
    let (one, _) = ids();
    for (key, text) in [
        (ObjectKey::Upload(UploadId(one)), format!("uploads/{ONE}")),
        (ObjectKey::Dbc(DbcId(one)), format!("dbcs/{ONE}")),
        (file("manifest.json"), format!("runs/run={ONE}/conversion={TWO}/manifest.json")),
        (
            file("can0_0x1F0_Engine-1.parquet"),
            format!("runs/run={ONE}/conversion={TWO}/can0_0x1F0_Engine-1.parquet"),
        ),
    ] {
        assert_eq!(key.to_string(), text);
        assert_eq!(text.parse::<ObjectKey>().unwrap(), key);
    }
}

#[test]
fn prefixes_are_written_and_read() {
    let (run, conversion) = ids();
    for (prefix, text) in [
        (KeyPrefix::Uploads, "uploads".to_owned()),
        (KeyPrefix::Dbcs, "dbcs".to_owned()),
        (KeyPrefix::Runs, "runs".to_owned()),
        (
            KeyPrefix::Conversion { run: RunId(run), conversion: ConversionId(conversion) },
            format!("runs/run={ONE}/conversion={TWO}"),
        ),
    ] {
        assert_eq!(prefix.to_string(), text);
        assert_eq!(text.parse::<KeyPrefix>().unwrap(), prefix);
    }
}

#[test]
fn what_is_none_of_ours_is_refused() {
    for text in [
        "",
        "uploads",
        "uploads/",
        "uploads/17.csv",
        "17.csv",
        "uploads/../../etc/passwd",
        "/uploads/00000000-0000-0000-0000-000000000001",
        "uploads/00000000-0000-0000-0000-000000000001/x",
        "uploads/00000000-0000-0000-0000-000000000001#1",
        "uploads/00000000000000000000000000000001",
        "uploads/00000000-0000-0000-0000-00000000000A",
        "uploads/{00000000-0000-0000-0000-000000000001}",
        "runs/run=00000000-0000-0000-0000-000000000001/manifest.json",
        "runs/00000000-0000-0000-0000-000000000001/conversion=00000000-0000-0000-0000-000000000002/x",
        "runs/run=00000000-0000-0000-0000-000000000001/conversion=00000000-0000-0000-0000-000000000002/",
        "runs/run=00000000-0000-0000-0000-000000000001/conversion=00000000-0000-0000-0000-000000000002/a/b",
        "runs/run=00000000-0000-0000-0000-000000000001/conversion=00000000-0000-0000-0000-000000000002/..",
    ] {
        assert!(text.parse::<ObjectKey>().is_err(), "{text}");
    }
}

#[test]
fn file_names_are_flat_and_safe() {
    for name in ["manifest.json", "x", "_2.parquet", "a=b+c-d_e.f"] {
        assert_eq!(name.parse::<FileName>().unwrap().as_str(), name);
    }
    let long = "x".repeat(201);
    for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a#1", "a b", "C:", "ü", "a\0", "a\n", &long] {
        assert!(name.parse::<FileName>().is_err(), "{name}");
    }
}
