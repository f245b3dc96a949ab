//! Architecture patterns and best practices, and which of them answer requirements.

use std::sync::Arc;

use cloudops_indexes::embed::{EmbedError, PassageText, Table};
use cloudops_indexes::memory::{Collection, Field};
use cloudops_indexes::model::{Document, Kind, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{facts, sources, value, values, without_facts};
use crate::matching::{Weights, shared};
use crate::recognize::recognize;

const WEIGHTS: Weights = Weights { words: 1.0, vector: 0.8, names: 0.2, services: 0.1, recency: 0.0 };
/// Advice of each side that is looked at closer.
const CANDIDATES: usize = 40;
/// What a condition that is met adds, and one that is not takes.
const CONDITION: f32 = 0.15;
/// What is for this industry counts before what is for any.
const OWN_INDUSTRY: f32 = 0.2;

/// A pattern or a best practice, as far as it states what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Document id.
    pub document: String,
    /// One line.
    pub title: String,
    /// A pattern or a best practice.
    pub kind: Kind,
    /// Its first paragraph.
    pub summary: String,
    /// Short lower-case AWS names.
    pub services: Vec<String>,
    /// Of the Well-Architected Framework.
    pub pillars: Vec<String>,
    /// `web`, `data`, ...; empty or `any` is for all.
    pub workloads: Vec<String>,
    /// `finance`, `healthcare`, ...; empty is for all.
    pub industries: Vec<String>,
    /// Requirements that it answers.
    pub fits: Vec<String>,
    /// Circumstances in which it is the wrong choice.
    pub avoid: Vec<String>,
    /// Time to serve again, seconds.
    pub rto: Option<u64>,
    /// Data lost, seconds.
    pub rpo: Option<u64>,
    /// `low`, `medium`, `high`.
    pub cost: Option<String>,
    /// `low`, `medium`, `high`.
    pub effort: Option<String>,
    /// Titles and addresses of the pages it rests on.
    pub sources: Vec<(String, String)>,
    /// When its content was last reviewed.
    pub updated: Option<Timestamp>,
}

/// What is required.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// In any words.
    pub text: String,
    /// As [`Advice::workloads`] has them.
    pub workload: Option<String>,
    /// As [`Advice::industries`] has them.
    pub industry: Option<String>,
    /// At most so many seconds to serve again.
    pub rto: Option<u64>,
    /// At most so many seconds of data lost.
    pub rpo: Option<u64>,
    /// At most so costly to run.
    pub cost: Option<String>,
    /// Services that are wanted.
    pub services: Vec<String>,
}

/// Advice that answers requirements.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommended<'a> {
    /// The advice.
    pub advice: &'a Advice,
    /// Comparable within one answer.
    pub score: f32,
    /// Requirements of its own that are like those asked for, the most alike first.
    pub because: Vec<&'a str>,
    /// Conditions that it does not meet, for people.
    pub unmet: Vec<String>,
}

impl Advice {
    /// Reads a pattern or a best practice.
    pub fn of(document: &Document) -> Self {
        let facts = facts(&document.text);
        let body = without_facts(&document.text);
        let is_text = |line: &&str| !line.trim().is_empty() && !line.starts_with(['#', '|', '>', '`', '-']);
        Self {
            document: document.id.clone(),
            title: document.title.clone(),
            kind: document.kind,
            summary: body.lines().find(is_text).unwrap_or_default().to_owned(),
            services: document.services.clone(),
            pillars: values(&facts, "Pillar"),
            workloads: values(&facts, "Workload"),
            industries: values(&facts, "Industry"),
            fits: values(&facts, "Fits"),
            avoid: values(&facts, "Avoid"),
            rto: value(&facts, "RTO").as_deref().and_then(seconds),
            rpo: value(&facts, "RPO").as_deref().and_then(seconds),
            cost: value(&facts, "Cost"),
            effort: value(&facts, "Effort"),
            sources: sources(&facts),
            updated: document.updated,
        }
    }
}

/// `30s`, `15m`, `4h`, `1d` in seconds.
pub fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match text[at..].trim() {
        "s" | "sec" | "seconds" | "second" => 1,
        "m" | "min" | "minutes" | "minute" => 60,
        "h" | "hours" | "hour" => 3_600,
        "d" | "days" | "day" => 86_400,
        _ => return None,
    };
    text[..at].parse::<u64>().ok()?.checked_mul(unit)
}

