//! Garbage: named in the transaction that makes it, never what somebody reads or writes.

use std::time::Duration;

use entity::{
    blob::{self, BlobState},
    conversion::{self, ConversionState},
    id::ConversionId,
    job::{self, JobState},
    run::{self, DeleteOutcome},
    tombstone,
    upload::{self, CommitOutcome},
};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::store::{Store, order, publication};

platform::on_every_back_end! {
    Store::on:
    only_what_nobody_needs_is_collected,
    a_page_of_running_attempts_hides_no_garbage,
    an_attempt_can_be_given_up_by_its_maker,
    an_upload_that_ends_without_a_run_names_its_object,
    a_second_copy_is_named,
    a_name_is_due_again_ever_later_and_forgotten_after_a_week,
    a_log_goes_when_no_run_is_made_of_it,
    a_dedupe_never_races_a_removal,
    a_purged_run_leaves_no_row_and_frees_its_bytes,
    a_log_that_another_run_is_made_of_survives_a_purge,
    an_object_has_an_owner_before_its_row,
}

const HOUR: Duration = Duration::from_secs(3600);

async fn collect(store: &Store, grace: Duration) -> Vec<ConversionId> {
    let tx = store.tx().await;
    let found = conversion::collect(&tx, grace, 10).await.unwrap();
    tx.commit().await.unwrap();
    found.into_iter().map(|conversion| conversion.id).collect()
}

async fn row(store: &Store, id: ConversionId) -> conversion::Model {
    conversion::Entity::find_by_id(id).one(&store.0).await.unwrap().unwrap()
}

async fn discard(store: &Store, conversion: &conversion::Model) -> bool {
    let tx = store.tx().await;
    let may_go = conversion::discard(&tx, conversion).await.unwrap();
    tx.commit().await.unwrap();
    may_go
}

/// Names that must go, in order.
async fn named(store: &Store) -> Vec<String> {
    let mut names: Vec<String> = tombstone::Entity::find()
        .all(&store.0)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.object_key)
        .collect();
    names.sort();
    names
}

async fn only_what_nobody_needs_is_collected(store: Store) {
    let run_id = store.upload("a").await.run_id;
    let job = store.claim("w").await.unwrap();
    let lost = store.begin(&job).await;
    assert_eq!(collect(&store, Duration::ZERO).await, [], "the running attempt stays");
    store.pass_time().await;
    let tx = store.tx().await;
    job::expire_leases(&tx, 10).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(collect(&store, Duration::ZERO).await, [], "nobody took its place yet");
    let job = store.claim("w").await.unwrap();
    let published = store.begin(&job).await;
    assert_eq!(collect(&store, HOUR).await, [], "not before its time");
    assert_eq!(named(&store).await, Vec::<String>::new());
    assert_eq!(collect(&store, Duration::ZERO).await, [lost]);
    assert_eq!(row(&store, lost).await.state, ConversionState::Deleted);
    assert_eq!(named(&store).await, [row(&store, lost).await.key_prefix]);
    assert!(store.publish(publication(&job, published)).await);
    assert_eq!(collect(&store, Duration::ZERO).await, [], "never what readers see");
    store.enqueue(run_id).await;
    let job = store.claim("w").await.unwrap();
    let next = store.begin(&job).await;
    store.publish(publication(&job, next)).await;
    assert_eq!(collect(&store, Duration::ZERO).await, [published]);
}

async fn a_page_of_running_attempts_hides_no_garbage(store: Store) {
    for log in ["a", "b", "c"] {
        store.upload(log).await;
    }
    let mut running = Vec::new();
    for _ in 0..2 {
        let job = store.claim("w").await.unwrap();
        running.push(store.begin(&job).await);
    }
    let job = store.claim("w").await.unwrap();
    let over = store.begin(&job).await;
    let tx = store.tx().await;
    job::release(&tx, job.id, job.token).await.unwrap();
    tx.commit().await.unwrap();
    store.claim("w").await.unwrap();
    let tx = store.tx().await;
    let found = conversion::collect(&tx, Duration::ZERO, 1).await.unwrap();
    assert_eq!(found.iter().map(|conversion| conversion.id).collect::<Vec<_>>(), [over]);
}

async fn an_attempt_can_be_given_up_by_its_maker(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let given_up = row(&store, store.begin(&job).await).await;
    assert!(discard(&store, &given_up).await);
    assert_eq!(row(&store, given_up.id).await.state, ConversionState::Orphan);
    assert_eq!(collect(&store, Duration::ZERO).await, [given_up.id]);
    assert!(discard(&store, &given_up).await, "late bytes of what was collected go too");

    let published = row(&store, store.begin(&job).await).await;
    assert!(store.publish(publication(&job, published.id)).await);
    assert!(!discard(&store, &published).await, "never what readers see");
}

