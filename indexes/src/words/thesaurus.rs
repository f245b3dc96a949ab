//! The thesaurus that comes with the program (`corpus/thesaurus.yaml`), and finding its phrases in a question.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::expansion::{Alternative, Expansion};
use super::tokens::{Role, Token, tokens};
use crate::lexical::Terms;

/// Weight of a group that states none, in a section that states none.
const DEFAULT_WEIGHT: f32 = 0.45;

/// The thesaurus of this program. That it can be read is tested; if it could not, questions would mean what they say.
pub(crate) static THESAURUS: LazyLock<Thesaurus> = LazyLock::new(|| {
    Thesaurus::read(include_str!("../../../corpus/thesaurus.yaml"))
        .inspect_err(|error| tracing::error!(%error, "the thesaurus is left out"))
        .unwrap_or_default()
});

/// What is wrong with a thesaurus.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ThesaurusError {
    #[error("it is not written as it should be: {0}")]
    Format(#[from] serde_yaml_ng::Error),
    #[error("`{0}` has no words")]
    Empty(String),
    #[error("`{phrase}` leads to itself through `{to}`; take it out of `to`")]
    Itself { phrase: String, to: String },
    #[error("`{0}` comes twice with the same conditions; make one group of them")]
    Twice(String),
    #[error("`{0}` is a condition of several words; conditions are single words")]
    Condition(String),
    #[error("`{phrase}` has the weight {weight}; weights are above 0 and below 1")]
    Weight { phrase: String, weight: f32 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Phrases inside of which nothing is expanded.
    keep: Vec<String>,
    sections: Vec<Section>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what a section is about and where that is written is for people, and is demanded")]
struct Section {
    about: String,
    see: String,
    weight: Option<f32>,
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    from: Vec<String>,
    to: Vec<String>,
    weight: Option<f32>,
    /// Any of these words must be in the question.
    #[serde(default)]
    when: Vec<String>,
    /// None of them.
    #[serde(default)]
    unless: Vec<String>,
}

/// One phrase with its alternatives.
#[derive(Debug)]
struct Entry {
    alternatives: Vec<Alternative>,
    when: Vec<u32>,
    unless: Vec<u32>,
}

/// A place in the tree of phrases.
#[derive(Debug, Default)]
struct Node {
    /// Entries that end here, those with conditions first.
    entries: Vec<Entry>,
    /// A phrase ends here, with or without entries.
    ends: bool,
}

/// Phrases as a tree over words, so that finding them takes as many steps as the question has words, times the length
/// of the longest phrase.
#[derive(Debug, Default)]
pub(crate) struct Thesaurus {
    words: FxHashMap<Box<str>, u32>,
    nodes: Vec<Node>,
    steps: FxHashMap<(u32, u32), u32>,
    longest: usize,
}

impl Thesaurus {
    /// Reads and checks a thesaurus.
    pub(crate) fn read(yaml: &str) -> Result<Self, ThesaurusError> {
        let file: File = serde_yaml_ng::from_str(yaml)?;
        let mut thesaurus = Self { nodes: vec![Node::default()], ..Self::default() };
        let mut terms = Terms::default();
        for phrase in &file.keep {
            let at = thesaurus.place(&phrase_keys(phrase, &mut terms)?);
            if std::mem::replace(&mut thesaurus.nodes[at].ends, true) {
                return Err(ThesaurusError::Twice(phrase.clone()));
            }
        }
        for section in file.sections {
            for group in section.groups {
                thesaurus.add(&group, section.weight.unwrap_or(DEFAULT_WEIGHT), &mut terms)?;
            }
        }
        for node in &mut thesaurus.nodes {
            node.entries.sort_by_key(|entry| entry.when.is_empty());
        }
        Ok(thesaurus)
    }

    fn add(&mut self, group: &Group, weight: f32, terms: &mut Terms) -> Result<(), ThesaurusError> {
        let weight = group.weight.unwrap_or(weight);
        let when = self.conditions(&group.when, terms)?;
        let unless = self.conditions(&group.unless, terms)?;
        for phrase in &group.from {
            let keys = phrase_keys(phrase, terms)?;
            if weight <= 0.0 || weight >= 1.0 {
                return Err(ThesaurusError::Weight { phrase: phrase.clone(), weight });
            }
            let mut alternatives = Vec::new();
            for to in &group.to {
                let meant = terms.distinct(to);
                if meant.is_empty() {
                    return Err(ThesaurusError::Empty(to.clone()));
                }
                // One list serves several phrases, and may name one of them; it is no alternative of itself.
                if !meant.iter().all(|term| keys.contains(term)) {
                    alternatives.push(Alternative { terms: meant, weight });
                }
            }
            if alternatives.is_empty() {
                let to = group.to.join(", ");
                return Err(ThesaurusError::Itself { phrase: phrase.clone(), to });
            }
            let at = self.place(&keys);
            let node = &mut self.nodes[at];
            if node.entries.iter().any(|entry| entry.when == when) {
                return Err(ThesaurusError::Twice(phrase.clone()));
            }
            node.ends = true;
            node.entries.push(Entry { alternatives, when: when.clone(), unless: unless.clone() });
        }
        Ok(())
    }

    fn conditions(&mut self, words: &[String], terms: &mut Terms) -> Result<Vec<u32>, ThesaurusError> {
        let mut numbers = Vec::new();
        for word in words {
            let keys = phrase_keys(word, terms)?;
            let [key] = keys.as_slice() else { return Err(ThesaurusError::Condition(word.clone())) };
            numbers.push(self.number(key));
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    fn number(&mut self, key: &str) -> u32 {
        let next = self.words.len() as u32;
        *self.words.entry(key.into()).or_insert(next)
    }

    /// The node at which a phrase ends, made if need be.
    fn place(&mut self, keys: &[String]) -> usize {
        let mut at = 0;
        for key in keys {
            let word = self.number(key);
            let next = self.nodes.len() as u32;
            at = *self.steps.entry((at, word)).or_insert(next);
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        self.longest = self.longest.max(keys.len());
        at as usize
    }

    /// Whether a stem is part of any phrase or condition: then it is no spelling mistake.
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.words.contains_key(key)
    }

    /// The alternatives of the phrases in a question. Of phrases that begin at the same word the longest counts, and
    /// the next one is looked for behind it.
    pub(crate) fn expand(&self, tokens: &[Token]) -> Vec<Expansion> {
        self.walk(tokens).0
    }

    /// [`Self::expand`], and the steps it took.
    fn walk(&self, tokens: &[Token]) -> (Vec<Expansion>, usize) {
        let words: Vec<Option<u32>> = tokens.iter().map(|token| self.words.get(token.key.as_str()).copied()).collect();
        let there: FxHashSet<u32> = words.iter().flatten().copied().collect();
        let holds = |entry: &Entry| {
            (entry.when.is_empty() || entry.when.iter().any(|word| there.contains(word)))
                && !entry.unless.iter().any(|word| there.contains(word))
        };
        let mut expansions = Vec::new();
        let mut steps = 0;
        let mut start = 0;
        while start < tokens.len() {
            let mut node = 0u32;
            let mut longest: Option<(usize, &Node)> = None;
            for (at, word) in words.iter().enumerate().skip(start) {
                if at > start && tokens[at].breaks {
                    break;
                }
                steps += 1;
                let Some(next) = word.and_then(|word| self.steps.get(&(node, word))) else { break };
                node = *next;
                let found = &self.nodes[node as usize];
                if found.ends && (found.entries.is_empty() || found.entries.iter().any(holds)) {
                    longest = Some((at + 1, found));
                }
            }
            let Some((end, node)) = longest else {
                start += 1;
                continue;
            };
            let holding: Vec<&Entry> = node.entries.iter().filter(|entry| holds(entry)).collect();
            // What was said for a context counts before what was said for any.
            let in_context = holding.iter().any(|entry| !entry.when.is_empty());
            let alternatives: Vec<Alternative> = holding
                .iter()
                .filter(|entry| !in_context || !entry.when.is_empty())
                .flat_map(|entry| entry.alternatives.iter().cloned())
                .collect();
            if !alternatives.is_empty() {
                let of = tokens[start..end].iter().filter(|token| token.role == Role::Content);
                expansions.push(Expansion { of: of.map(|token| token.key.clone()).collect(), alternatives });
            }
            start = end;
        }
        (expansions, steps)
    }
}

fn phrase_keys(phrase: &str, terms: &mut Terms) -> Result<Vec<String>, ThesaurusError> {
    let keys: Vec<String> = tokens(phrase, terms).into_iter().map(|token| token.key).collect();
    if keys.is_empty() { Err(ThesaurusError::Empty(phrase.to_owned())) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(thesaurus: &Thesaurus, question: &str) -> Vec<String> {
        let expansions = thesaurus.expand(&tokens(question, &mut Terms::default()));
        let alternatives = expansions.into_iter().flat_map(|expansion| expansion.alternatives);
        alternatives.map(|alternative| alternative.terms.join(" ")).collect()
    }

    fn small(groups: &str) -> Result<Thesaurus, ThesaurusError> {
        let groups = groups.replace('\n', "\n      - ");
        Thesaurus::read(&format!(
            "keep: [sql server]\nsections:\n  - about: a\n    see: b\n    groups:\n      - {groups}\n"
        ))
    }

    #[test]
    fn the_thesaurus_of_the_program_can_be_read() {
        let yaml = include_str!("../../../corpus/thesaurus.yaml");
        let thesaurus = Thesaurus::read(yaml).unwrap();
        let groups = yaml.lines().filter(|line| line.trim_start().starts_with("- {from:")).count();
        assert!(groups >= 250, "{groups}");
        assert!(thesaurus.longest <= 6, "{}", thesaurus.longest);
    }

    #[test]
    fn phrases_are_found_in_any_form_and_lead_one_way() {
        let thesaurus = &*THESAURUS;
        assert_eq!(expand(thesaurus, "my boxes"), ["instanc"]);
        assert!(expand(thesaurus, "instances").is_empty());
        assert!(expand(thesaurus, "getting rid of it").contains(&"delet".to_owned()));
        assert!(expand(thesaurus, "how many can I have").contains(&"quota".to_owned()));
        assert!(expand(thesaurus, "our SG").contains(&"secur group".to_owned()));
    }

    #[test]
    fn context_decides() {
        let thesaurus = &*THESAURUS;
        assert_eq!(expand(thesaurus, "cf template"), ["cloudform", "cloudform"]);
        assert!(expand(thesaurus, "cf distribution").contains(&"cloudfront".to_owned()));
        assert_eq!(expand(thesaurus, "cf"), ["cloudfront", "cloudform"]);
        assert!(!expand(thesaurus, "scp a file").iter().any(|to| to.contains("control")));
    }

    #[test]
    fn the_longest_phrase_counts_and_kept_ones_stay() {
        let thesaurus = small("{from: [server], to: [instance]}\n{from: [server room], to: [region]}").unwrap();
        assert_eq!(expand(&thesaurus, "server room"), ["region"]);
        assert_eq!(expand(&thesaurus, "server. room"), ["instanc"]);
        assert!(expand(&thesaurus, "sql server").is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (groups, reason) in [
            ("{from: [boxes], to: [box]}", "leads to itself"),
            ("{from: [box, boxes], to: [instance]}", "twice"),
            ("{from: [box], to: [the]}", "no words"),
            ("{from: [\"...\"], to: [box]}", "no words"),
            ("{from: [box], to: [instance], weight: 1.0}", "weights are"),
            ("{from: [box], to: [instance], when: [big box]}", "several words"),
            ("{form: [box], to: [instance]}", "written"),
        ] {
            let error = small(groups).unwrap_err().to_string();
            assert!(error.contains(reason), "{groups}: {error}");
        }
    }

    #[test]
    fn finding_takes_as_many_steps_as_there_are_words() {
        let thesaurus = &*THESAURUS;
        let phrase = "get rid of how much does how how who deleted who ";
        for times in [1, 10, 1000] {
            let tokens = tokens(&phrase.repeat(times), &mut Terms::default());
            let (_, steps) = thesaurus.walk(&tokens);
            assert!(steps <= tokens.len() * (thesaurus.longest + 1), "{steps} for {}", tokens.len());
        }
    }
}
