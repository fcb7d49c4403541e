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

const STEPS: [&str; 7] = [
    "0001_tables",
    "0002_places",
    "0003_parts",
    "0004_days",
    "0005_derived_signals",
    "0006_catalog",
    "0007_signing_key",
];

async fn the_schema_goes_up_and_down(place: Place) {
    for (arguments, applied) in [
        (&["status"][..], Some(0)),
        (&["up"], Some(7)),
        (&["up"], Some(7)),
        (&["down"], None),
        (&["down", "--yes"], Some(6)),
        (&["down", "--yes"], Some(5)),
        (&["down", "--yes"], Some(4)),
        (&["down", "--yes"], Some(3)),
        (&["down", "--yes"], Some(2)),
        (&["down", "--yes"], Some(1)),
        (&["down", "--yes"], Some(0)),
        (&[], Some(7)),
        (&["status"], Some(7)),
    ] {
        let state = |step| if applied.is_some_and(|applied| step < applied) { "applied" } else { "missing" };
        let lines = STEPS.iter().enumerate().map(|(step, name)| format!("{} {name}\n", state(step)));
        let expected = applied.map(|_| lines.collect::<String>());
        assert_eq!(place.migrate(arguments).await, expected, "{arguments:?}");
    }
}