async fn an_upload_that_ends_without_a_run_names_its_object(store: Store) {
    let (late, broken) = (store.receiving().await, store.receiving().await);
    let tx = store.tx().await;
    assert!(upload::abandon(&tx, broken).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(named(&store).await, [format!("uploads/{}", broken.0)]);
    store.0.execute_unprepared("UPDATE upload SET expires_at = 0").await.unwrap();
    let tx = store.tx().await;
    upload::expire_stale(&tx, 10).await.unwrap();
    tx.commit().await.unwrap();
    let mut both = [late, broken].map(|id| format!("uploads/{}", id.0));
    both.sort();
    assert_eq!(named(&store).await, both);
}

async fn a_second_copy_is_named(store: Store) {
    store.upload("a").await;
    assert_eq!(named(&store).await, Vec::<String>::new());
    let again = store.upload("a").await;
    assert_eq!(named(&store).await, [again.surplus.unwrap()]);
}

async fn a_name_is_due_again_ever_later_and_forgotten_after_a_week(store: Store) {
    let tx = store.tx().await;
    tombstone::bury(&tx, "uploads/a").await.unwrap();
    tx.commit().await.unwrap();
    let first = tombstone::due(&store.0, 10).await.unwrap();
    assert_eq!(first.len(), 1);
    let removed = async |seen: &tombstone::Model| {
        let tx = store.tx().await;
        let was = tombstone::removed(&tx, seen, HOUR).await.unwrap();
        tx.commit().await.unwrap();
        was
    };
    assert!(removed(&first[0]).await);
    assert!(!removed(&first[0]).await, "once a time");
    assert_eq!(tombstone::due(&store.0, 10).await.unwrap(), []);
    let kept = |days: i64| {
        format!(
            "UPDATE tombstone SET created_at = created_at - {days} * 86400000000, delete_after = delete_after - {days} * 86400000000"
        )
    };
    store.0.execute_unprepared(&kept(3)).await.unwrap();
    let second = tombstone::due(&store.0, 10).await.unwrap().remove(0);
    assert!(removed(&second).await);
    let third = tombstone::Entity::find().one(&store.0).await.unwrap().unwrap();
    assert!(third.delete_after - third.created_at >= 2 * 3 * 86_400_000_000, "{third:?}");
    store.0.execute_unprepared(&kept(6)).await.unwrap();
    let last = tombstone::due(&store.0, 10).await.unwrap().remove(0);
    assert!(removed(&last).await);
    store.0.execute_unprepared(&kept(9)).await.unwrap();
    for seen in tombstone::due(&store.0, 10).await.unwrap() {
        removed(&seen).await;
    }
    assert_eq!(named(&store).await, Vec::<String>::new());
}

async fn collect_logs(store: &Store, age: Duration) -> Vec<blob::Model> {
    let tx = store.tx().await;
    let found = blob::collect(&tx, age, 10).await.unwrap();
    tx.commit().await.unwrap();
    found
}

async fn a_log_goes_when_no_run_is_made_of_it(store: Store) {
    let made = store.upload("a").await;
    let tx = store.tx().await;
    run::delete(&tx, made.run_id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(collect_logs(&store, Duration::ZERO).await, [], "a deleted run can be restored");
    for sql in ["DELETE FROM job_event", "DELETE FROM job", "DELETE FROM upload", "DELETE FROM run"] {
        store.0.execute_unprepared(sql).await.unwrap();
    }
    assert_eq!(collect_logs(&store, HOUR).await, [], "not before its time");
    let gone = collect_logs(&store, Duration::ZERO).await.remove(0);
    assert_eq!(gone.state, BlobState::Deleting);
    assert_eq!(named(&store).await, std::slice::from_ref(&gone.object_key));

    // The same bytes come again before the old object is gone: they bring their own.
    let CommitOutcome::Committed(again) = store.commit(order(store.receiving().await, "a")).await else {
        panic!("not committed")
    };
    assert_eq!(again.surplus, None);
    let tx = store.tx().await;
    assert!(!blob::removed(&tx, &gone.object_key).await.unwrap(), "the log is there again");
    tx.commit().await.unwrap();
    let blob = blob::Entity::find_by_id(gone.id).one(&store.0).await.unwrap().unwrap();
    assert_eq!((blob.state, blob.object_key), (BlobState::Present, format!("uploads/{}", again.upload_id.0)));
}

async fn a_purged_run_leaves_no_row_and_frees_its_bytes(store: Store) {
    let made = store.upload("a").await;
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let published = store.begin(&job).await;
    store.publish(publication(&job, published)).await;
    store.enqueue(made.run_id).await;
    let running = store.claim("w").await.unwrap();
    let writing = row(&store, store.begin(&running).await).await;

    let tx = store.tx().await;
    let purged = run::purge(&tx, made.run_id).await.unwrap().unwrap();
    assert_eq!(run::purge(&tx, made.run_id).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!((purged.jobs.len(), purged.bytes), (2, 1 + 3));
    assert_eq!(purged.objects.len(), 3);
    assert!(purged.objects.iter().all(|name| name == "runs/x" || name.starts_with("uploads/")));
    for (table, left) in [
        ("run", run::Entity::find().count(&store.0).await.unwrap()),
        ("job", job::Entity::find().count(&store.0).await.unwrap()),
        ("conversion", conversion::Entity::find().count(&store.0).await.unwrap()),
        ("upload", upload::Entity::find().count(&store.0).await.unwrap()),
    ] {
        assert_eq!(left, 0, "{table}");
    }
    let tx = store.tx().await;
    assert_eq!(run::delete(&tx, made.run_id).await.unwrap(), DeleteOutcome::NotFound);
    tx.commit().await.unwrap();

    // The attempt under way is fenced, and what it wrote since goes.
    assert!(!store.publish(publication(&running, writing.id)).await);
    assert!(discard(&store, &writing).await);
}

async fn a_log_that_another_run_is_made_of_survives_a_purge(store: Store) {
    let made = store.upload("a").await;
    let again = upload::Commit { as_new_run: true, ..order(store.receiving().await, "a") };
    assert!(matches!(store.commit(again).await, CommitOutcome::Committed(_)));
    let tx = store.tx().await;
    let purged = run::purge(&tx, made.run_id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!((purged.bytes, purged.objects), (0, Vec::new()));
    let blob = blob::Entity::find().one(&store.0).await.unwrap().unwrap();
    assert_eq!(blob.state, BlobState::Present);
    let other = store.claim("w").await.unwrap();
    assert_eq!(other.state, JobState::Running);
}

async fn an_object_has_an_owner_before_its_row(store: Store) {
    let tx = store.tx().await;
    tombstone::reserve(&tx, "dbcs/a", HOUR).await.unwrap();
    tombstone::reserve(&tx, "dbcs/b", HOUR).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(tombstone::due(&store.0, 10).await.unwrap(), []);
    let tx = store.tx().await;
    assert!(tombstone::lift(&tx, "dbcs/a").await.unwrap());
    assert!(!tombstone::lift(&tx, "dbcs/a").await.unwrap());
    tx.commit().await.unwrap();
    store.0.execute_unprepared("UPDATE tombstone SET delete_after = 0").await.unwrap();
    let tx = store.tx().await;
    assert!(!tombstone::lift(&tx, "dbcs/b").await.unwrap(), "too late: it may be gone");
    tx.rollback().await.unwrap();
    assert_eq!(named(&store).await, ["dbcs/b"]);
}

/// The same bytes come again at the moment in which the collector takes their log out of use: whoever is first, the
/// run that was made has a log that is present and that nothing will remove.
async fn a_dedupe_never_races_a_removal(store: Store) {
    let (mut reused, mut brought) = (0, 0);
    for _ in 0..20 {
        store.upload("a").await;
        for sql in ["DELETE FROM job_event", "DELETE FROM job", "DELETE FROM upload", "DELETE FROM run"] {
            store.0.execute_unprepared(sql).await.unwrap();
        }
        let id = store.receiving().await;
        let (committed, _) = tokio::join!(
            retried(async || {
                let tx = store.tx().await;
                let outcome = upload::commit(&tx, order(id, "a")).await?;
                tx.commit().await?;
                Ok(outcome)
            }),
            retried(async || {
                let tx = store.tx().await;
                blob::collect(&tx, Duration::ZERO, 10).await?;
                tx.commit().await
            })
        );
        let CommitOutcome::Committed(committed) = committed else { panic!("{committed:?}") };
        let blob = blob::Entity::find().one(&store.0).await.unwrap().unwrap();
        assert_eq!(blob.state, BlobState::Present);
        assert!(!named(&store).await.contains(&blob.object_key));
        *(if committed.surplus.is_some() { &mut reused } else { &mut brought }) += 1;
    }
    assert_eq!(reused + brought, 20);
}

/// A deadlock is solved by beginning again, as the service does.
async fn retried<T>(work: impl AsyncFn() -> Result<T, sea_orm::DbErr>) -> T {
    for _ in 0..10 {
        if let Ok(done) = work().await {
            return done;
        }
    }
    work().await.unwrap()
}
