//! The schema as a file: `schema.graphql` is what the code serves, and everything in it is described.

use std::fmt::Write as _;
use std::path::PathBuf;

use async_graphql::Request;
use platform::testing::TestRuntime;
use serde_json::Value;

/// Everything a reader of the schema sees, with the descriptions.
const INTROSPECTION: &str = "{ __schema { types {
    name kind description specifiedByURL
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { name description } }
    inputFields(includeDeprecated: true) { name description }
    enumValues(includeDeprecated: true) { name description }
} } }";
/// The scalars of the GraphQL specification itself, which describes them.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

#[test]
fn the_schema_file_is_what_the_code_serves() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let served = api::schema_sdl();
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    let update = std::env::var_os("UPDATE_SCHEMA").is_some();
    if update {
        std::fs::write(&path, &served).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let drift = written
        .lines()
        .zip(served.lines())
        .position(|(file, code)| file != code)
        .map_or_else(|| "at the end".to_owned(), |line| format!("from line {}", line + 1));
    assert!(
        written == served,
        "schema.graphql differs from the code {drift}; update it with \
         `UPDATE_SCHEMA=1 cargo test -p api --test it -- schema` and look at the difference"
    );
}

#[tokio::test]
async fn everything_is_described_and_every_scalar_specified() {
    let test = TestRuntime::start().await.unwrap();
    let answer = api::graphql::schema(&test).execute(Request::new(INTROSPECTION)).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let answer = answer.data.into_json().unwrap();
    let mut missing = String::new();
    for kind in list(&answer["__schema"], "types") {
        undescribed(kind, &mut missing);
    }
    assert!(missing.is_empty(), "without a description or @specifiedBy:\n{missing}");
}

fn undescribed(kind: &Value, missing: &mut String) {
    let name = text(kind, "name");
    if name.starts_with("__") || BUILT_IN.contains(&name) {
        return;
    }
    note(kind, name, missing);
    if text(kind, "kind") == "SCALAR" && text(kind, "specifiedByURL").is_empty() {
        writeln!(missing, "scalar {name} @specifiedBy").unwrap();
    }
    for field in list(kind, "fields") {
        let path = format!("{name}.{}", text(field, "name"));
        note(field, &path, missing);
        for argument in list(field, "args") {
            note(argument, &format!("{path}({})", text(argument, "name")), missing);
        }
    }
    for member in list(kind, "inputFields").chain(list(kind, "enumValues")) {
        note(member, &format!("{name}.{}", text(member, "name")), missing);
    }
}

fn note(element: &Value, path: &str, missing: &mut String) {
    if text(element, "description").is_empty() {
        writeln!(missing, "{path}").unwrap();
    }
}

fn text<'a>(element: &'a Value, key: &str) -> &'a str {
    element[key].as_str().unwrap_or_default()
}

fn list<'a>(element: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    element[key].as_array().into_iter().flatten()
}
