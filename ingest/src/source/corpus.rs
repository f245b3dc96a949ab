//! The curated documents that come with the program, and the rules they must keep.
//!
//! The format is described in `corpus/README.md`. The documents are given as pairs of relative path and text, so this
//! module works the same on files and on what was compiled into the program.

use cloudops_indexes::model::{Document, Kind};

use super::metadata::{kind_of_path, title_of_path, united};
use super::{Failure, Prepared, Reason};
use crate::EXTRACTOR_VERSION;
use crate::extract::{Extracted, Format, FrontMatter, extract, front_matter_block, split_front_matter};

/// Name of the source of the built-in documents.
pub const SOURCE: &str = "corpus";

/// Keys that every document has.
const KEYS: [&str; 7] = ["title", "kind", "services", "tags", "updated", "summary", "sources"];

/// Further keys of a kind: those that its documents have, and those that they may have.
const fn keys_of(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Kind::Troubleshooting => (&["symptoms"], &["errors", "signals"]),
        Kind::BestPractice => (&["pillars", "workloads"], &["industries"]),
        Kind::Pattern => (&["pillars", "workloads", "fits", "avoid", "rto", "rpo", "cost", "effort"], &["industries"]),
        Kind::Incident => (
            &["id", "severity", "started", "resolved", "symptoms", "root_cause", "fix"],
            &["error_codes", "alarms", "accounts", "regions", "resources", "tried", "cause", "prevention", "timeline"],
        ),
        Kind::Documentation | Kind::Note => (&[], &[]),
    }
}

/// What is wrong with a curated document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no YAML block at the top.
    #[error("the front matter is missing")]
    NoFrontMatter,
    /// The block at the top is not YAML.
    #[error("the front matter is not valid YAML: {0}")]
    BadYaml(String),
    /// A key that the format does not know.
    #[error("unknown key `{0}` in the front matter")]
    UnknownKey(String),
    /// A key that every document has.
    #[error("key `{0}` is missing or empty in the front matter")]
    MissingKey(&'static str),
    /// The kind is none of those known.
    #[error("{0}")]
    UnknownKind(String),
    /// The kind is not the one of the folder.
    #[error("kind `{kind}` does not fit the folder, which holds documents of kind `{folder}`")]
    KindDiffersFromFolder {
        /// As the front matter has it.
        kind: Kind,
        /// As the folder suggests.
        folder: Kind,
    },
    /// There is no `#` heading, or more than one.
    #[error("the text has {0} headings of level 1, not one")]
    NotOneHeading(usize),
    /// Title and `#` heading are not equal.
    #[error("the title `{title}` differs from the heading `{heading}`")]
    TitleDiffers {
        /// As the front matter has it.
        title: String,
        /// As the text has it.
        heading: String,
    },
    /// The date is not `YYYY-MM-DD`.
    #[error("`updated` is not a date of the form YYYY-MM-DD")]
    BadDate,
    /// A service or tag that is not lower case.
    #[error("`{0}` is not a lower-case word")]
    BadWord(String),
    /// A source without a usable address.
    #[error("source `{0}` has no `https://` address")]
    BadUrl(String),
}

/// Whether a file of the corpus folder is a document: Markdown inside a folder, and not a `README.md`.
pub fn is_document(relative: &str) -> bool {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    relative.contains('/') && Format::of_path(relative) == Some(Format::Markdown) && name != "README.md"
}

/// Makes the document and passages of a curated text.
///
/// The summary becomes its first paragraph and the sources its last section, unless the text has them already.
pub fn prepare(relative: &str, text: &str) -> Result<Prepared, Failure> {
    let text = text.replace("\r\n", "\n");
    let (front, body) = split_front_matter(&text);
    let mut extracted = extract(Format::Markdown, &completed(&front, body));
    if extracted.text.trim().is_empty() {
        return Err(Failure { path: relative.to_owned(), reason: Reason::Empty });
    }
    extracted.title = front.title.clone().or(extracted.title);
    let passages = crate::chunk::chunk(&extracted);
    let Extracted { title, text: clean, .. } = extracted;
    let kind = front.kind.as_deref().and_then(|kind| kind.parse().ok()).unwrap_or_else(|| kind_of_path(relative));
    let document = Document {
        id: format!("{SOURCE}/{relative}"),
        source: SOURCE.to_owned(),
        title: title.unwrap_or_else(|| title_of_path(relative)),
        url: None,
        path: None,
        guide: front.guide.or_else(|| relative.split_once('/').map(|(folder, _)| folder.to_owned())),
        services: united([&front.services[..], &[], &[]]),
        kind,
        tags: united([&front.tags[..], &[], &[]]),
        updated: front.updated,
        text: clean,
        content_hash: content_hash(relative, &text),
    };
    Ok(Prepared { document, passages, masked: Vec::new() })
}

