//! `dataviewer fsck` as the judge of what a test left behind.

use std::process::{Output, Stdio};

use platform::runtime::Runtime;
use serde_json::Value;
use tokio::process::Command;

use crate::seed::binary;

/// What makes a `dataviewer` process work on the folders of `runtime`, and on its SQLite database there.
pub(crate) fn variables(runtime: &Runtime) -> Vec<(String, String)> {
    let storage = &runtime.config.storage;
    [("UPLOAD_FOLDER", &storage.upload_folder), ("DATA_FOLDER", &storage.data_folder)]
        .map(|(name, folder)| (name.to_owned(), folder.display().to_string()))
        .to_vec()
}

/// Runs a role of the binary to its end, with these variables and nothing else.
pub(crate) async fn run(variables: &[(String, String)], args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.env_clear().envs(variables.iter().cloned()).args(args).stdin(Stdio::null());
    command.output().await.unwrap()
}

/// What `fsck` said.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) code: i32,
    pub(crate) findings: Vec<Value>,
    pub(crate) summary: Value,
}

impl Looked {
    /// The kinds of the findings, in order.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<_> =
            self.findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        kinds
    }
}

/// Looks with these variables.
pub(crate) async fn fsck(variables: &[(String, String)], args: &[&str]) -> Looked {
    let output = run(variables, &[&["fsck", "--json"], args].concat()).await;
    let (mut findings, mut summary) = (Vec::new(), Value::Null);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        match line.get_mut("finding") {
            Some(finding) => findings.push(finding.take()),
            None => summary = line["summary"].take(),
        }
    }
    let code = output.status.code().unwrap();
    assert!(code != 2, "fsck could not look: {}", String::from_utf8_lossy(&output.stderr));
    Looked { code, findings, summary }
}

/// Asserts that nothing is missing, damaged, contradictory or left over, however young.
pub(crate) async fn assert_clean(variables: &[(String, String)]) -> Value {
    let looked = fsck(variables, &["--deep", "--older-than", "0s"]).await;
    assert_eq!((looked.code, &looked.findings), (0, &Vec::new()), "{looked:?}");
    looked.summary
}
