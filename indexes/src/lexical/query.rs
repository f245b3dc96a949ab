//! What a user typed, as clauses. Taken literally unless query syntax is asked for.

use super::analysis::Terms;
use super::identifiers::identifiers;

/// More distinct terms than this are not a question but a pasted text: the rarest are kept.
pub(crate) const MAX_TERMS: usize = 64;

/// How a clause takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occur {
    Should,
    Must,
    MustNot,
}

/// Words that belong together: one word, or all words of a quoted phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) occur: Occur,
    /// Only in the title.
    pub(crate) title: bool,
    pub(crate) terms: Vec<String>,
}

/// A question, analysed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ParsedQuery {
    pub(crate) clauses: Vec<Clause>,
    pub(crate) identifiers: Vec<String>,
}

impl ParsedQuery {
    /// Takes the text literally: every word may match, none must.
    pub(crate) fn literal(text: &str) -> Self {
        let clauses = Terms::default()
            .distinct(text)
            .into_iter()
            .map(|term| Clause { occur: Occur::Should, title: false, terms: vec![term] })
            .collect();
        let mut identifiers = identifiers(text);
        identifiers.truncate(MAX_TERMS);
        Self { clauses, identifiers }
    }

    /// Reads `+must -not "all of these" title:word`. Errors say what is wrong, for people.
    pub(crate) fn syntax(text: &str) -> Result<Self, String> {
        let mut terms = Terms::default();
        let mut clauses = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let mut occur = Occur::Should;
            if let Some(after) = rest.strip_prefix('+') {
                (occur, rest) = (Occur::Must, after);
            } else if let Some(after) = rest.strip_prefix('-') {
                (occur, rest) = (Occur::MustNot, after);
            }
            let title = rest.strip_prefix("title:");
            rest = title.unwrap_or(rest);
            let words;
            if let Some(after) = rest.strip_prefix('"') {
                let (phrase, behind) = after.split_once('"').ok_or("a quote is not closed")?;
                (words, rest) = (phrase, behind);
            } else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (words, rest) = rest.split_at(end);
            }
            let clause = Clause { occur, title: title.is_some(), terms: terms.distinct(words) };
            if words.is_empty() {
                return Err("a word is missing behind `+`, `-` or `title:`".to_owned());
            }
            if !clause.terms.is_empty() {
                clauses.push(clause);
            }
            rest = rest.trim_start();
        }
        if !clauses.is_empty() && clauses.iter().all(|clause| clause.occur == Occur::MustNot) {
            return Err("something must be asked for besides what is excluded with `-`".to_owned());
        }
        if clauses.iter().map(|clause| clause.terms.len()).sum::<usize>() > MAX_TERMS {
            return Err(format!("there are more than {MAX_TERMS} words"));
        }
        Ok(Self { clauses, identifiers: Vec::new() })
    }

    /// Every term that may be found in an answer, for highlighting.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.clauses.iter().filter(|c| c.occur != Occur::MustNot).flat_map(|c| c.terms.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(occur: Occur, title: bool, terms: &[&str]) -> Clause {
        Clause { occur, title, terms: terms.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn literal_never_reads_syntax() {
        let query = ParsedQuery::literal("+ec2 -vpc \"open title:x AND OR s3:*");
        assert!(query.clauses.iter().all(|c| c.occur == Occur::Should && !c.title && c.terms.len() == 1));
        assert_eq!(query.terms().collect::<Vec<_>>(), ["ec2", "vpc", "open", "titl", "x", "s3"]);
    }

    #[test]
    fn syntax_is_read_when_asked_for() {
        let query = ParsedQuery::syntax("+ec2 -vpc \"host keys\" title:ssh of").unwrap();
        assert_eq!(
            query.clauses,
            [
                clause(Occur::Must, false, &["ec2"]),
                clause(Occur::MustNot, false, &["vpc"]),
                clause(Occur::Should, false, &["host", "key"]),
                clause(Occur::Should, true, &["ssh"]),
            ]
        );
    }

    #[test]
    fn wrong_syntax_says_what_is_wrong() {
        for (text, reason) in [("\"open", "quote"), ("+", "missing"), ("-vpc", "besides"), ("title:", "missing")] {
            let error = ParsedQuery::syntax(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
