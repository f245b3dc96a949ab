//! The YAML block at the top of a Markdown file.

use jiff::civil::Date;
use serde_yaml_ng::Value;

use super::facts::{Fact, facts_of};

/// A front matter longer than this is not one.
const MAX_BYTES: usize = 16 * 1024;

/// A source that a document rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the link is called.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// What a file says about itself. Keys that are not known are kept by name only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// `title`.
    pub title: Option<String>,
    /// `kind`, as written.
    pub kind: Option<String>,
    /// `services` or `service`: a list, or one text with commas.
    pub services: Vec<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `updated` or `date`, in seconds since 1970.
    pub updated: Option<i64>,
    /// `url`.
    pub url: Option<String>,
    /// `guide`.
    pub guide: Option<String>,
    /// `summary` or `description`.
    pub summary: Option<String>,
    /// `sources`: a list of `title` and `url`.
    pub sources: Vec<Link>,
    /// What it states about an incident, a guide or a pattern, in order.
    pub facts: Vec<Fact>,
    /// Every key of the block, in order, known or not.
    pub keys: Vec<String>,
}

/// Splits a text into its front matter and the rest.
///
/// A block that is not YAML, or not a mapping, is not front matter and stays part of the text.
pub fn split_front_matter(text: &str) -> (FrontMatter, &str) {
    split(text).unwrap_or_else(|| (FrontMatter::default(), text))
}

fn split(text: &str) -> Option<(FrontMatter, &str)> {
    let (block, rest) = front_matter_block(text)?;
    let value: Value = serde_yaml_ng::from_str(block).ok()?;
    let Value::Mapping(mapping) = value else {
        return None;
    };
    let mut front = FrontMatter::default();
    for (key, value) in &mapping {
        let Some(key) = key.as_str() else { continue };
        front.keys.push(key.to_owned());
        match key.to_ascii_lowercase().as_str() {
            "title" => front.title = one_line(value),
            "kind" => front.kind = scalar(value),
            "services" | "service" => front.services = words(value),
            "tags" => front.tags = words(value),
            "updated" | "date" => front.updated = front.updated.or_else(|| scalar(value).as_deref().and_then(seconds)),
            "url" => front.url = scalar(value),
            "guide" => front.guide = scalar(value),
            "summary" | "description" => front.summary = one_line(value),
            "sources" => front.sources = links(value),
            _ => front.facts.extend(facts_of(key, value)),
        }
    }
    Some((front, rest))
}

/// The YAML between the first line `---` and the next `---` or `...`, and the text behind it.
pub fn front_matter_block(text: &str) -> Option<(&str, &str)> {
    let body = text.strip_prefix("---")?;
    let (first, body) = body.split_once('\n')?;
    if !first.trim().is_empty() {
        return None;
    }
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&body[..at], &body[at + line.len()..]));
        }
        at += line.len();
        if at > MAX_BYTES {
            return None;
        }
    }
    None
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

pub(super) fn one_line(value: &Value) -> Option<String> {
    scalar(value).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn words(value: &Value) -> Vec<String> {
    let listed: Vec<String> = match value {
        Value::Sequence(values) => values.iter().filter_map(scalar).collect(),
        other => {
            scalar(other).into_iter().flat_map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
        }
    };
    let mut words = Vec::with_capacity(listed.len());
    for word in listed {
        let word = word.trim().to_lowercase();
        if !word.is_empty() && !words.contains(&word) && words.len() < 100 {
            words.push(word);
        }
    }
    words
}

fn links(value: &Value) -> Vec<Link> {
    let Value::Sequence(values) = value else {
        return Vec::new();
    };
    let link = |value: &Value| match value {
        Value::Mapping(_) => {
            let url = value.get("url").and_then(scalar)?;
            let title = value.get("title").and_then(one_line).unwrap_or_else(|| url.clone());
            Some(Link { title, url })
        }
        other => scalar(other).map(|url| Link { title: url.clone(), url }),
    };
    values.iter().filter_map(link).collect()
}

/// A date, or a date and a time, as seconds since 1970.
pub(super) fn seconds(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let date: Date = text.get(..10)?.parse().ok()?;
    let start = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(start.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_block() {
        let text = "---\ntitle: A title\nkind: incident\nservices: [EC2, s3, ec2]\ntags: \"a, B\"\nupdated: 2024-02-29\n\
                    url: https://example.org/x\nsummary: >\n  two\n  lines\nodd: 1\nsources:\n  - title: T\n    url: https://e.org\n---\n# Body\n";
        let (front, rest) = split_front_matter(text);
        assert_eq!(rest, "# Body\n");
        assert_eq!(front.title.as_deref(), Some("A title"));
        assert_eq!(front.services, ["ec2", "s3"]);
        assert_eq!(front.tags, ["a", "b"]);
        assert_eq!(front.updated, Some(1_709_164_800));
        assert_eq!(front.summary.as_deref(), Some("two lines"));
        assert_eq!(front.sources, [Link { title: "T".to_owned(), url: "https://e.org".to_owned() }]);
        assert!(front.keys.contains(&"odd".to_owned()));
    }

    #[test]
    fn what_is_not_front_matter_stays() {
        for text in [
            "",
            "---",
            "---\n",
            "--------\n\nbanner\n\n--------\n",
            "---\n- a list\n---\nx",
            "---\n: [\n---\nx",
            "---\nno end",
        ] {
            assert_eq!(split_front_matter(text), (FrontMatter::default(), text), "{text:?}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("1970-01-01T00:00:05Z"), Some(5));
        assert_eq!(seconds("1970-01-02 10:00"), Some(86_400));
        assert_eq!(seconds("soon"), None);
    }
}