/// Patterns and best practices that are known.
pub struct Library {
    collection: Collection,
    advice: FxHashMap<u32, Advice>,
    by_document: FxHashMap<String, u32>,
}

impl Library {
    /// Nothing yet. Vectors are made by the table.
    pub fn new(table: Arc<Table>) -> Self {
        Self { collection: Collection::new(table), advice: FxHashMap::default(), by_document: FxHashMap::default() }
    }

    /// How much there is.
    pub fn len(&self) -> usize {
        self.advice.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.advice.is_empty()
    }

    /// Adds advice with its whole text, or replaces that of the same document.
    pub fn put(&mut self, advice: Advice, text: &str) -> Result<(), EmbedError> {
        self.remove(&advice.document);
        let (fits, services) = (advice.fits.join("\n"), advice.services.join(" "));
        let purposes = [&advice.workloads[..], &advice.industries[..], &advice.pillars[..]].concat().join(" ");
        let headings: String = text.lines().filter(|line| line.starts_with("##")).collect::<Vec<_>>().join("\n");
        let fields = [
            Field { text: &advice.title, weight: 3.0 },
            Field { text: &fits, weight: 2.0 },
            Field { text: &purposes, weight: 1.0 },
            Field { text: &services, weight: 1.0 },
            Field { text: &headings, weight: 0.5 },
            Field { text: without_facts(text), weight: 0.2 },
        ];
        let body = format!("{}\n{fits}", advice.summary);
        let meaning = PassageText { title: &advice.title, headings: &services, body: &body };
        let number = self.collection.insert(&fields, &[], meaning)?;
        self.by_document.insert(advice.document.clone(), number);
        self.advice.insert(number, advice);
        Ok(())
    }

    /// Takes out what a document says.
    pub fn remove(&mut self, document: &str) {
        if let Some(number) = self.by_document.remove(document) {
            self.collection.remove(number);
            self.advice.remove(&number);
        }
    }

    /// Advice of a kind for requirements, the best first.
    pub fn recommend(
        &self,
        wanted: &Requirements,
        kind: Kind,
        limit: usize,
    ) -> Result<Vec<Recommended<'_>>, EmbedError> {
        let mut text = wanted.text.clone();
        for more in [&wanted.workload, &wanted.industry].into_iter().flatten() {
            text.push(' ');
            text.push_str(&more.replace('-', " "));
        }
        let services = if wanted.services.is_empty() { recognize(&text).services } else { wanted.services.clone() };
        let mut found: Vec<Recommended<'_>> = self
            .collection
            .search(&text, &[], CANDIDATES)?
            .into_iter()
            .filter_map(|scores| {
                let advice = self.advice.get(&scores.number).filter(|advice| advice.kind == kind)?;
                let mut score = WEIGHTS.score(&scores, shared(&services, &advice.services), None);
                let mut unmet = Vec::new();
                score += conditions(advice, wanted, &mut unmet);
                Some(Recommended { advice, score, because: because(&advice.fits, &text), unmet })
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.advice.document.cmp(&b.advice.document)));
        found.truncate(limit);
        Ok(found)
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").field("documents", &self.advice.len()).finish_non_exhaustive()
    }
}

/// What conditions that are met or not add to the score; those that are not are named.
fn conditions(advice: &Advice, wanted: &Requirements, unmet: &mut Vec<String>) -> f32 {
    let mut sum = 0.0;
    let is_any = |list: &[String]| list.is_empty() || list.iter().any(|item| item == "any");
    if let Some(workload) = &wanted.workload {
        let own = advice.workloads.contains(workload);
        if own {
            sum += CONDITION;
        } else if !is_any(&advice.workloads) {
            sum -= CONDITION;
            unmet.push(format!("it is for {} workloads", advice.workloads.join(", ")));
        }
    }
    if let Some(industry) = &wanted.industry {
        if advice.industries.contains(industry) {
            sum += OWN_INDUSTRY;
        } else if !advice.industries.is_empty() {
            sum -= CONDITION;
            unmet.push(format!("it is for {}", advice.industries.join(", ")));
        }
    }
    for (name, wanted, has) in [("RTO", wanted.rto, advice.rto), ("RPO", wanted.rpo, advice.rpo)] {
        if let (Some(most), Some(has)) = (wanted, has) {
            if has <= most {
                sum += CONDITION / 2.0;
            } else {
                sum -= 2.0 * CONDITION;
                unmet.push(format!("its {name} is {}", duration(has)));
            }
        }
    }
    let level =
        |cost: &Option<String>| ["low", "medium", "high"].iter().position(|level| cost.as_deref() == Some(level));
    if let (Some(most), Some(has)) = (level(&wanted.cost), level(&advice.cost)) {
        if has <= most {
            sum += CONDITION / 2.0;
        } else {
            sum -= CONDITION;
            unmet.push(format!("its cost is {}", advice.cost.as_deref().unwrap_or_default()));
        }
    }
    sum
}

