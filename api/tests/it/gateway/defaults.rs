//! DBCs at their limits, and those that uploads use by default.

use serde_json::{Value, json};

use super::Api;

platform::on_every_back_end! {
    Api::on:
    the_same_bytes_are_registered_once,
    a_dbc_that_cannot_be_read_is_refused_with_its_line,
    a_file_of_no_request_cannot_be_named,
    the_operators_dbc_becomes_the_default,
    the_servers_defaults_are_set_as_a_whole,
}

const REGISTER: &str = "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) { __typename
    ... on RegisterDbcPayload { created dbc { id name sha256 messageCount signalCount isDefault
        diagnostics { code message signal line } } }
    ... on DbcRefused { line column hint } ... on Problem { code message path } } }";

const DBC: &str = "VERSION \"1\"\n\nBU_: Car\n\nBO_ 256 Engine: 8 Car\n \
    SG_ Rpm : 0|16@1+ (0.25,0) [0|0] \"rpm\" Car\n SG_ Load : 8|16@1+ (1,0) [0|0] \"%\" Car\n";

async fn register(api: &Api, input: Value) -> Value {
    api.ask(REGISTER, json!({ "input": input })).await["registerDbc"].take()
}

async fn the_same_bytes_are_registered_once(api: Api) {
    let first = register(&api, json!({ "text": DBC, "name": "engine.dbc" })).await;
    assert_eq!((&first["created"], &first["dbc"]["name"]), (&json!(true), &json!("engine.dbc")));
    assert_eq!((&first["dbc"]["messageCount"], &first["dbc"]["signalCount"]), (&json!(1), &json!(2)));
    assert_eq!(first["dbc"]["diagnostics"][0]["code"], "SIGNAL_OVERLAP");
    let again = register(&api, json!({ "text": DBC, "name": "other.dbc", "makeDefault": true })).await;
    assert_eq!((&again["created"], &again["dbc"]["id"]), (&json!(false), &first["dbc"]["id"]));
    assert_eq!(again["dbc"]["isDefault"], json!(true));
    let found = api
        .ask("query($s: String) { dbcs(sha256: $s) { totalCount } }", json!({ "s": first["dbc"]["sha256"] }));
    assert_eq!(found.await["dbcs"]["totalCount"], 1);
    let stored = || std::fs::read_dir(api.runtime.folder().join("data/dbcs")).unwrap().count();
    assert_eq!(stored(), 1);
    let newer = register(&api, json!({ "text": format!("{DBC}\n"), "makeDefault": true })).await;
    assert_eq!((&newer["created"], stored()), (&json!(true), 2));
    let all = api.ask("{ dbcs { nodes { name isDefault } } }", json!({})).await["dbcs"]["nodes"].take();
    let newest_first =
        json!([{ "name": "unnamed.dbc", "isDefault": true }, { "name": "engine.dbc", "isDefault": false }]);
    assert_eq!(all, newest_first, "there is one set of defaults");
}

async fn a_dbc_that_cannot_be_read_is_refused_with_its_line(api: Api) {
    let refused = register(&api, json!({ "text": DBC.replace("0|16@1+", "0;16@1+") })).await;
    assert_eq!((&refused["code"], &refused["line"]), (&json!("DBC_INVALID"), &json!(6)), "{refused}");
    let neither = register(&api, json!({})).await;
    assert_eq!((&neither["code"], &neither["path"]), (&json!("BAD_USER_INPUT"), &json!("file")));
    assert_eq!(api.ask("{ dbcs { totalCount } }", json!({})).await["dbcs"]["totalCount"], 0);
}

#[tokio::test]
async fn a_dbc_beyond_the_limit_is_refused() {
    let api = Api::start_with(&[("DATAVIEWER_LIMIT_DBC_BYTES", "100")]).await;
    assert_eq!(register(&api, json!({ "text": DBC })).await["code"], "PAYLOAD_TOO_LARGE");
}

async fn a_file_of_no_request_cannot_be_named(api: Api) {
    let file = "upload_00000000000000000000000000000000";
    assert_eq!(register(&api, json!({ "file": file })).await["code"], "BAD_USER_INPUT");
}

async fn the_operators_dbc_becomes_the_default(api: Api) {
    let other = register(&api, json!({ "text": DBC.replace("256", "257"), "makeDefault": true })).await;
    assert_eq!(other["dbc"]["isDefault"], true);
    let path = api.runtime.folder().join("car.dbc");
    std::fs::write(&path, DBC).unwrap();
    let id = api::register_default_dbc(&api.runtime, &path).await.unwrap();
    let dbcs = api.ask("{ dbcs { nodes { id name isDefault } } }", json!({})).await["dbcs"]["nodes"].take();
    let defaults: Vec<_> = dbcs.as_array().unwrap().iter().filter(|dbc| dbc["isDefault"] == true).collect();
    assert_eq!(defaults, [&json!({ "id": id.to_string(), "name": "car.dbc", "isDefault": true })]);
    assert!(api::register_default_dbc(&api.runtime, &path.with_extension("none")).await.is_err());
}

async fn the_servers_defaults_are_set_as_a_whole(api: Api) {
    let id = register(&api, json!({ "text": DBC })).await["dbc"]["id"].take();
    let set = "mutation($input: SetDefaultDbcsInput!) { setDefaultDbcs(input: $input) {
        ... on SetDefaultDbcsPayload { dbcs { dbc { isDefault } } } ... on Problem { code path } } }";
    for (dbcs, answer) in [
        (json!([{ "dbc": id }]), json!({ "dbcs": [{ "dbc": { "isDefault": true } }] })),
        (json!([]), json!({ "dbcs": [] })),
        (json!([{ "dbc": id, "bus": "can0" }]), json!({ "code": "BAD_USER_INPUT", "path": "dbcs" })),
        (json!([{ "dbc": id }, { "dbc": id }]), json!({ "code": "BAD_USER_INPUT", "path": "dbcs" })),
    ] {
        assert_eq!(api.ask(set, json!({ "input": { "dbcs": dbcs } })).await["setDefaultDbcs"], answer);
    }
}
