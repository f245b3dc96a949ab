//! Exact names inside text: API actions, resource types, error codes, instance types, ARNs, settings.

use rustc_hash::FxHashSet;

/// Longer runs are data (keys, base64), not names that anyone asks for. Bytes.
const MAX_IDENTIFIER: usize = 128;

/// Distinct identifiers of a text, lower case, in the order in which they come.
///
/// An identifier is a run without blanks that holds a joint (`:` `_` `.` `/` `-` between letters or digits) or a
/// capital inside (`DescribeInstances`). Of a joined name with a service in front (`ec2:DescribeInstances`,
/// `AWS::S3::Bucket`) the last part is an identifier of its own.
pub(crate) fn identifiers(text: &str) -> Vec<String> {
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    let mut push = |name: &str| {
        let name = name.to_lowercase();
        if !seen.contains(&name) {
            seen.insert(name.clone());
            found.push(name);
        }
    };
    for run in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '_' | '.' | '/' | '-' | '*'))) {
        let run = run.trim_matches(|c: char| !c.is_alphanumeric() && c != '*');
        if run.len() < 3 || run.len() > MAX_IDENTIFIER {
            continue;
        }
        if has_joint(run) {
            push(run);
            if let Some((_, last)) = run.rsplit_once(':')
                && last.len() >= 3
            {
                push(last);
            }
        } else if has_inner_capital(run) {
            push(run);
        }
    }
    found
}

fn has_joint(run: &str) -> bool {
    run.contains([':', '_', '.', '/', '-'])
}

/// A capital after a lower-case letter: `maxItems`, `ThrottlingException`.
fn has_inner_capital(run: &str) -> bool {
    let mut lower = false;
    run.chars().any(|c| {
        let found = lower && c.is_uppercase();
        lower = c.is_lowercase();
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_prose_is_not() {
        for (text, expected) in [
            ("Allow ec2:DescribeInstances.", vec!["ec2:describeinstances", "describeinstances"]),
            ("an AWS::S3::Bucket here", vec!["aws::s3::bucket", "bucket"]),
            ("got ThrottlingException, then", vec!["throttlingexception"]),
            ("a db.m5.12xlarge in us-east-2", vec!["db.m5.12xlarge", "us-east-2"]),
            ("s3:* and arn:aws:s3:::b/*", vec!["s3:*", "arn:aws:s3:::b/*", "b/*"]),
            ("Plain words only. EC2 too", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(identifiers(text), expected, "{text}");
        }
    }

    #[test]
    fn long_data_is_left_out() {
        assert!(identifiers(&"aB-".repeat(100)).is_empty());
    }
}
