//! A worker knows whether it works for the API that it hears of.

use platform::{
    identity::{IdentityError, check, establish},
    storage::Area,
    testing::TestRuntime,
};
use uuid::Uuid;

async fn established() -> TestRuntime {
    let runtime = TestRuntime::start().await.unwrap();
    establish(&runtime).await.unwrap();
    runtime
}

#[tokio::test]
async fn a_worker_waits_until_an_api_was_here() {
    let runtime = TestRuntime::start().await.unwrap();
    assert!(matches!(check(&runtime).await, Err(IdentityError::Unknown)));
    establish(&runtime).await.unwrap();
    check(&runtime).await.unwrap();
    establish(&runtime).await.unwrap();
    check(&runtime).await.unwrap();
}

#[tokio::test]
async fn another_database_is_refused_in_words() {
    let runtime = established().await;
    runtime.broker.announce_instance(Uuid::new_v4()).await;
    let refusal = check(&runtime).await.unwrap_err();
    assert!(matches!(refusal, IdentityError::OtherDatabase));
    assert_eq!(
        refusal.to_string(),
        "this worker's DATABASE_URL is not the API's database; workers on other machines need PostgreSQL \
         or MySQL/MariaDB"
    );
}

#[tokio::test]
async fn another_folder_is_refused_to_worker_and_api() {
    let runtime = established().await;
    let mark = runtime.folder().join("data/.dataviewer-store-id");
    let known = std::fs::read_to_string(&mark).unwrap();
    std::fs::remove_file(&mark).unwrap();
    let refusal = check(&runtime).await.unwrap_err();
    assert!(matches!(refusal, IdentityError::OtherFolder { area: Area::Uploads }), "{refusal}");
    assert!(refusal.to_string().starts_with("this worker does not see the API's folders: share them or set"));

    let refusal = establish(&runtime).await.unwrap_err().to_string();
    assert!(refusal.contains(known.trim()) && refusal.contains("UPLOAD_FOLDER"), "{refusal}");
    std::fs::write(&mark, known).unwrap();
    establish(&runtime).await.unwrap();
    check(&runtime).await.unwrap();
}
