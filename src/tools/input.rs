//! Arguments as models write them: a little more is understood than the schema asks for.

use serde::{Deserialize, Deserializer};

/// Reads a list, a single value as a list of one, and `null` as an empty list.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected one of the allowed values, or a list of them")]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(match Option::<OneOrMany<T>>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(OneOrMany::One(one)) => vec![one],
        Some(OneOrMany::Many(many)) => many,
    })
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
