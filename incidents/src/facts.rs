//! What a document states about itself in its last section, one line for each fact.

use cloudops_ingest::extract::FACTS_HEADING;

/// Label and value of every fact, in order.
pub(crate) fn facts(text: &str) -> Vec<(&str, &str)> {
    let Some(section) = section(text) else {
        return Vec::new();
    };
    section.lines().filter_map(|line| line.strip_prefix("- ")?.split_once(": ")).collect()
}

/// The text without its facts.
pub(crate) fn without_facts(text: &str) -> &str {
    section(text).map_or(text, |section| &text[..section.as_ptr().addr() - text.as_ptr().addr()])
}

fn section(text: &str) -> Option<&str> {
    let heading = format!("## {FACTS_HEADING}\n");
    let at_line_start = |at: &usize| *at == 0 || text[..*at].ends_with('\n');
    let at = text.rmatch_indices(&heading).map(|(at, _)| at).find(at_line_start)?;
    Some(&text[at..])
}

/// The values of a label.
pub(crate) fn values(facts: &[(&str, &str)], label: &str) -> Vec<String> {
    let wanted = facts.iter().filter(|(known, _)| *known == label);
    wanted.map(|(_, value)| (*value).to_owned()).collect()
}

/// The first value of a label.
pub(crate) fn value(facts: &[(&str, &str)], label: &str) -> Option<String> {
    facts.iter().find(|(known, _)| *known == label).map(|(_, value)| (*value).to_owned())
}

/// Titles and addresses of the pages that a document rests on.
pub(crate) fn sources(facts: &[(&str, &str)]) -> Vec<(String, String)> {
    let source = |text: String| {
        let (title, url) = text.rsplit_once(" <")?;
        Some((title.to_owned(), url.strip_suffix('>')?.to_owned()))
    };
    values(facts, "Source").into_iter().filter_map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_section_counts() {
        let text = "# T\n\n- RTO: none\n\n## At a glance\n\n- RTO: 15m\n- Fits: a: b\n";
        let found = facts(text);
        assert_eq!(found, [("RTO", "15m"), ("Fits", "a: b")]);
        assert_eq!(value(&found, "RTO").as_deref(), Some("15m"));
        assert_eq!(values(&found, "Fits"), ["a: b"]);
        assert_eq!(without_facts(text), "# T\n\n- RTO: none\n\n");
        assert!(facts("# T\n").is_empty());
    }
}
