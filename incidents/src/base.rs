//! All incidents that are known, and those that a symptom is like.

use std::sync::Arc;

use cloudops_indexes::embed::{EmbedError, PassageText, Table};
use cloudops_indexes::memory::{Collection, Field};
use cloudops_indexes::model::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::incident::{Incident, Status};
use crate::matching::{Weights, shared};
use crate::note::Note;
use crate::recognize::{push_new, recognize};

/// Learned on `evaluation/incidents/queries.csv`; see `docs/incidents.md`.
const WEIGHTS: Weights = Weights { words: 1.0, vector: 0.05, names: 1.2, services: 0.1, recency: 0.03 };
/// Incidents of each side that are looked at closer.
const CANDIDATES: usize = 60;
/// Two fixes are one if they have this share of their words in common.
const SAME_FIX: f32 = 0.6;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// A symptom, an error message, a finding, in any words.
    pub text: String,
    /// Error codes, names of alarms, ARNs: compared letter by letter.
    pub names: Vec<String>,
    /// Services that are concerned.
    pub services: Vec<String>,
    /// An incident that is not an answer: the one that is asked about.
    pub except: Option<String>,
    /// Only those that are over.
    pub resolved_only: bool,
}

/// An incident that is like what was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar<'a> {
    /// What happened.
    pub incident: &'a Incident,
    /// Where it can be read, if it is a document.
    pub document: Option<&'a str>,
    /// Comparable within one answer.
    pub score: f32,
    /// Names that both have.
    pub names: Vec<String>,
    /// How often its fix was tried, and worked, in all incidents.
    pub fix: Tally,
}

/// How often something was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times it ended the incident, or helped.
    pub worked: u32,
    /// Times it did not.
    pub failed: u32,
}

/// A fix of several incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct FixSummary {
    /// In the words of the incident that is most like what was looked for.
    pub what: String,
    /// Over all incidents in which the same was done.
    pub tally: Tally,
    /// Those among the similar ones that tell of it, the most similar first.
    pub incidents: Vec<String>,
}

/// The incidents.
pub struct Base {
    collection: Collection,
    known: FxHashMap<u32, Known>,
    by_id: FxHashMap<String, u32>,
    tried: FxHashMap<String, Tally>,
}

struct Known {
    incident: Incident,
    document: Option<String>,
}

