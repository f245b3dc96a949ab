//! Pages as question files name them, and documents as the index does.
//!
//! A page is `<guide>/<page>`. In the index it has the name of its source in front, and where the guide is a repository
//! of AWS documentation, `doc_source` between the two.

/// The folder that repositories of AWS documentation keep their pages in.
const DOC_SOURCE: &str = "/doc_source";

/// Whether a document is the page.
pub(crate) fn is_page(id: &str, page: &str) -> bool {
    ends_with(id, page)
        || page.split_once('/').is_some_and(|(guide, page)| ends_with(id, &format!("{guide}{DOC_SOURCE}/{page}")))
}

/// Whether a document is in the same guide as the page.
pub(crate) fn same_guide(id: &str, page: &str) -> bool {
    let guide = |id: &str| {
        let folder = id.rsplit_once('/').map(|(folder, _)| folder)?;
        Some(folder.strip_suffix(DOC_SOURCE).unwrap_or(folder).to_owned())
    };
    match (guide(id), guide(page)) {
        (Some(guide), Some(wanted)) => ends_with(&guide, &wanted),
        _ => false,
    }
}

/// Whether a document has the file name of the page, wherever it is.
pub(crate) fn same_name(id: &str, page: &str) -> bool {
    id.rsplit('/').next() == page.rsplit('/').next()
}

/// Ids that the page can have in an index with these sources, likely ones first.
pub(crate) fn possible_ids(page: &str, sources: &[String]) -> Vec<String> {
    let mut ids = vec![page.to_owned()];
    let (guide, file) = page.split_once('/').unwrap_or(("", page));
    for source in sources {
        ids.push(format!("{source}/{guide}{DOC_SOURCE}/{file}"));
        ids.push(format!("{source}/{page}"));
        ids.push(format!("{source}/documents/{guide}{DOC_SOURCE}/{file}"));
    }
    ids
}

/// Whole components of a path at its end.
fn ends_with(id: &str, end: &str) -> bool {
    id.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "amazon-ec2-user-guide/Using_Tags.md";

    #[test]
    fn a_page_is_the_end_of_an_id() {
        for id in [
            "amazon-ec2-user-guide/Using_Tags.md",
            "aws/amazon-ec2-user-guide/Using_Tags.md",
            "aws/documents/amazon-ec2-user-guide/doc_source/Using_Tags.md",
        ] {
            assert!(is_page(id, PAGE), "{id}");
        }
        for id in [
            "aws/amazon-ec2-user-guide-windows/doc_source/Using_Tags.md",
            "aws/xamazon-ec2-user-guide/Using_Tags.md",
            "aws/amazon-ec2-user-guide/doc_source/Not_Using_Tags.md",
        ] {
            assert!(!is_page(id, PAGE), "{id}");
        }
    }

    #[test]
    fn every_possible_id_is_the_page() {
        let ids = possible_ids(PAGE, &["aws".to_owned(), "docs".to_owned()]);
        assert_eq!(ids.len(), 7);
        assert!(ids.iter().all(|id| is_page(id, PAGE)), "{ids:?}");
    }

    #[test]
    fn guides_and_names_are_told_apart() {
        assert!(same_guide("aws/amazon-ec2-user-guide/doc_source/concepts.md", PAGE));
        assert!(!same_guide("aws/amazon-ec2-user-guide-windows/doc_source/concepts.md", PAGE));
        assert!(same_guide("corpus/patterns/a.md", "corpus/patterns/b.md"));
        assert!(!same_guide("corpus/incidents/a.md", "corpus/patterns/b.md"));
        assert!(!same_guide("a.md", "b.md"), "outside of any guide");
        assert!(same_name("aws/amazon-ec2-user-guide-windows/doc_source/Using_Tags.md", PAGE));
        assert!(!same_name("aws/amazon-ec2-user-guide/doc_source/concepts.md", PAGE));
    }
}
