//! One profile of `~/.aws/credentials` and `~/.aws/config`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::config::{ConfigError, variables::Variables};

/// Settings of one profile, those of the credentials file first; a nested one is called `s3.endpoint_url`.
pub(super) struct Profile {
    name: String,
    settings: BTreeMap<String, String>,
    services: BTreeMap<String, String>,
}

/// Sections of a file by their names, e.g. `profile race`.
type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// How a profile gets keys that it does not hold.
const NEEDS_MORE: [&str; 6] = [
    "credential_process",
    "sso_session",
    "sso_start_url",
    "role_arn",
    "source_profile",
    "web_identity_token_file",
];

impl Profile {
    /// The profile that the variables name; an empty one when they name none and there is none.
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let asked = variables.take("AWS_PROFILE");
        let home = variables.take("HOME").map(|home| Path::new(&home).join(".aws"));
        let mut file = |variable: &str, name: &str| {
            let set = variables.take(variable).map(PathBuf::from);
            let needed = set.is_some();
            let path = set.or_else(|| Some(home.as_ref()?.join(name)));
            path.map_or(Ok(Sections::new()), |path| sections_of(&path, needed, variable))
        };
        let mut credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
        let mut config = file("AWS_CONFIG_FILE", "config")?;
        let name = asked.clone().unwrap_or_else(|| "default".to_owned());
        let configured = config.remove(&format!("profile {name}")).or_else(|| match name.as_str() {
            "default" => config.remove("default"),
            _ => None,
        });
        let found = (configured, credentials.remove(&name));
        if asked.is_some() && found == (None, None) {
            let problem = "neither of AWS's two files has such a profile".to_owned();
            return Err(ConfigError { variable: "AWS_PROFILE".to_owned(), problem });
        }
        let mut settings = found.0.unwrap_or_default();
        settings.extend(found.1.unwrap_or_default());
        let services = settings.get("services").and_then(|name| config.remove(&format!("services {name}")));
        Ok(Self { name, settings, services: services.unwrap_or_default() })
    }

    /// A setting, once.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.settings.remove(name)
    }

    /// The buckets' service: its own setting, else the one for all services.
    pub(super) fn endpoint(&self) -> Option<&str> {
        let own = self.services.get("s3.endpoint_url").or_else(|| self.settings.get("s3.endpoint_url"));
        own.or_else(|| self.settings.get("endpoint_url")).map(String::as_str)
    }

    /// Refuses a profile whose keys would have to be fetched from elsewhere.
    pub(super) fn refuse_what_needs_more(&self) -> Result<(), ConfigError> {
        match NEEDS_MORE.iter().find(|name| self.settings.contains_key(**name)) {
            Some(name) => Err(self.wrong(&format!(
                "it uses `{name}`, which this version does not follow; put the keys into the profile, or into \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn wrong(&self, problem: &str) -> ConfigError {
        let problem = format!("the profile `{}` cannot be used: {problem}", self.name);
        ConfigError { variable: "AWS_PROFILE".to_owned(), problem }
    }
}

/// A file that is not there has no sections, unless a variable names it.
fn sections_of(path: &Path, needed: bool, variable: &str) -> Result<Sections, ConfigError> {
    let refused = |problem: String| ConfigError { variable: variable.to_owned(), problem };
    match fs::read_to_string(path) {
        Ok(text) => {
            sections(&text).map_err(|line| refused(format!("{}: line {line} cannot be read", path.display())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !needed => Ok(Sections::new()),
        Err(error) => Err(refused(format!("{}: {error}", path.display()))),
    }
}

/// Sections in INI form; on a line that is none of it, its number: the line itself may hold a key.
fn sections(text: &str) -> Result<Sections, usize> {
    let mut sections = Sections::new();
    let (mut section, mut parent) = (None::<String>, String::new());
    for (n, line) in text.lines().enumerate() {
        let content = without_comment(line);
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
            section = Some(name);
        } else if let (Some(section), Some((name, value))) = (&section, content.split_once('=')) {
            let (mut name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if line.starts_with([' ', '\t']) && !parent.is_empty() {
                name = format!("{parent}.{name}");
            } else {
                parent = if value.is_empty() { name.clone() } else { String::new() };
            }
            sections.entry(section.clone()).or_default().insert(name, value.to_owned());
        } else if !content.is_empty() {
            return Err(n + 1);
        }
    }
    Ok(sections)
}

/// A comment begins a line, or stands after a space.
fn without_comment(line: &str) -> &str {
    let line = line.trim();
    let marked = line.match_indices(['#', ';']).map(|(at, _)| at);
    let begins = marked.into_iter().find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
    line[..begins.unwrap_or(line.len())].trim_end()
}
