//! How long ago something was named, and times as a person writes them.

use std::time::Duration;

use platform::storage::ObjectKey;

/// `90s`, `30m`, `72h`, `7d`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is not a time such as 30m, 72h or 7d");
    let unit = text.char_indices().last().ok_or_else(expected)?;
    let seconds = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(expected()),
    };
    let count: u64 = text[..unit.0].parse().map_err(|_| expected())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(expected)
}

/// How long before `now` (microseconds) the name was made: its id begins with the time. `None` for an id that we
/// did not make.
pub(super) fn of(key: &ObjectKey, now: i64) -> Option<Duration> {
    let id = match key {
        ObjectKey::Upload(id) => id.0,
        ObjectKey::Dbc(id) => id.0,
        ObjectKey::Conversion { conversion, .. } => conversion.0,
    };
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    let made = i64::try_from(seconds).ok()?.checked_mul(1_000_000)? + i64::from(nanoseconds / 1000);
    Some(Duration::from_micros(u64::try_from(now - made).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("30m", 1800), ("72h", 259_200), ("7d", 604_800)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "7", "d", "-1d", "1.5h", "7 d", "1ü", "99999999999999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_tells_its_age() {
        let key = ObjectKey::Upload(entity::id::UploadId::new());
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
        assert!(of(&key, now).unwrap() < Duration::from_secs(60));
        assert!(of(&key, now + 3_600_000_000).unwrap() >= Duration::from_secs(3599));
        assert_eq!(of(&key, 0), Some(Duration::ZERO), "a clock that was ahead");
        let foreign = ObjectKey::Upload(entity::id::UploadId(uuid::Uuid::new_v4()));
        assert_eq!(of(&foreign, now), None);
    }
}
