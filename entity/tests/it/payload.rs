//! The JSON of a payload is read by other versions: it must not change.

use entity::{
    id::{BlobId, DbcId, RunId},
    job::{ConvertPayload, DbcBinding},
};
use uuid::Uuid;

const GOLDEN: &str = concat!(
    r#"{"schemaVersion":1,"runId":"run_00000000000000000000000000000001","#,
    r#""blobId":"log_00000000000000000000000000000002","dbcs":["#,
    r#"{"dbcId":"dbc_00000000000000000000000000000003","bus":"can0"},"#,
    r#"{"dbcId":"dbc_00000000000000000000000000000004","bus":null}],"timeZone":"America/Chicago"}"#
);

fn payload() -> ConvertPayload {
    ConvertPayload {
        schema_version: 1,
        run_id: RunId(Uuid::from_u128(1)),
        blob_id: BlobId(Uuid::from_u128(2)),
        dbcs: vec![
            DbcBinding { dbc_id: DbcId(Uuid::from_u128(3)), bus: Some("can0".to_owned()) },
            DbcBinding { dbc_id: DbcId(Uuid::from_u128(4)), bus: None },
        ],
        time_zone: "America/Chicago".to_owned(),
        shift: None,
    }
}

/// With a shift: an older version leaves it to newer ones.
fn shifted() -> ConvertPayload {
    ConvertPayload { schema_version: 2, shift: Some(-1_500_000), ..payload() }
}

fn golden_shifted() -> String {
    GOLDEN
        .replace(r#"{"schemaVersion":1"#, r#"{"schemaVersion":2"#)
        .replace(r#""America/Chicago"}"#, r#""America/Chicago","shift":-1500000}"#)
}

#[test]
fn is_written_as_ever() {
    assert_eq!(serde_json::to_string(&payload()).unwrap(), GOLDEN);
    assert_eq!(serde_json::to_string(&shifted()).unwrap(), golden_shifted());
}

#[test]
fn is_read_as_ever() {
    assert_eq!(serde_json::from_str::<ConvertPayload>(GOLDEN).unwrap(), payload());
    assert_eq!(serde_json::from_str::<ConvertPayload>(&golden_shifted()).unwrap(), shifted());
}
