//! The variables of one start: each is taken once, what nobody takes is unknown.

use std::{collections::BTreeMap, fmt::Display, io, path::Path, str::FromStr, time::Duration};

use super::ConfigError;

/// Variables that nobody has taken yet.
pub(super) struct Variables {
    values: BTreeMap<String, String>,
}

/// The process's environment over `.env` in the working directory.
pub(super) fn environment() -> Result<BTreeMap<String, String>, ConfigError> {
    let mut values = dotenv(Path::new(".env"))?;
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let process = std::env::vars_os();
    // A value that is no text cannot be ours, and must not stop a start that does not need it.
    values.extend(
        process.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    );
    Ok(values)
}

fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let refused = |error: dotenvy::Error| ConfigError {
        variable: ".env".to_owned(),
        problem: match error {
            // The parser's own text would quote the line, which may hold a password.
            dotenvy::Error::LineParse(_, position) => {
                format!("a line cannot be read (at character {position})")
            }
            other => other.to_string(),
        },
    };
    match dotenvy::from_path_iter(path) {
        Ok(lines) => lines.collect::<Result<_, _>>().map_err(refused),
        Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(refused(error)),
    }
}

impl Variables {
    pub(super) fn new(values: BTreeMap<String, String>) -> Self {
        Self { values }
    }

    /// The value, unless unset or empty.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value as a `T`.
    pub(super) fn parse<T>(&mut self, name: &str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        self.read(name, |text| text.parse().map_err(|error| format!("`{text}` is not usable: {error}")))
    }

    /// A whole number in `least..=most`.
    pub(super) fn number(
        &mut self,
        name: &str,
        default: u64,
        bounds: (u64, u64),
    ) -> Result<u64, ConfigError> {
        let (least, most) = bounds;
        let number = self.read(name, |text| {
            text.parse::<u64>()
                .ok()
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
        })?;
        Ok(number.unwrap_or(default))
    }

    /// A count that fits memory, from 1.
    pub(super) fn count(&mut self, name: &str, default: usize) -> Result<usize, ConfigError> {
        let number = self.number(name, default as u64, (1, u64::from(u32::MAX)))?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// A size in bytes: `1048576`, `1024KiB`, `1MiB`, `2GiB`.
    pub(super) fn bytes(&mut self, name: &str, default: u64) -> Result<u64, ConfigError> {
        Ok(self.read(name, |text| size(text).ok_or_else(|| not_a_size(text)))?.unwrap_or(default))
    }

    /// Seconds, also a fraction: `30`, `0.25`.
    pub(super) fn seconds(&mut self, name: &str, default: u64) -> Result<Duration, ConfigError> {
        let above = |text: &str| duration(text).filter(|duration| !duration.is_zero());
        let duration = self.read(name, |text| {
            above(text).ok_or_else(|| format!("`{text}` is not a number of seconds above 0"))
        })?;
        Ok(duration.unwrap_or(Duration::from_secs(default)))
    }

    /// As [`Variables::seconds`], and 0.
    pub(super) fn seconds_or_none(&mut self, name: &str, default: u64) -> Result<Duration, ConfigError> {
        let duration = self.read(name, |text| {
            duration(text).ok_or_else(|| format!("`{text}` is not a number of seconds"))
        })?;
        Ok(duration.unwrap_or(Duration::from_secs(default)))
    }

    /// `on` or `off` (also `true`, `false`, `1`, `0`, `yes`, `no`).
    pub(super) fn switch(&mut self, name: &str, default: bool) -> Result<bool, ConfigError> {
        let value = self.read(name, |text| match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "1" | "yes" => Ok(true),
            "off" | "false" | "0" | "no" => Ok(false),
            _ => Err(format!("`{text}` is neither `on` nor `off`")),
        })?;
        Ok(value.unwrap_or(default))
    }

    /// Refuses what carries our prefix and was not taken: a typo must not pass for a setting.
    pub(super) fn refuse_unknown(self) -> Result<(), ConfigError> {
        match self.values.into_keys().find(|name| name.starts_with("DATAVIEWER_")) {
            Some(variable) => {
                Err(ConfigError { variable, problem: "this version knows no such variable".to_owned() })
            }
            None => Ok(()),
        }
    }

    /// The value as `convert` understands it; its complaint gets the variable's name.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        convert: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        match self.take(name) {
            Some(text) => {
                convert(&text).map(Some).map_err(|problem| ConfigError { variable: name.to_owned(), problem })
            }
            None => Ok(None),
        }
    }
}

/// Up to a year.
fn duration(text: &str) -> Option<Duration> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=366.0 * 86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64)
}

fn size(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    // Above i64 no database column could hold it.
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(factor)
        .filter(|bytes| *bytes > 0 && i64::try_from(*bytes).is_ok())
}

fn not_a_size(text: &str) -> String {
    format!("`{text}` is not a size such as `1048576`, `512MiB` or `16GiB`")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::dotenv;

    #[test]
    fn a_dotenv_file_is_read_and_none_is_fine() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(".env");
        assert!(dotenv(&path).unwrap().is_empty());
        fs::write(&path, "# a comment\nPORT=80\nDATAVIEWER_LOG=\"info,api=debug\"\n").unwrap();
        let values = dotenv(&path).unwrap();
        assert_eq!(values.get("PORT").unwrap(), "80");
        assert_eq!(values.get("DATAVIEWER_LOG").unwrap(), "info,api=debug");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_not_repeated() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(".env");
        fs::write(&path, "DATABASE_URL='s3cret\n").unwrap();
        let refusal = dotenv(&path).unwrap_err();
        assert_eq!(refusal.variable, ".env");
        assert!(!refusal.to_string().contains("s3cret"), "{refusal}");
        assert_eq!(dotenv(Path::new("/")).unwrap_err().variable, ".env");
    }
}
