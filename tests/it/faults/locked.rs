//! Another process holds SQLite's lock.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::drives::drives;
use super::fleet::{Fleet, Topology};
use super::sender::{Failed, Sender};
use super::table;
use super::verdict::judge;

const HELD: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_process_holds_is_a_passing_trouble() {
    let drives = drives(2);
    let fleet = Fleet::new(Topology::Embedded, &[]).await;
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let mut all = vec![sender.deliver(&drives, 0, "before").await];
    let path = fleet.host().join("data/dataviewer.db");
    let holder = Database::connect(format!("sqlite:{}", path.display())).await.unwrap();
    holder.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    let free_at = Instant::now() + HELD;
    let sending = sender.send(&drives, 1, "meanwhile");
    let holding = async {
        // Who only reads does not wait.
        sender.ask("{ runs { totalCount } }", json!({})).await.unwrap();
        sleep_until(free_at).await;
        holder.execute_unprepared("ROLLBACK").await.unwrap();
    };
    let (sent, ()) = tokio::join!(sending, holding);
    let told = match &sent {
        Ok(_) => "waited for".to_owned(),
        Err(Failed::Refused(why)) if why.starts_with("DB_UNAVAILABLE") => "refused with a code".to_owned(),
        Err(other) => panic!("{other:?}\n{}", fleet.logs()),
    };
    all.push(sender.deliver(&drives, 1, "meanwhile").await);
    judge(&fleet, &all, &drives).await;
    table::row(
        "13",
        "another process holds SQLite's lock for 10 s",
        &format!("queries answered, the upload {told}; all well after"),
    );
}