impl Base {
    /// No incident yet. Vectors are made by the table.
    pub fn new(table: Arc<Table>) -> Self {
        Self {
            collection: Collection::new(table),
            known: FxHashMap::default(),
            by_id: FxHashMap::default(),
            tried: FxHashMap::default(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Adds an incident, or replaces the one of the same id. `document` is where it can be read.
    pub fn put(&mut self, note: Note, document: Option<String>) -> Result<(), EmbedError> {
        let Note { incident, text } = note;
        self.remove(&incident.id);
        let join = |lines: &[String]| lines.join("\n");
        let symptoms = join(&incident.symptoms);
        let codes = join(&[&incident.error_codes[..], &incident.alarms[..]].concat());
        let cause = format!(
            "{}\n{}\n{}",
            incident.root_cause.as_deref().unwrap_or_default(),
            incident.cause.as_deref().unwrap_or_default(),
            join(&incident.tags)
        );
        let services = incident.services.join(" ");
        let fields = [
            Field { text: &incident.title, weight: 1.0 },
            Field { text: &symptoms, weight: 3.0 },
            Field { text: &codes, weight: 1.5 },
            Field { text: &services, weight: 1.0 },
            Field { text: &cause, weight: 0.7 },
            Field { text: &text, weight: 0.7 },
        ];
        let names = [&incident.error_codes[..], &incident.alarms[..], &incident.resources[..]].concat();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push(&incident.id);
        let meaning = PassageText { title: &incident.title, headings: &services, body: &symptoms };
        let number = self.collection.insert(&fields, &names, meaning)?;
        for (signature, worked) in outcomes(&incident) {
            let tally = self.tried.entry(signature).or_default();
            *if worked { &mut tally.worked } else { &mut tally.failed } += 1;
        }
        self.by_id.insert(incident.id.clone(), number);
        self.known.insert(number, Known { incident, document });
        Ok(())
    }

    /// Takes an incident out.
    pub fn remove(&mut self, id: &str) {
        let Some(number) = self.by_id.remove(id) else { return };
        self.collection.remove(number);
        if let Some(known) = self.known.remove(&number) {
            for (signature, worked) in outcomes(&known.incident) {
                if let Some(tally) = self.tried.get_mut(&signature) {
                    let count = if worked { &mut tally.worked } else { &mut tally.failed };
                    *count = count.saturating_sub(1);
                }
            }
        }
    }

    /// The incident with an id.
    pub fn get(&self, id: &str) -> Option<&Incident> {
        self.known.get(self.by_id.get(id)?).map(|known| &known.incident)
    }

    /// All incidents, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Incident> {
        self.known.values().map(|known| &known.incident)
    }

    /// Incidents like what is looked for, the most similar first.
    pub fn similar(&self, question: &Question, limit: usize, now: Timestamp) -> Result<Vec<Similar<'_>>, EmbedError> {
        let found = recognize(&question.text);
        let mut names = question.names.clone();
        for name in [found.error_codes, found.alarms, found.arns, found.ids].into_iter().flatten() {
            push_new(&mut names, name);
        }
        let services = if question.services.is_empty() { found.services } else { question.services.clone() };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // What is only named is looked for by its words too.
        let text = if question.text.trim().is_empty() { names.join(" ") } else { question.text.clone() };
        let mut similar: Vec<Similar<'_>> = self
            .collection
            .search(&text, &names, CANDIDATES.max(limit))?
            .into_iter()
            .filter_map(|scores| {
                let known = self.known.get(&scores.number)?;
                let incident = &known.incident;
                let unwanted = question.except.as_deref() == Some(incident.id.as_str())
                    || question.resolved_only && incident.status != Status::Resolved;
                if unwanted {
                    return None;
                }
                let age = incident.when().map(|when| now - when);
                let score = WEIGHTS.score(&scores, shared(&services, &incident.services), age);
                let names = scores.names.into_iter().map(|(name, _)| name).collect();
                let fix = incident.fix.as_deref().map(|fix| self.tally(fix)).unwrap_or_default();
                Some(Similar { incident, document: known.document.as_deref(), score, names, fix })
            })
            .collect();
        similar.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.incident.id.cmp(&b.incident.id)));
        similar.truncate(limit);
        Ok(similar)
    }

    /// How often something was tried, in all incidents.
    pub fn tally(&self, what: &str) -> Tally {
        self.tried.get(&signature(what)).copied().unwrap_or_default()
    }

    /// What ended incidents that are alike, those that worked most often first.
    pub fn fixes(&self, similar: &[Similar<'_>]) -> Vec<FixSummary> {
        let mut summaries: Vec<(FxHashSet<String>, FxHashSet<String>, FixSummary)> = Vec::new();
        for found in similar {
            let Some(fix) = &found.incident.fix else { continue };
            let words: FxHashSet<String> = words(fix).collect();
            let same = summaries.iter_mut().find(|(known, ..)| overlap(known, &words) >= SAME_FIX);
            if let Some((_, signatures, summary)) = same {
                summary.incidents.push(found.incident.id.clone());
                if signatures.insert(signature(fix)) {
                    summary.tally.worked += found.fix.worked;
                    summary.tally.failed += found.fix.failed;
                }
            } else {
                let incidents = vec![found.incident.id.clone()];
                let summary = FixSummary { what: fix.clone(), tally: found.fix, incidents };
                summaries.push((words, FxHashSet::from_iter([signature(fix)]), summary));
            }
        }
        let mut fixes: Vec<FixSummary> = summaries.into_iter().map(|(.., summary)| summary).collect();
        // Stable: of fixes that worked as often, that of the more similar incident stays first.
        fixes.sort_by_key(|fix| std::cmp::Reverse(i64::from(fix.tally.worked) - i64::from(fix.tally.failed)));
        fixes
    }
}

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base").field("incidents", &self.known.len()).finish_non_exhaustive()
    }
}

