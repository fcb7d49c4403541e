//! A bucket far away: a second to every answer, 100 kB a second.

use std::time::Duration;

use entity::job;
use platform::testing::Proxy;
use tokio::time::Instant;

use super::drives::drives_of;
use super::fleet::{Fleet, Topology};
use super::sender::Sender;
use super::table;
use super::times::until;
use super::verdict::judge;

/// Half of the second that a question and its answer take.
const WAY: Duration = Duration::from_millis(500);
const RATE: u64 = 100_000;
/// Lines of a log that takes many leases to move.
const LINES: u64 = 4_000;

/// A lease that moving the log outlasts, and uploads that may take long.
const SETTINGS: [(&str, &str); 3] = [
    ("DATAVIEWER_LEASE_SECONDS", "3"),
    ("DATAVIEWER_HEARTBEAT_SECONDS", "0.5"),
    ("DATAVIEWER_LIMIT_UPLOAD_EXPIRY_SECONDS", "600"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_bucket_costs_time_only() {
    let drives = drives_of(1, LINES);
    let fleet = Fleet::new(Topology::Distributed, &SETTINGS).await;
    let server = fleet.variable("AWS_ENDPOINT_URL").strip_prefix("http://").unwrap().parse().unwrap();
    let proxy = Proxy::to(server).await.unwrap();
    let through = format!("http://{}", proxy.addr());
    let far = [("AWS_ENDPOINT_URL", through.as_str())];
    let mut api = fleet.start_api(&far);
    let sender = Sender::new(api.address().await);
    sender.dbc().await.unwrap();
    let _workers = [fleet.start_worker("one", &far), fleet.start_worker("two", &far)];
    proxy.delay(WAY);
    proxy.throttle(RATE);
    let began = Instant::now();
    let accepted = sender.deliver(&drives, 0, "slow").await;
    let runtime = fleet.look().await;
    let job = until(&runtime, &accepted, |job: &job::Model| job.state.is_terminal()).await;
    let took = began.elapsed();
    runtime.database.close().await;
    assert_eq!(sender.refusals(), Vec::<String>::new());
    assert_eq!((job.token, job.lost_count, job.retry_count), (1, 0, 0), "{job:#?}\n{}", fleet.logs());
    proxy.pass();
    judge(&fleet, &[accepted], &drives).await;
    table::row(
        "15",
        &format!("bucket at 100 kB/s and 1 s an answer: a log of {} kB", drives[0].log.len() / 1000),
        &format!("sent and converted in {took:.0?}, one attempt, its lease of 3 s kept all the time"),
    );
}
