//! Values of the API as people read them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

/// A member as text: a dash for what is absent or null.
pub(super) fn text(document: &Value, name: &str) -> String {
    match &document[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(word).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Several members, a row of a table.
pub(super) fn row(document: &Value, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(document, name)).collect()
}

/// A number of bytes.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

/// A number of bytes that a document has.
pub(super) fn bytes_of(document: &Value, name: &str) -> String {
    document[name]
        .as_u64()
        .map_or_else(|| "-".to_owned(), bytes)
}

/// A time to the second, in UTC; the API's own text where it is none.
pub(super) fn time(document: &Value, name: &str) -> String {
    let text = text(document, name);
    DateTime::parse_from_rfc3339(&text).map_or(text, |time| {
        time.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    })
}

/// A point in time as an argument: RFC 3339, a date, or how long ago, such as `90s`, `30m`, `24h` and `7d`.
pub(super) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(date) = text.parse::<chrono::NaiveDate>() {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    ago(text)
        .and_then(|ago| Utc::now().checked_sub_signed(ago))
        .ok_or_else(|| {
            "give a time such as 2026-11-21T09:00:00Z, a date, or how long ago: 90s, 30m, 24h, 7d"
                .to_owned()
        })
}

fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    if count < 0 {
        return None;
    }
    match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        _ => None,
    }
}

/// A time as the API takes it.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_is_a_dash() {
        let document = json!({"a": null, "b": ["x", 2], "c": 3, "d": []});
        assert_eq!(
            row(&document, &["a", "b", "c", "d", "e"]),
            ["-", "x, 2", "3", "-", "-"]
        );
    }

    #[test]
    fn a_time_is_given_as_such_or_as_how_long_ago() {
        let noon = parse_time("2026-11-21T12:00:00+01:00").unwrap();
        assert_eq!(written(noon), "2026-11-21T11:00:00.000Z");
        assert_eq!(
            written(parse_time("2026-11-21").unwrap()),
            "2026-11-21T00:00:00.000Z"
        );
        assert!(parse_time("24h").unwrap() < Utc::now());
        for bad in ["", "h", "-1h", "1w", "yesterday", "é", "99999999999999999d"] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }
}
