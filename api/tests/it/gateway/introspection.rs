//! What the schema says of itself, and of its limits.

use serde_json::json;

use super::Api;

/// What GraphiQL 5 asks (graphql-js 16.11, getIntrospectionQuery), in its depth.
#[tokio::test]
async fn introspection_passes_under_the_limits() {
    let api = Api::start().await;
    let mut reference = "kind name".to_owned();
    for _ in 0..9 {
        reference = format!("kind name ofType {{ {reference} }}");
    }
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} \
         subscriptionType {{ name }} types {{ ...FullType }} \
         directives {{ name description locations args {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description
           fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }}
             isDeprecated deprecationReason }}
           inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
           possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ {reference} }}"
    );
    let schema = api.ask(&query, json!({})).await;
    assert_eq!(schema["__schema"]["mutationType"]["name"], "Mutation");
}

#[tokio::test]
async fn introspection_can_be_turned_off() {
    let api = Api::start_with(&[("DATAVIEWER_GRAPHIQL", "off")]).await;
    let answer = api.answer("{ __schema { types { name } } }", json!({})).await;
    assert!(answer["data"]["__schema"].is_null(), "{answer}");
    let server = api.ask("{ server { version formats limits { points page } } }", json!({})).await;
    assert_eq!(server["server"]["limits"], json!({ "points": "100000", "page": "500" }));
}
