//! What a user typed, as clauses. Taken literally unless query syntax is asked for.

use rustc_hash::FxHashSet;

use super::analysis::Terms;
use super::identifiers::identifiers;
use crate::hybrid::Correction;
use crate::words::{
    Alternative, CORRECTION_WEIGHT, Expansion, Role, THESAURUS, Token, Vocabulary, correct, joined, recognize, split,
    split_name, tidy, tokens,
};

/// More distinct terms than this are not a question but a pasted text: the rarest are kept.
pub(crate) const MAX_TERMS: usize = 64;

/// Unknown words of one question that are looked up; each costs up to some milliseconds.
const MAX_CORRECTIONS: usize = 4;

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
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ParsedQuery {
    pub(crate) clauses: Vec<Clause>,
    pub(crate) identifiers: Vec<String>,
    /// Other words for those of the clauses.
    pub(crate) expansions: Vec<Expansion>,
    /// Words that were taken for others.
    pub(crate) corrections: Vec<Correction>,
}

impl ParsedQuery {
    /// Takes the text literally: every word may match, none must. Other words that may be meant are added, of less
    /// weight.
    pub(crate) fn literal(text: &str, vocabulary: &impl Vocabulary) -> tantivy::Result<Self> {
        let mut terms = Terms::default();
        let recognized = recognize(text);
        let mut tokens = self::tokens(&recognized.text, &mut terms);
        let mut said = self::said(&tokens);
        if said.is_empty() {
            // Nothing but data: then it is all that can be looked for.
            tokens = self::tokens(text, &mut terms);
            said = self::said(&tokens);
        }
        let mut identifiers = identifiers(text);
        for action in recognized.actions {
            if !identifiers.contains(&action) {
                identifiers.push(action);
            }
        }
        identifiers.truncate(MAX_TERMS);
        let mut corrections = Vec::new();
        let expansions = if said.len() <= MAX_TERMS {
            let expansions = expand(&mut tokens, &mut terms, vocabulary, &mut corrections)?;
            tidy(expansions, &said.iter().map(String::as_str).collect())
        } else {
            Vec::new()
        };
        let clauses =
            said.into_iter().map(|term| Clause { occur: Occur::Should, title: false, terms: vec![term] }).collect();
        Ok(Self { clauses, identifiers, expansions, corrections })
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
        Ok(Self { clauses, ..Self::default() })
    }

    /// Every term that may be found in an answer, for highlighting.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        let asked = self.clauses.iter().filter(|c| c.occur != Occur::MustNot).flat_map(|c| &c.terms);
        let meant = self.expansions.iter().flat_map(|e| &e.alternatives).flat_map(|a| &a.terms);
        asked.chain(meant).map(String::as_str)
    }
}

/// Distinct terms of a question in the order in which they come, without chatter unless there is nothing else.
fn said(tokens: &[Token]) -> Vec<String> {
    let distinct = |role| {
        let mut seen = FxHashSet::default();
        let with_role = tokens.iter().filter(|token| token.role == role);
        with_role.filter(|token| seen.insert(&token.key)).map(|token| token.key.clone()).collect::<Vec<_>>()
    };
    let content = distinct(Role::Content);
    if content.is_empty() { distinct(Role::Chatter) } else { content }
}

