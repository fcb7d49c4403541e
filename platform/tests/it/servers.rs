//! The servers that tests use are there.

use platform::testing::servers::{fresh_mariadb, fresh_postgres};
use sea_orm::{ConnectionTrait, Database};

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    for (one, other) in
        [(fresh_postgres().await, fresh_postgres().await), (fresh_mariadb().await, fresh_mariadb().await)]
    {
        for url in [one, other] {
            let db = Database::connect(url).await.unwrap();
            db.execute_unprepared("CREATE TABLE t (n INTEGER)").await.unwrap();
        }
    }
}
