//! Arguments as models write them: a little more is understood than the schema asks for.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a list, a single value as a list of one, and `null` as an empty list.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        one => vec![one],
    };
    // One by one, so that an error names the value and what it could have been.
    items.into_iter().map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Input {
        #[serde(default, deserialize_with = "list")]
        service: Vec<String>,
    }

    #[test]
    fn one_value_is_a_list_of_one() {
        let cases = [
            ("{}", vec![]),
            (r#"{"service": null}"#, vec![]),
            (r#"{"service": "s3"}"#, vec!["s3"]),
            (r#"{"service": ["s3", "ec2"]}"#, vec!["s3", "ec2"]),
        ];
        for (json, expected) in cases {
            assert_eq!(serde_json::from_str::<Input>(json).unwrap().service, expected, "{json}");
        }
        assert!(serde_json::from_str::<Input>(r#"{"service": 3}"#).is_err());
    }
}