/// BLAKE3 of everything that decides the document.
fn content_hash(relative: &str, text: &str) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&EXTRACTOR_VERSION.to_le_bytes());
    hash.update(relative.as_bytes());
    hash.update(&[0]);
    hash.update(text.as_bytes());
    hash.finalize().to_hex().to_string()
}

/// The body with the summary below its title and the sources at its end.
fn completed(front: &FrontMatter, body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 1_000);
    let summary = front.summary.as_deref().filter(|summary| {
        let flat = body.split_whitespace().collect::<Vec<_>>().join(" ");
        !flat.contains(summary.trim())
    });
    let heading_end = body.find("# ").filter(|at| *at == 0 || body[..*at].trim().is_empty());
    let heading_end = heading_end.map(|at| body[at..].find('\n').map_or(body.len(), |end| at + end + 1));
    let (heading, rest) = body.split_at(heading_end.unwrap_or(0));
    out.push_str(heading);
    if let Some(summary) = summary {
        out.push('\n');
        out.push_str(summary);
        out.push_str("\n\n");
    }
    out.push_str(rest);
    let has_sources = body.lines().any(|line| line.trim().eq_ignore_ascii_case("## sources"));
    if !front.sources.is_empty() && !has_sources {
        out.push_str("\n\n## Sources\n\n");
        for source in &front.sources {
            out.extend(["- [", &source.title, "](", &source.url, ")\n"]);
        }
    }
    out
}

/// Everything that is wrong with a curated document; empty if it is well-formed.
pub fn validate(relative: &str, text: &str) -> Vec<Problem> {
    let text = text.replace("\r\n", "\n");
    let Some((block, body)) = front_matter_block(&text) else {
        return vec![Problem::NoFrontMatter];
    };
    if let Err(error) = serde_yaml_ng::from_str::<serde_yaml_ng::Mapping>(block) {
        return vec![Problem::BadYaml(error.to_string())];
    }
    let (front, _) = split_front_matter(&text);
    let mut problems = Vec::new();
    let (needed, allowed) = keys_of(kind_of_path(relative));
    let known = |key: &str| KEYS.contains(&key) || needed.contains(&key) || allowed.contains(&key);
    for key in front.keys.iter().filter(|key| !known(key.as_str())) {
        problems.push(Problem::UnknownKey(key.clone()));
    }
    problems.extend(
        needed.iter().filter(|key| !front.keys.iter().any(|has| has == *key)).map(|key| Problem::MissingKey(key)),
    );
    for key in KEYS.into_iter().filter(|key| is_missing(&front, key)) {
        problems.push(if key == "updated" && front.keys.iter().any(|given| given == key) {
            Problem::BadDate
        } else {
            Problem::MissingKey(key)
        });
    }
    problems.extend(kind_problem(relative, &front));
    problems.extend(heading_problem(&front, body));
    let word = |word: &&String| !word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
    problems.extend(raw_words(block).iter().filter(word).map(|word| Problem::BadWord(word.clone())));
    let bad_source = |url: &&str| !url.starts_with("https://") || url.len() < 12 || url.contains(char::is_whitespace);
    let urls = front.sources.iter().map(|source| source.url.as_str());
    problems.extend(urls.filter(bad_source).map(|url| Problem::BadUrl(url.to_owned())));
    problems
}

fn is_missing(front: &FrontMatter, key: &str) -> bool {
    match key {
        "title" => front.title.is_none(),
        "kind" => front.kind.is_none(),
        "services" => front.services.is_empty(),
        "tags" => front.tags.is_empty(),
        "updated" => front.updated.is_none(),
        "summary" => front.summary.is_none(),
        _ => front.sources.is_empty(),
    }
}

fn kind_problem(relative: &str, front: &FrontMatter) -> Option<Problem> {
    let kind: Kind = match front.kind.as_deref()?.parse() {
        Ok(kind) => kind,
        Err(error) => return Some(Problem::UnknownKind(error)),
    };
    let folder = kind_of_path(relative);
    (relative.contains('/') && folder != kind).then_some(Problem::KindDiffersFromFolder { kind, folder })
}

fn heading_problem(front: &FrontMatter, body: &str) -> Option<Problem> {
    let extracted = extract(Format::Markdown, body);
    let mut headings = extracted.sections.iter().filter(|section| section.level == 1);
    let (Some(heading), None) = (headings.next(), headings.next()) else {
        let count = extracted.sections.iter().filter(|section| section.level == 1).count();
        return Some(Problem::NotOneHeading(count));
    };
    // Marks of emphasis and code may stand in the title as well as in the heading.
    let title = front.title.clone()?;
    let bare = |text: &str| text.replace(['`', '*'], "");
    let same = bare(&title) == bare(&heading.heading);
    (!same).then(|| Problem::TitleDiffers { title, heading: heading.heading.clone() })
}

