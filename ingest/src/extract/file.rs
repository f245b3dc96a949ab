//! The bytes of a file to clean Markdown, whatever its format.

use super::builder::{MAX_HEADING_CHARS, shorten};
use super::{Extracted, Format, decode, docx, extract, pdf};

/// A file format that can be read, chosen by file extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Text in some encoding.
    Text(Format),
    /// Pages of glyphs, as most printed documentation comes.
    Pdf,
    /// A document of Microsoft Word since 2007 (Office Open XML).
    Docx,
}

impl FileFormat {
    /// The format of a file by its name; `None` for files that hold no text for people.
    pub fn of_path(path: &str) -> Option<Self> {
        match extension(path)?.as_str() {
            "pdf" => Some(Self::Pdf),
            "docx" | "docm" => Some(Self::Docx),
            _ => Format::of_path(path).map(Self::Text),
        }
    }
}

/// Why the bytes of a file could not be made text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It should be text and is binary, or in no encoding that could be found.
    #[error("it is not text")]
    NotText,
    /// Only a password opens it.
    #[error("it is encrypted: it must be saved without a password to be read")]
    Encrypted,
    /// It is not what its name says, or broken.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is over a limit that keeps hostile files from using up the machine.
    #[error("it is too large inside: {0}")]
    TooMuch(String),
}

/// Extracts the text of a file.
pub fn extract_bytes(format: FileFormat, bytes: &[u8]) -> Result<Extracted, Unreadable> {
    match format {
        FileFormat::Text(format) => {
            let text = decode(bytes).map_err(|_| Unreadable::NotText)?;
            Ok(extract(format, &text))
        }
        FileFormat::Pdf => pdf::extract(bytes),
        FileFormat::Docx => docx::extract(bytes),
    }
}

/// The extension of a file that has a name besides, in lower case.
pub(super) fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then(|| extension.to_ascii_lowercase())
}

/// The title that a file says it has, unless a program made it up.
pub(super) fn given_title(title: &str) -> Option<String> {
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = title.to_lowercase();
    let file_names = [".doc", ".docx", ".indd", ".tex", ".dvi", ".pdf", ".pptx", ".ppt", ".md", ".html", ".qxd"];
    let made_up = lower.starts_with("microsoft word - ")
        || lower.starts_with("untitled")
        || lower.starts_with("word document")
        || lower.starts_with('(')
        || file_names.iter().any(|end| lower.ends_with(end));
    (!made_up && title.chars().any(char::is_alphabetic)).then(|| shorten(&title, MAX_HEADING_CHARS).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_extension() {
        let cases = [
            ("a/b.md", Some(FileFormat::Text(Format::Markdown))),
            ("a/Guide.PDF", Some(FileFormat::Pdf)),
            ("a.docx", Some(FileFormat::Docx)),
            ("a.doc", None),
            (".pdf", None),
            ("a.pdf/b", None),
        ];
        for (path, format) in cases {
            assert_eq!(FileFormat::of_path(path), format, "{path}");
        }
    }

    #[test]
    fn titles_that_programs_make_up() {
        assert_eq!(given_title(" Runbook \n for  caches ").as_deref(), Some("Runbook for caches"));
        for made_up in ["Microsoft Word - plan.docx", "untitled", "(anonymous)", "guide.indd", "", "1"] {
            assert_eq!(given_title(made_up), None, "{made_up}");
        }
    }

    #[test]
    fn text_must_be_text() {
        assert_eq!(extract_bytes(FileFormat::Text(Format::Plain), b"PK\0\0"), Err(Unreadable::NotText));
        assert_eq!(extract_bytes(FileFormat::Text(Format::Plain), b"words").unwrap().text, "words\n");
    }
}