/// Other words for those of a question: corrections, other spellings, and what the thesaurus says.
fn expand(
    tokens: &mut [Token],
    terms: &mut Terms,
    vocabulary: &impl Vocabulary,
    corrections: &mut Vec<Correction>,
) -> tantivy::Result<Vec<Expansion>> {
    let mut expansions = Vec::new();
    let mut looked_up = 0;
    for token in tokens.iter_mut().filter(|token| token.role == Role::Content) {
        if let Some(inner) = split_name(token, terms) {
            expansions.push(inner);
            continue;
        }
        let frequency = vocabulary.frequency(&token.key)?;
        if let Some(parts) = split(token, frequency, terms, vocabulary)? {
            expansions.push(parts);
            continue;
        }
        // What is in capitals or part of a name is spelled as somebody meant it.
        let is_word = frequency == 0 && !token.in_name && token.written.chars().skip(1).all(char::is_lowercase);
        if !is_word || THESAURUS.knows(&token.key) {
            continue;
        }
        let known = corrections.iter().find(|known| known.word == token.lower).map(|known| known.read_as.clone());
        let is_new = known.is_none();
        let meant = match known {
            None if looked_up == MAX_CORRECTIONS => continue,
            None => {
                looked_up += 1;
                correct(&token.lower, terms, vocabulary)?
            }
            known => known,
        };
        if let Some(meant) = meant
            && let Some(term) = terms.term(&meant)
        {
            let alternatives = vec![Alternative { terms: vec![term.clone()], weight: CORRECTION_WEIGHT }];
            // From here on the right word stands for the wrong one, so that phrases with it are found.
            let of = vec![std::mem::replace(&mut token.key, term)];
            expansions.push(Expansion { of, alternatives });
            let word = std::mem::replace(&mut token.lower, meant.clone());
            if is_new {
                corrections.push(Correction { word, read_as: meant });
            }
        }
    }
    expansions.extend(joined(tokens, terms, vocabulary)?);
    expansions.extend(THESAURUS.expand(tokens));
    Ok(expansions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::testing::Words;

    fn clause(occur: Occur, title: bool, terms: &[&str]) -> Clause {
        Clause { occur, title, terms: terms.iter().map(ToString::to_string).collect() }
    }

    fn literal(text: &str) -> ParsedQuery {
        ParsedQuery::literal(text, &Words::of(&["permissions of an instance", "permissions", "permission timeout"]))
            .unwrap()
    }

    fn clauses(text: &str) -> Vec<String> {
        literal(text).clauses.into_iter().flat_map(|clause| clause.terms).collect()
    }

    fn meant(text: &str) -> Vec<String> {
        let alternatives = literal(text).expansions.into_iter().flat_map(|expansion| expansion.alternatives);
        alternatives.map(|alternative| alternative.terms.join(" ")).collect()
    }

    #[test]
    fn literal_never_reads_syntax() {
        let query = literal("+ec2 -vpc \"open title:x AND OR s3:*");
        assert!(query.clauses.iter().all(|c| c.occur == Occur::Should && !c.title && c.terms.len() == 1));
        assert_eq!(clauses("+ec2 -vpc \"open title:x AND OR s3:*"), ["ec2", "vpc", "open", "titl", "x", "s3"]);
    }

    #[test]
    fn chatter_goes_unless_there_is_nothing_else() {
        assert_eq!(clauses("I'm trying to help, but the stack won't update"), ["stack", "updat"]);
        assert_eq!(clauses("Help!"), ["help"]);
        assert_eq!(clauses("what is it"), Vec::<String>::new());
    }

    #[test]
    fn data_goes_unless_there_is_nothing_else() {
        assert_eq!(clauses("i-0123456789abcdef0 in vpc-1a2b3c4d hangs"), ["instanc", "vpc", "hang"]);
        assert_eq!(clauses("0c8ffa1f-1b2c-4d5e-8f90-123456789abc").len(), 5);
        assert_eq!(literal("aws s3api put-bucket-policy").identifiers, ["put-bucket-policy", "putbucketpolicy"]);
    }

    #[test]
    fn mistakes_are_corrected_before_the_thesaurus_is_asked() {
        assert!(meant("permisions")[0].contains("permiss"));
        assert_eq!(clauses("permisions"), ["permis"]);
        let corrections = literal("Permisions of an instance").corrections;
        assert_eq!(corrections, [Correction { word: "permisions".into(), read_as: "permissions".into() }]);
        assert_eq!(meant("Permisions PERMISIONS x.permisions permisions").len(), 1);
        assert_eq!(literal("permisions permisions permisions").corrections.len(), 1);
        assert!(meant("PERMISIONS").is_empty() && meant("x.permisions").is_empty());
        assert!(meant("time out").contains(&"timeout".to_owned()));
    }

    #[test]
    fn a_pasted_text_is_not_expanded() {
        let text: Vec<String> = (0..=MAX_TERMS).map(|at| format!("box{at} box")).collect();
        assert!(literal(&text.join(" ")).expansions.is_empty());
    }

    proptest! {
        #[test]
        fn expansion_leaves_the_words_of_the_question_alone(
            words in prop::collection::vec(prop::sample::select(&[
                "box", "sg", "spin", "up", "how", "many", "permisions", "loadbalancer", "timeout", "out", "time", "key",
                "ssh", "DescribeInstances", "503", "instance", "security", "group", "is", "cf", "template", "full",
            ][..]), 0..20)
        ) {
            let question = words.join(" ");
            let query = literal(&question);
            prop_assert_eq!(
                query.clauses.iter().flat_map(|c| c.terms.clone()).collect::<Vec<_>>(),
                Terms::default().distinct(&question)
            );
            for alternative in query.expansions.iter().flat_map(|expansion| &expansion.alternatives) {
                prop_assert!(alternative.weight > 0.0 && alternative.weight < 1.0);
                prop_assert!(!alternative.terms.is_empty());
                prop_assert!(query.clauses.iter().all(|clause| !alternative.terms.contains(&clause.terms[0])));
            }
        }
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