/// What an incident says of what was tried: its fix worked, and every attempt with a known end counts once.
fn outcomes(incident: &Incident) -> Vec<(String, bool)> {
    let fix = incident.fix.iter().filter(|_| incident.status == Status::Resolved).map(|fix| (signature(fix), true));
    let attempts = incident.tried.iter().filter_map(|tried| Some((signature(&tried.what), tried.worked?)));
    let mut outcomes: Vec<(String, bool)> =
        fix.chain(attempts).filter(|(signature, _)| !signature.is_empty()).collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    outcomes
}

/// Words that say nothing of what was done.
const FILLERS: &[&str] = &[
    "a", "an", "and", "again", "by", "for", "from", "in", "it", "of", "on", "our", "that", "the", "then", "to", "was",
    "we", "with",
];

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).filter(|word| !FILLERS.contains(&word.as_str()))
}

/// The same for texts that differ in order, case, points and fillers only.
fn signature(text: &str) -> String {
    let mut words: Vec<String> = words(text).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// Share of the words of two texts that both have.
pub(crate) fn overlap(a: &FxHashSet<String>, b: &FxHashSet<String>) -> f32 {
    let both = a.intersection(b).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Attempt;

    fn incident(id: &str, title: &str, code: &str, fix: &str) -> Note {
        let incident = Incident {
            id: id.to_owned(),
            title: title.to_owned(),
            status: Status::Resolved,
            symptoms: vec![title.to_owned()],
            error_codes: vec![code.to_owned()],
            fix: Some(fix.to_owned()),
            ..Incident::default()
        };
        Note { incident, text: String::new() }
    }

    fn base() -> Base {
        let mut base = Base::new(Arc::new(Table::general().unwrap()));
        for note in [
            incident("A", "checkout pages time out", "TooManyConnections", "Raised max_connections."),
            incident("B", "orders are slow in the evening", "TooManyConnections", "raised the max_connections"),
            incident("C", "images are missing", "AccessDenied", "restored the bucket policy"),
        ] {
            base.put(note, None).unwrap();
        }
        base
    }

    fn ids(base: &Base, question: &Question) -> Vec<String> {
        let similar = base.similar(question, 10, 0).unwrap();
        similar.into_iter().map(|found| found.incident.id.clone()).collect()
    }

    fn question(text: &str) -> Question {
        Question { text: text.to_owned(), ..Question::default() }
    }

    #[test]
    fn by_symptom_by_code_and_by_id() {
        let base = base();
        assert_eq!(ids(&base, &question("our checkout times out"))[0], "A");
        let named = Question { names: vec!["accessdenied".to_owned()], ..Question::default() };
        assert_eq!(ids(&base, &named)[0], "C");
        assert_eq!(ids(&base, &question("got AccessDenied"))[0], "C");
        let other = Question { except: Some("A".to_owned()), ..question("checkout times out, TooManyConnections") };
        assert_eq!(ids(&base, &other)[0], "B");
    }

    #[test]
    fn the_same_fix_is_counted_over_all_incidents() {
        let mut base = base();
        let mut failed = incident("D", "pool is empty", "X", "more pods");
        failed.incident.tried = vec![Attempt { what: "raised max_connections".to_owned(), worked: Some(false) }];
        base.put(failed, None).unwrap();
        assert_eq!(base.tally("Raised the max_connections"), Tally { worked: 2, failed: 1 });
        let fixes = base.fixes(&base.similar(&question("TooManyConnections"), 2, 0).unwrap());
        assert_eq!(fixes.len(), 1);
        assert_eq!(fixes[0].tally, Tally { worked: 2, failed: 1 });
        assert_eq!(fixes[0].incidents.len(), 2);
        base.remove("D");
        base.remove("D");
        assert_eq!(base.tally("raised max_connections"), Tally { worked: 2, failed: 0 });
    }

    #[test]
    fn a_newer_version_replaces_the_one_before() {
        let mut base = base();
        base.put(incident("A", "mail is late", "Y", "z"), None).unwrap();
        assert_eq!(base.len(), 3);
        assert_eq!(ids(&base, &question("mail is late"))[0], "A");
        assert!(
            base.similar(&question("checkout"), 10, 0)
                .unwrap()
                .iter()
                .all(|found| found.incident.id != "A" || found.score < 0.5)
        );
    }
}
