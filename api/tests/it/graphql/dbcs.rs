//! Registering a DBC.

use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use super::seed::Garage;

const DBC: &str = "VERSION \"1\"\n\nNS_ :\n\nBS_:\n\nBU_: ECU\n\nBO_ 100 Engine: 8 ECU\n SG_ RPM : 0|16@1+ (1,0) [0|65535] \"rpm\" ECU\n";
const REGISTER: &str = "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) { __typename
    ... on RegisterDbcPayload { created dbc { id name isDefault messageCount signalCount } }
    ... on DbcRefused { code line message } ... on Refused { code path } } }";

async fn register(garage: &Garage, input: Value) -> Value {
    let request = Request::new(REGISTER).variables(Variables::from_json(json!({ "input": input })));
    garage.ask(request).await["registerDbc"].clone()
}

#[tokio::test]
async fn the_same_text_is_registered_once() {
    let garage = Garage::new().await;
    let first = register(&garage, json!({ "text": DBC, "name": "car.dbc" })).await;
    assert_eq!(first["created"], true, "{first}");
    assert_eq!((&first["dbc"]["messageCount"], &first["dbc"]["signalCount"]), (&json!(1), &json!(1)));
    assert_eq!(first["dbc"]["isDefault"], false);
    let again = register(&garage, json!({ "text": DBC, "name": "other.dbc", "makeDefault": true })).await;
    assert_eq!(again["created"], false);
    assert_eq!((&again["dbc"]["id"], &again["dbc"]["name"]), (&first["dbc"]["id"], &json!("car.dbc")));
    assert_eq!(again["dbc"]["isDefault"], true);
    let newer = register(&garage, json!({ "text": format!("{DBC}\n"), "makeDefault": true })).await;
    assert_eq!((&newer["created"], &newer["dbc"]["isDefault"]), (&json!(true), &json!(true)));
    let all = garage.ask("{ dbcs { nodes { name isDefault } } }").await["dbcs"]["nodes"].clone();
    let newest_first =
        json!([{ "name": "unnamed.dbc", "isDefault": true }, { "name": "car.dbc", "isDefault": false }]);
    assert_eq!(all, newest_first, "there is one set of defaults");
}

#[tokio::test]
async fn a_broken_dbc_is_refused_with_its_line() {
    let garage = Garage::new().await;
    let broken = DBC.replace("0|16@1+", "0|x@1+");
    let answer = register(&garage, json!({ "text": broken })).await;
    assert_eq!((&answer["__typename"], &answer["code"]), (&json!("DbcRefused"), &json!("DBC_INVALID")));
    assert_eq!(answer["line"], 10, "{answer}");
    let neither = register(&garage, json!({})).await;
    assert_eq!((&neither["code"], &neither["path"]), (&json!("BAD_USER_INPUT"), &json!("file")));
    assert_eq!(garage.ask("{ dbcs { totalCount } }").await["dbcs"]["totalCount"], 0);
}
