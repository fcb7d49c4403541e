//! `dataviewer migrate` on every back end.

use platform::testing::BackEnd;
use tempfile::TempDir;
use tokio::process::Command;

use crate::seed::binary;

platform::on_every_back_end! {
    Place::on:
    the_schema_goes_up_and_down,
}

/// A folder to be in, and a database with nothing in it.
struct Place {
    folder: TempDir,
    url: String,
}

impl Place {
    async fn on(back_end: BackEnd) -> Self {
        let folder = TempDir::new().unwrap();
        let url = back_end.fresh(folder.path()).await;
        Self { folder, url }
    }

    /// What it answers; nothing when it refuses.
    async fn migrate(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new(binary());
        command.arg("migrate").args(arguments).env_clear().env("DATABASE_URL", &self.url);
        let output = command.current_dir(self.folder.path()).output().await.unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }
}

async fn the_schema_goes_up_and_down(place: Place) {
    for (arguments, applied) in [
        (&["status"][..], Some(["missing"; 3])),
        (&["up"], Some(["applied"; 3])),
        (&["up"], Some(["applied"; 3])),
        (&["down"], None),
        (&["down", "--yes"], Some(["applied", "applied", "missing"])),
        (&["down", "--yes"], Some(["applied", "missing", "missing"])),
        (&["down", "--yes"], Some(["missing"; 3])),
        (&[], Some(["applied"; 3])),
        (&["status"], Some(["applied"; 3])),
    ] {
        let expected = applied
            .map(|[one, two, three]| format!("{one} 0001_tables\n{two} 0002_places\n{three} 0003_parts\n"));
        assert_eq!(place.migrate(arguments).await, expected, "{arguments:?}");
    }
}
