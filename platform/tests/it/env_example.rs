//! `deploy/.env.example` says what the configuration's own documentation says.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Every variable of Data Viewer API, with what it means. A line without its # is in force; an empty value counts as unset.
#
# For compose.yaml: copy to deploy/.env and set these three (letters and digits; `openssl rand -hex 24` makes one).
# It makes the addresses and keys of database, broker and buckets of them. Nothing else reads them.
POSTGRES_PASSWORD=
VALKEY_PASSWORD=
BUCKET_PASSWORD=
";

/// A variable as a section documents it.
#[derive(Debug)]
struct Variable {
    names: Vec<String>,
    meaning: String,
    default: String,
}

#[test]
fn the_example_is_what_the_sections_say() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../deploy/.env.example");
    let said = example(&root.join("src/config"));
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    if std::env::var_os("UPDATE_ENV_EXAMPLE").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == said,
        "deploy/.env.example is not what platform/src/config says; update it with \
         `UPDATE_ENV_EXAMPLE=1 cargo test -p platform --test it -- env_example` and look at the difference"
    );
}

fn example(folder: &Path) -> String {
    let mut text = HEAD.to_owned();
    // Faults are for tests: a program that is shipped knows none of them.
    for path in sections(folder).iter().filter(|path| !path.ends_with("faults.rs")) {
        let source = fs::read_to_string(path).unwrap();
        let docs: Vec<&str> =
            source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let variables: Vec<Variable> = docs.iter().filter_map(|line| variable(line)).collect();
        if variables.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n# ---- {}", docs[0]);
        for variable in &variables {
            tell(&mut text, variable);
        }
    }
    text
}

/// All files with sections, in order.
fn sections(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let deeper = |path: PathBuf| if path.is_dir() { sections(&path) } else { vec![path] };
    paths.into_iter().flat_map(deeper).collect()
}

/// The variable of a table's row.
fn variable(line: &str) -> Option<Variable> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [names, meaning, default] = cells[..] else { return None };
    let is_name = |word: &&str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let names: Vec<String> = names.split('`').filter(is_name).map(str::to_owned).collect();
    let plain = |text: &str| text.replace('`', "");
    (!names.is_empty()).then(|| Variable { names, meaning: plain(meaning), default: plain(default) })
}

fn tell(text: &mut String, variable: &Variable) {
    let Variable { names, meaning, default } = variable;
    let is_value = !["", "none", "unset"].contains(&default.as_str()) && !default.contains([' ', '<', ',']);
    let words = if is_value || default.is_empty() { String::new() } else { format!(" (default: {default})") };
    let _ = writeln!(text, "# {meaning}{words}");
    for name in names {
        let _ = writeln!(text, "#{name}={}", if is_value { default } else { "" });
    }
}

#[test]
fn a_row_without_a_variable_is_no_variable() {
    assert!(variable("| variable | meaning | default |").is_none());
    assert!(variable("| --- | --- | --- |").is_none());
    let row = variable("| `PORT`, else `FLASK_RUN_PORT` | listen port | 3001 |").unwrap();
    assert_eq!(row.names, ["PORT", "FLASK_RUN_PORT"]);
}
