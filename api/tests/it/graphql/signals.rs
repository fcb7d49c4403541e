//! Signals by name.

use serde_json::{Value, json};

use super::seed::Garage;

#[tokio::test]
async fn a_name_of_two_signals_lists_the_candidates() {
    let garage = Garage::new().await;
    let run = garage.numbered(1).await.run_id;
    let job = garage.claim().await;
    garage.publish(job, &[("Engine", "Speed"), ("Wheel", "Speed"), ("Engine", "RPM")]).await;
    let ask =
        |arguments: &str| format!("{{ run(id: \"{run}\") {{ signal({arguments}) {{ qualifiedName }} }} }}");
    let answer = garage.answer(ask("name: \"Speed\"")).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "AMBIGUOUS_SIGNAL", "{answer}");
    let mut names: Vec<&Value> =
        extensions["candidates"].as_array().unwrap().iter().map(|found| &found["qualifiedName"]).collect();
    names.sort_by_key(|name| name.as_str());
    assert_eq!(names, [&json!("Engine.Speed"), &json!("Wheel.Speed")]);
    for (arguments, expected) in [
        ("name: \"RPM\"", "Engine.RPM"),
        ("name: \"Wheel.Speed\"", "Wheel.Speed"),
        ("name: \"Speed\", message: \"Engine\"", "Engine.Speed"),
    ] {
        let found = garage.ask(ask(arguments)).await["run"]["signal"]["qualifiedName"].clone();
        assert_eq!(found, expected, "{arguments}");
    }
    assert_eq!(garage.refused(ask("name: \"Torque\"")).await, "NOT_FOUND");
}