/// Services and tags as they are written, upper case included.
fn raw_words(block: &str) -> Vec<String> {
    let Ok(mapping) = serde_yaml_ng::from_str::<serde_yaml_ng::Mapping>(block) else {
        return Vec::new();
    };
    let lists = ["services", "tags"].into_iter().filter_map(|key| mapping.get(key)?.as_sequence());
    lists.flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\ntitle: Widgets fail\nkind: troubleshooting\nservices: [ec2]\nsymptoms: [nothing works]\ntags: [widgets, \"403\"]\n\
        updated: 2026-01-02\nsummary: How to mend widgets.\nsources:\n  - title: Widgets\n    url: https://docs.aws.amazon.com/w.html\n\
        ---\n\n# Widgets fail\n\nFirst look.\n\n## Step 1\n\nLook again.\n";

    #[test]
    fn a_document_shows_what_it_rests_on() {
        let prepared = prepare("troubleshooting/widgets.md", GOOD).unwrap();
        let document = &prepared.document;
        assert_eq!(document.id, "corpus/troubleshooting/widgets.md");
        assert_eq!((document.kind, document.updated), (Kind::Troubleshooting, Some(1_767_312_000)));
        assert_eq!((document.url.as_ref(), document.path.as_ref()), (None, None));
        assert_eq!(
            document.text,
            "# Widgets fail\n\nHow to mend widgets.\n\nFirst look.\n\n## Step 1\n\nLook again.\n\n## Sources\n\n\
             - [Widgets](https://docs.aws.amazon.com/w.html)\n"
        );
        assert!(!prepared.passages.is_empty());
        assert_eq!(prepare("x.md", "---\ntitle: x\n---\n").unwrap_err().reason, Reason::Empty);
    }

    #[test]
    fn readmes_are_not_documents() {
        let cases =
            [("patterns/a.md", true), ("README.md", false), ("patterns/README.md", false), ("patterns/a.png", false)];
        for (path, is) in cases {
            assert_eq!(is_document(path), is, "{path}");
        }
    }

    #[test]
    fn well_formed() {
        assert_eq!(validate("troubleshooting/widgets.md", GOOD), []);
    }

    #[test]
    fn the_documents_of_this_repository_are_well_formed() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
        let walk = crate::source::folder::walk(&crate::source::folder::FolderOptions::new(root, SOURCE)).unwrap();
        for found in walk.files.iter().filter(|found| is_document(&found.relative)) {
            let text = fs_err::read_to_string(&found.path).unwrap();
            assert_eq!(validate(&found.relative, &text), [], "{}", found.relative);
            let prepared = prepare(&found.relative, &text).unwrap();
            assert!(prepared.document.text.contains("\n## Sources\n"), "{}", found.relative);
        }
    }

    #[test]
    fn every_problem_is_named() {
        let problem = |from: &str, to: &str| validate("troubleshooting/w.md", &GOOD.replace(from, to));
        let cases = [
            ("---\ntitle", "title", Problem::NoFrontMatter),
            ("services:", "service:", Problem::UnknownKey("service".to_owned())),
            ("tags: [widgets, \"403\"]\n", "", Problem::MissingKey("tags")),
            ("2026-01-02", "soon", Problem::BadDate),
            ("[ec2]", "[EC2]", Problem::BadWord("EC2".to_owned())),
            ("https://docs", "docs", Problem::BadUrl("docs.aws.amazon.com/w.html".to_owned())),
            (
                "# Widgets fail\n",
                "# Gadgets fail\n",
                Problem::TitleDiffers { title: "Widgets fail".to_owned(), heading: "Gadgets fail".to_owned() },
            ),
            ("# Widgets fail\n", "", Problem::NotOneHeading(0)),
            (
                "kind: troubleshooting",
                "kind: pattern",
                Problem::KindDiffersFromFolder { kind: Kind::Pattern, folder: Kind::Troubleshooting },
            ),
        ];
        for (from, to, expected) in cases {
            let problems = problem(from, to);
            assert!(problems.contains(&expected), "{expected:?} not in {problems:?}");
        }
        assert!(matches!(problem("kind: troubleshooting", "kind: poem")[..], [Problem::UnknownKind(_)]));
        assert!(matches!(problem("title: Widgets fail", "title: [")[..], [Problem::BadYaml(_)]));
    }
}
