//! Watching and cancelling jobs.

use entity::id::JobId;
use futures::StreamExt;

use super::seed::Garage;

#[tokio::test]
async fn an_unknown_job_is_not_found() {
    let garage = Garage::new().await;
    let events = garage.job_events(JobId::new()).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{events:?}");
}

#[tokio::test]
async fn a_finished_job_answers_at_once_and_completes() {
    let garage = Garage::new().await;
    let made = garage.numbered(1).await;
    let job = garage.claim().await;
    garage.publish(job, &[]).await;
    let events = garage.job_events(made.job_id).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["data"]["job"]["kind"], "SNAPSHOT");
    assert_eq!(events[0]["data"]["job"]["job"]["state"], "SUCCEEDED");
}

#[tokio::test]
async fn a_watcher_is_told_that_a_job_was_cancelled() {
    let garage = Garage::new().await;
    let id = garage.numbered(1).await.job_id;
    let asked = format!("subscription {{ job(id: \"{id}\") {{ kind seq job {{ state }} }} }}");
    let events = garage.schema.execute_stream(asked).map(|event| serde_json::to_value(event).unwrap());
    let mut events = Box::pin(events);
    let first = events.next().await.unwrap();
    assert_eq!(first["data"]["job"]["kind"], "SNAPSHOT", "{first}");
    assert_eq!(first["data"]["job"]["job"]["state"], "QUEUED");
    let cancel = format!(
        "mutation {{ cancelJob(id: \"{id}\") {{ ... on CancelJobPayload {{ job {{ state }} }} ... on Refused {{ code }} }} }}"
    );
    assert_eq!(garage.ask(cancel).await["cancelJob"]["job"]["state"], "CANCELLED");
    let last = events.next().await.unwrap();
    assert_eq!(last["data"]["job"]["kind"], "FINISHED", "{last}");
    assert_eq!(last["data"]["job"]["job"]["state"], "CANCELLED");
    assert!(events.next().await.is_none(), "it is over");
}