/// Seconds for people: `15m`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        s if s > 0 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s > 0 && s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s > 0 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// The phrases that share words with what was asked for, three at most.
fn because<'a>(fits: &'a [String], text: &str) -> Vec<&'a str> {
    let words = |text: &str| -> FxHashSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3);
        words.map(|word| word.to_lowercase().trim_end_matches('s').to_owned()).collect()
    };
    let asked = words(text);
    let mut scored: Vec<(usize, &str)> = fits
        .iter()
        .map(|fit| (words(fit).intersection(&asked).count(), fit.as_str()))
        .filter(|(n, _)| *n > 0)
        .collect();
    scored.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    scored.into_iter().take(3).map(|(_, fit)| fit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, title: &str, facts: &str) -> Document {
        Document {
            id: id.to_owned(),
            source: "corpus".to_owned(),
            title: title.to_owned(),
            url: None,
            path: None,
            guide: None,
            services: Vec::new(),
            kind: Kind::Pattern,
            tags: Vec::new(),
            updated: None,
            text: format!("# {title}\n\nWhat it is.\n\n## At a glance\n\n{facts}"),
            content_hash: String::new(),
        }
    }

    fn library() -> Library {
        let mut library = Library::new(Arc::new(Table::general().unwrap()));
        for document in [
            document(
                "a",
                "Active-active in two Regions",
                "- Fits: the shop must survive the loss of a Region\n- RTO: 1m\n- RPO: 1s\n- Cost: high\n- Workload: web\n",
            ),
            document(
                "b",
                "Backup and restore in another Region",
                "- Fits: we must survive the loss of a Region for little money\n- RTO: 1d\n- RPO: 4h\n- Cost: low\n- Workload: any\n",
            ),
            document(
                "c",
                "Payments in a network of their own",
                "- Fits: card data must be kept apart\n- Industry: finance\n",
            ),
        ] {
            let advice = Advice::of(&document);
            library.put(advice, &document.text).unwrap();
        }
        library
    }

    fn first(wanted: &Requirements) -> (String, Vec<String>) {
        let library = library();
        let found = library.recommend(wanted, Kind::Pattern, 3).unwrap();
        (found[0].advice.document.clone(), found[0].unmet.clone())
    }

    #[test]
    fn conditions_decide_between_patterns_for_the_same_need() {
        let wanted = Requirements { text: "survive the loss of a region".to_owned(), ..Requirements::default() };
        let fast = Requirements { rto: seconds("15m"), ..wanted.clone() };
        let cheap = Requirements { cost: Some("low".to_owned()), ..wanted };
        assert_eq!(first(&fast), ("a".to_owned(), vec![]));
        assert_eq!(first(&cheap), ("b".to_owned(), vec![]));
        let industry = Requirements {
            text: "keep data apart".to_owned(),
            industry: Some("finance".to_owned()),
            ..Requirements::default()
        };
        assert_eq!(first(&industry).0, "c");
        assert!(library().recommend(&fast, Kind::BestPractice, 3).unwrap().is_empty());
    }

    #[test]
    fn what_is_stated_is_read() {
        let document =
            document("a", "T", "- Fits: x\n- RTO: 15m\n- RPO: 0s\n- Source: P <https://docs.aws.amazon.com/p.html>\n");
        let advice = Advice::of(&document);
        assert_eq!((advice.rto, advice.rpo, advice.summary.as_str()), (Some(900), Some(0), "What it is."));
        assert_eq!(advice.sources[0].1, "https://docs.aws.amazon.com/p.html");
        assert_eq!((duration(900), duration(86_400), duration(90)), ("15m".into(), "1d".into(), "90s".into()));
        assert_eq!((seconds("4 h"), seconds("x"), seconds("5")), (Some(14_400), None, None));
    }
}
