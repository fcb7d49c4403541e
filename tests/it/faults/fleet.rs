//! The processes of an installation, and what they share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use platform::config::Config;
use platform::runtime::Runtime;
use platform::testing::servers::{RedisServer, S3Server};
use tempfile::TempDir;

use super::node::{Node, Order};

/// The ways to install the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One process: SQLite, folders.
    Embedded,
    /// API and workers on one host: SQLite, shared folders, Redis.
    SameHost,
    /// The same with PostgreSQL.
    SameHostPostgres,
    /// Machines of their own: PostgreSQL, Redis, buckets, no folder in common.
    Distributed,
}

/// What must never be seen again, wherever it was configured.
const CANARY: &str = "canary-5f1d7c92";

/// Short times, so that a test waits for little. Overridden by what a process is started with.
const QUICK: [(&str, &str); 11] = [
    ("PORT", "0"),
    ("DATAVIEWER_WORKERS", "1"),
    ("DATAVIEWER_CHILD_THREADS", "1"),
    ("DATAVIEWER_LEASE_SECONDS", "1"),
    ("DATAVIEWER_HEARTBEAT_SECONDS", "0.2"),
    ("DATAVIEWER_SWEEP_SECONDS", "0.2"),
    ("DATAVIEWER_POLL_SECONDS", "0.2"),
    ("DATAVIEWER_COLLECT_SECONDS", "0.1"),
    ("DATAVIEWER_COLLECT_GRACE_SECONDS", "1"),
    ("DATAVIEWER_LIMIT_UPLOAD_EXPIRY_SECONDS", "5"),
    ("DATAVIEWER_LIMIT_FREE_BYTES", "1MiB"),
];

/// An installation without processes yet.
pub(crate) struct Fleet {
    pub(crate) topology: Topology,
    /// The Redis that its processes use, and a test may hurt.
    pub(crate) redis: Option<RedisServer>,
    /// Its buckets, where it has some.
    _buckets: Option<S3Server>,
    folder: TempDir,
    shared: BTreeMap<String, String>,
    started: AtomicU64,
}

impl Fleet {
    /// `settings` are for all processes, over the short times.
    pub(crate) async fn new(topology: Topology, settings: &[(&str, &str)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let user = format!(">{CANARY}");
        let redis = (topology != Topology::Embedded)
            .then(|| RedisServer::start_with(&["--user", "app", "on", &user, "~*", "&*", "+@all"]).unwrap());
        let mut shared: BTreeMap<_, _> =
            QUICK.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        shared.extend(topology.variables().await);
        let buckets = (topology == Topology::Distributed).then(|| S3Server::start().unwrap());
        let of_buckets = buckets.iter().flat_map(S3Server::variables);
        shared.extend(of_buckets.map(|(name, value)| (name.to_owned(), value)));
        if let Some(redis) = &redis {
            let url = format!("redis://app:{CANARY}@127.0.0.1:{}", redis.port());
            shared.insert("REDIS_URL".to_owned(), url);
        }
        shared.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self {
            topology,
            redis,
            _buckets: buckets,
            folder: TempDir::new().unwrap(),
            shared,
            started: AtomicU64::new(0),
        }
    }

    /// The process that answers clients; where there is one process, it also converts. `more` is for this
    /// process only.
    pub(crate) fn start_api(&self, more: &[(&str, &str)]) -> Node {
        let role = if self.topology == Topology::Embedded { "serve" } else { "api" };
        self.start(role, "api", more)
    }

    /// A process that converts, on the machine `name`.
    pub(crate) fn start_worker(&self, name: &str, more: &[(&str, &str)]) -> Node {
        assert_ne!(self.topology, Topology::Embedded, "its one process is started by start_api");
        self.start("worker", name, more)
    }

    fn start(&self, role: &str, machine: &str, more: &[(&str, &str)]) -> Node {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let mut variables = self.variables(machine);
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let log = self.folder.path().join(format!("{number}-{machine}.log"));
        let folder = self.machine(machine);
        Node::start(Order { role, folder: &folder, variables: variables.into_iter().collect(), log })
    }

    /// What a process on this machine is configured with.
    fn variables(&self, machine: &str) -> BTreeMap<String, String> {
        let mut variables = self.shared.clone();
        let data = self.machine(machine).join("data").display().to_string();
        for name in ["UPLOAD_FOLDER", "DATA_FOLDER"] {
            variables.entry(name.to_owned()).or_insert_with(|| data.clone());
        }
        variables
    }

    /// The folder of a machine; machines of one host share it.
    fn machine(&self, name: &str) -> PathBuf {
        let name = if self.topology == Topology::Distributed { name } else { "host" };
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// What all processes have this variable set to.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.shared[name]
    }

    /// The folder of the one host.
    pub(crate) fn host(&self) -> PathBuf {
        self.machine("api")
    }

    /// The API's database and storage, to look at.
    pub(crate) async fn look(&self) -> Runtime {
        let mut variables = self.variables("api");
        variables.remove("REDIS_URL");
        Runtime::start(Config::from_variables(variables).unwrap()).await.unwrap()
    }

    /// `dataviewer role`, on the API's machine, to its end; its exit code and what it wrote.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = std::process::Command::new(crate::seed::binary());
        command.args(arguments).env_clear().envs(self.variables("api")).current_dir(self.machine("api"));
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    /// What all processes wrote to their logs.
    pub(crate) fn logs(&self) -> String {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let logs = files.filter(|path| path.extension().is_some_and(|suffix| suffix == "log"));
        logs.map(|path: PathBuf| read(&path)).collect()
    }

    /// Every secret that its processes were configured with, as it stands in the configuration and decoded.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let passwords = self.shared.values().filter_map(|value| {
            let (_, rest) = value.split_once("://")?;
            let (login, _) = rest.rsplit_once('@')?;
            Some(login.split_once(':')?.1.to_owned())
        });
        let keys = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let keys = keys.iter().filter_map(|name| self.shared.get(*name).cloned());
        let mut secrets: Vec<_> = passwords.chain(keys).collect();
        let decoded = secrets.iter().map(|secret| secret.replace("%40", "@").replace("%3A", ":"));
        let decoded: Vec<_> = decoded
            .map(|secret| secret.replace("%20", " ").replace("%2F", "/").replace("%25", "%"))
            .collect();
        secrets.extend(decoded);
        secrets
    }
}

impl Topology {
    async fn variables(self) -> Vec<(String, String)> {
        let mut variables = vec![("AWS_SECRET_ACCESS_KEY".to_owned(), CANARY.to_owned())];
        if matches!(self, Self::SameHostPostgres | Self::Distributed) {
            let url = platform::testing::servers::fresh_postgres().await;
            variables.push(("DATABASE_URL".to_owned(), url));
        }
        variables
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
