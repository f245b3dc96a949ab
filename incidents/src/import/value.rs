//! Looking into records of other programs, whatever way they write their keys, numbers and times.

use cloudops_indexes::model::Timestamp;
use serde_json::Value;

use crate::incident::Status;
use crate::recognize::moment;

/// The member of an object. Keys are compared without case and `_`: `created_at` finds `createdAt`.
pub(super) fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    object.get(key).or_else(|| object.iter().find(|(known, _)| is_same(known, key)).map(|(_, value)| value))
}

fn is_same(one: &str, other: &str) -> bool {
    let letters = |byte: &u8| *byte != b'_';
    let (one, other) = (one.bytes().filter(letters), other.bytes().filter(letters));
    one.map(|byte| byte.to_ascii_lowercase()).eq(other.map(|byte| byte.to_ascii_lowercase()))
}

/// The value at a path of keys with dots between them, unless it is null.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, member).filter(|value| !value.is_null())
}

/// The text or number at the first of the paths that has one which is not blank.
pub(super) fn text(value: &Value, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| scalar(at(value, path)?))
}

/// A text that is not blank, or a number.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The items of the list at a path; none if there is no list.
pub(super) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The moment at the first of the paths that has one.
pub(super) fn time(value: &Value, paths: &[&str]) -> Option<Timestamp> {
    paths.iter().find_map(|path| instant(at(value, path)?))
}

/// A moment: seconds since 1970 with or without a fraction, ISO 8601, RFC 2822, or as people write it.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let text = match value {
        Value::Number(number) => return epoch(number.as_f64()?),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return epoch(text.parse().ok()?);
    }
    let parsed = text.parse::<jiff::Timestamp>().ok();
    let parsed = parsed.or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp()));
    parsed.map(jiff::Timestamp::as_second).or_else(|| moment(text))
}

fn epoch(seconds: f64) -> Option<Timestamp> {
    // Some programs write milliseconds; as seconds those would be thousands of years away.
    let seconds = if seconds.abs() > 1e11 { seconds / 1000.0 } else { seconds };
    jiff::Timestamp::from_second(seconds.floor() as i64).ok().map(jiff::Timestamp::as_second)
}

/// A moment as it stands in front of a line of a timeline.
pub(super) fn iso(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_second(at).ok().map(|at| at.to_string())
}

/// A status in the words of trackers, also of those that end without success.
pub(super) fn status(text: &str) -> Option<Status> {
    text.parse().ok().or_else(|| match text.trim().to_ascii_lowercase().as_str() {
        "on hold" | "pending" | "upcoming" | "waiting" | "reopened" | "indeterminate" | "runbookinprogress" => {
            Some(Status::Open)
        }
        "cancelled"
        | "canceled"
        | "rejected"
        | "revoked"
        | "timedout"
        | "failed"
        | "completedwithsuccess"
        | "completedwithfailure"
        | "archived"
        | "won't do"
        | "won't fix" => Some(Status::Resolved),
        _ => None,
    })
}

/// The parts of an ARN behind `arn`: partition, service, Region, account, resource.
pub(super) fn arn(text: &str) -> Option<[&str; 5]> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

/// Whether a text is the number of an account.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_of_many_programs() {
        for (value, expected) in [
            (json!(1_773_475_320), Some(1_773_475_320)),
            (json!(1_773_475_320.75), Some(1_773_475_320)),
            (json!(1_773_475_320_750_i64), Some(1_773_475_320)),
            (json!("1773475320.5"), Some(1_773_475_320)),
            (json!("2026-03-14T08:02:00Z"), Some(1_773_475_320)),
            (json!("2026-03-14T09:02:00.000+0100"), Some(1_773_475_320)),
            (json!("2026-03-14T08:02:00.123000+00:00"), Some(1_773_475_320)),
            (json!("Sat, 14 Mar 2026 08:02:00 GMT"), Some(1_773_475_320)),
            (json!("2026-03-14 08:02:00"), Some(1_773_475_320)),
            (json!(1e300), None),
            (json!("soon"), None),
            (json!(""), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(instant(&value), expected, "{value}");
        }
    }

    #[test]
    fn keys_are_found_however_they_are_written() {
        let value = json!({"CreatedAt": {"by_whom": " x "}, "none": null, "blank": " ", "number": 7});
        assert_eq!(text(&value, &["created_at.byWhom"]).as_deref(), Some("x"));
        assert_eq!(text(&value, &["none", "blank", "number"]).as_deref(), Some("7"));
        assert_eq!(text(&value, &["created_at", "number.x"]), None);
        assert!(list(&value, "number").is_empty());
    }
}
