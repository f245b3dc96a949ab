//! Which field of a record holds what.

use serde::{Deserialize, Serialize};

/// Where the parts of a document are found in a record.
///
/// A field of CSV is a column. A field of JSON is a key, a path such as `fields.summary` or `comments.*.body`, or a JSON
/// pointer such as `/fields/summary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldMapping {
    /// What the document is named by. Without it the name is made from the text, and a changed record is a new one.
    pub id: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The text, one section for each field; at least one.
    pub text: Vec<String>,
    /// Address for people.
    pub url: Option<String>,
    /// When it was last changed.
    pub updated: Option<String>,
    /// AWS services.
    pub services: Option<String>,
    /// Tags.
    pub tags: Option<String>,
    /// Kind of document.
    pub kind: Option<String>,
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// There is no `=`.
    #[error("`{0}` is not of the form PART=FIELD")]
    NotAPair(String),
    /// There is no such part of a document.
    #[error("`{0}` is no part of a document; parts are {parts}", parts = PARTS.join(", "))]
    UnknownPart(String),
    /// A part that has one field was given several.
    #[error("`{0}` is given more than one field")]
    Repeated(String),
    /// Nothing is mapped to the text.
    #[error("no field is mapped to `text`")]
    NoText,
}

/// What can be mapped.
const PARTS: [&str; 8] = ["id", "title", "text", "url", "updated", "services", "tags", "kind"];

impl FieldMapping {
    /// Reads `PART=FIELD` pairs; `text` takes several fields, with commas or repeated.
    pub fn parse<S: AsRef<str>>(pairs: &[S]) -> Result<Self, MappingError> {
        let mut mapping = Self::default();
        for pair in pairs {
            let pair = pair.as_ref();
            let (part, field) = pair.split_once('=').ok_or_else(|| MappingError::NotAPair(pair.to_owned()))?;
            let (part, field) = (part.trim().to_lowercase(), field.trim());
            if field.is_empty() {
                return Err(MappingError::NotAPair(pair.to_owned()));
            }
            let slot = match part.as_str() {
                "text" => {
                    mapping
                        .text
                        .extend(field.split(',').map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned));
                    continue;
                }
                "id" => &mut mapping.id,
                "title" => &mut mapping.title,
                "url" => &mut mapping.url,
                "updated" | "date" => &mut mapping.updated,
                "services" | "service" => &mut mapping.services,
                "tags" | "tag" => &mut mapping.tags,
                "kind" => &mut mapping.kind,
                _ => return Err(MappingError::UnknownPart(part)),
            };
            if slot.replace(field.to_owned()).is_some() {
                return Err(MappingError::Repeated(part));
            }
        }
        if mapping.text.is_empty() { Err(MappingError::NoText) } else { Ok(mapping) }
    }

    /// The single fields with their place in a [`super::Fields`].
    pub(super) const fn single(&self) -> [&Option<String>; 7] {
        [&self.id, &self.title, &self.url, &self.updated, &self.services, &self.tags, &self.kind]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let mapping =
            FieldMapping::parse(&["title=Summary", "text=Description, Steps", "text=Notes", "ID = Key"]).unwrap();
        assert_eq!(mapping.text, ["Description", "Steps", "Notes"]);
        assert_eq!((mapping.id.as_deref(), mapping.title.as_deref()), (Some("Key"), Some("Summary")));
        let cases: [(&[&str], MappingError); 5] = [
            (&["title"], MappingError::NotAPair("title".to_owned())),
            (&["text="], MappingError::NotAPair("text=".to_owned())),
            (&["color=Red"], MappingError::UnknownPart("color".to_owned())),
            (&["text=a", "id=b", "id=c"], MappingError::Repeated("id".to_owned())),
            (&["id=b"], MappingError::NoText),
        ];
        for (pairs, error) in cases {
            assert_eq!(FieldMapping::parse(pairs), Err(error));
        }
    }
}
