//! Asking the questions.

use cloudops_indexes::hybrid::{Hit, Mode};
use cloudops_indexes::store::Index;
use rayon::prelude::*;

use super::answers::{holds, normalized};
use super::metrics::{CUTOFF, Ranks};
use super::pages::{is_page, possible_ids};
use super::questions::Question;

/// Passages shown of every document.
const PASSAGES: usize = 3;
/// Documents that a person or a model looks at.
const LOOKED_AT: usize = 5;
/// Documents with a similar name that may be the page, under an id that nobody would guess.
const SIMILAR: usize = 20;

/// What the index holds of the pages that answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether the page that the question names is there.
    pub(crate) document: bool,
    /// Whether any page that answers is there.
    pub(crate) any: bool,
    /// Normalized answer, if it stands word for word in one of them.
    answer: Option<String>,
}

/// What was found for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) ranks: Ranks,
    /// Where the answer itself was seen; `None` where it is not known word for word.
    pub(crate) answer: Option<Answer>,
    /// The first document shown.
    pub(crate) first: Option<String>,
}

/// Where the answer itself was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// In the best passage of the first document that answers.
    pub(crate) at_1: bool,
    /// In any passage shown of the first five documents.
    pub(crate) at_5: bool,
}

/// Looks up the pages of every question.
pub(crate) fn targets(index: &Index, questions: &[Question]) -> anyhow::Result<Vec<Target>> {
    let sources: Vec<String> = index.summary()?.sources.into_iter().map(|source| source.name).collect();
    questions.par_iter().map(|question| target(index, question, &sources)).collect()
}

fn target(index: &Index, question: &Question, sources: &[String]) -> anyhow::Result<Target> {
    let wanted = normalized(&question.answer);
    let mut target = Target { document: false, any: false, answer: None };
    for (at, page) in question.pages().enumerate() {
        let Some(text) = text_of(index, page, sources)? else { continue };
        target.document |= at == 0;
        target.any = true;
        if target.answer.is_none() && holds(&normalized(&text), &wanted) {
            target.answer = Some(wanted.clone());
        }
    }
    Ok(target)
}

/// The text of a page; `None` where it is not in the index.
fn text_of(index: &Index, page: &str, sources: &[String]) -> anyhow::Result<Option<String>> {
    for id in possible_ids(page, sources) {
        if let Some(stored) = index.document(&id)? {
            return Ok(Some(stored.document.text));
        }
    }
    let similar = index.similar_ids(page, SIMILAR)?;
    let Some(id) = similar.iter().find(|id| is_page(id, page)) else { return Ok(None) };
    Ok(index.document(id)?.map(|stored| stored.document.text))
}

/// Asks every question, and looks at the first `depth` documents.
pub(crate) fn ask(
    index: &Index,
    questions: &[Question],
    targets: &[Target],
    mode: Mode,
    depth: usize,
) -> anyhow::Result<Vec<Outcome>> {
    let one = |(question, target): (&Question, &Target)| {
        let mut request = question.request(mode, depth);
        if target.answer.is_some() {
            request.passages_per_document = PASSAGES;
        }
        let hits = index.search(&request)?.hits;
        let answer = target.answer.as_deref().map(|wanted| answer(question, wanted, &hits));
        let first = hits.first().map(|hit| hit.best.citation.document.clone());
        Ok(Outcome { ranks: ranks(question, &hits), answer, first })
    };
    questions.par_iter().zip(targets).map(one).collect()
}

/// Where the pages that answer are. A page that was folded into a hit as its twin is where that hit is.
pub(crate) fn ranks(question: &Question, hits: &[Hit]) -> Ranks {
    let first =
        |answers: &dyn Fn(&str) -> bool| hits.iter().position(|hit| documents(hit).any(answers)).map(|place| place + 1);
    Ranks { strict: first(&|id| is_page(id, &question.document)), accepted: first(&|id| question.accepts(id)) }
}

fn documents(hit: &Hit) -> impl Iterator<Item = &str> {
    std::iter::once(&hit.best.citation).chain(&hit.twins).map(|citation| citation.document.as_str())
}

fn answer(question: &Question, wanted: &str, hits: &[Hit]) -> Answer {
    let says = |text: &str| holds(&normalized(text), wanted);
    let right = hits.iter().take(CUTOFF).find(|hit| documents(hit).any(|id| question.accepts(id)));
    let shown = |hit: &Hit| says(&hit.best.text) || hit.more.iter().any(|passage| says(&passage.text));
    Answer { at_1: right.is_some_and(|hit| says(&hit.best.text)), at_5: hits.iter().take(LOOKED_AT).any(shown) }
}

#[cfg(test)]
mod tests {
    use cloudops_indexes::hybrid::PassageHit;
    use cloudops_indexes::model::{Citation, Kind};

    use super::*;

    fn citation(document: &str) -> Citation {
        Citation {
            document: document.to_owned(),
            title: String::new(),
            heading_path: Vec::new(),
            url: None,
            source: "aws".to_owned(),
            kind: Kind::Documentation,
            services: Vec::new(),
            updated: None,
        }
    }

    fn passage(document: &str, text: &str) -> PassageHit {
        PassageHit {
            passage: 0,
            position: 0,
            citation: citation(document),
            text: text.to_owned(),
            snippet: 0..text.len(),
            highlights: Vec::new(),
            score: 0.0,
            explanation: None,
        }
    }

    fn hit(document: &str, text: &str, further: &str) -> Hit {
        Hit { best: passage(document, text), more: vec![passage(document, further)], twins: Vec::new() }
    }

    fn question() -> Question {
        Question {
            document: "g/p.md".to_owned(),
            also: "g/also.md".to_owned(),
            answer: "25".to_owned(),
            ..Question::default()
        }
    }

    #[test]
    fn a_folded_page_counts_where_it_was_folded() {
        let mut folded = hit("aws/h/p.md", "", "");
        folded.twins.push(citation("aws/g/doc_source/p.md"));
        let hits = [hit("aws/x/y.md", "", ""), hit("aws/g/also.md", "", ""), folded];
        assert_eq!(ranks(&question(), &hits), Ranks { strict: Some(3), accepted: Some(2) });
        assert_eq!(ranks(&question(), &hits[..1]), Ranks::default());
    }

    #[test]
    fn the_answer_is_looked_for_in_what_is_shown() {
        let found = |hits: &[Hit]| answer(&question(), "25", hits);
        let (other, right) = (hit("aws/x/y.md", "none", "none"), hit("aws/g/p.md", "at most **25**", "none"));
        assert_eq!(found(&[other.clone(), right.clone()]), Answer { at_1: true, at_5: true });
        // In the right document, but not in its best passage.
        let hidden = hit("aws/g/p.md", "none", "25");
        assert_eq!(found(std::slice::from_ref(&hidden)), Answer { at_1: false, at_5: true });
        // Another document says it, too.
        assert_eq!(found(&[hit("aws/x/y.md", "25", "none")]), Answer { at_1: false, at_5: true });
        // Too far down to be seen with the others.
        let mut far = vec![other; 5];
        far.push(right);
        assert_eq!(found(&far), Answer { at_1: true, at_5: false });
        assert_eq!(found(&[]), Answer::default());
    }
}
