//! A closer look at the best documents, for those who can wait a second.
//!
//! Fusion compares vectors that were made before anybody asked. Here the best passages are read again: by the
//! transformer in use, where they have no vector yet, and by a cross-encoder, which reads question and passage together
//! (Nogueira and Cho, "Passage Re-ranking with BERT", 2019), where one is installed.

use super::fuse::{add, standardize};
use super::search::{Candidate, Phrasing, Ranked};
use crate::embed::{EmbedError, Embedder};
use crate::store::{Embeddable, Generation, IndexError, read_content};
use crate::vector::Granularity;

/// Documents that are looked at again.
const DOCUMENTS: usize = 24;
/// Passages of each.
const PASSAGES: usize = 2;
/// What a transformer that has seen a passage just now counts for beside everything else together.
const SIMILARITY_WEIGHT: f32 = 0.4;
/// What a cross-encoder counts for beside everything else together. It is the better judge of the two.
const CROSS_ENCODER_WEIGHT: f32 = 0.5;

/// Reads the best passages of the best documents again, and orders these documents anew. What cannot be used is passed
/// over: the order stays as it was.
pub(super) fn rerank(
    generation: &Generation,
    query: &str,
    phrasings: &[Phrasing],
    candidates: &[Candidate],
    ranked: &mut [Ranked],
) -> Result<(), IndexError> {
    let count = DOCUMENTS.min(ranked.len());
    let best = &mut ranked[..count];
    if best.len() < 2 {
        return Ok(());
    }
    let texts = read(generation, candidates, best)?;
    let scale: Vec<f32> = best.iter().map(|document| document.score).collect();
    if let Some(similarities) = similarities(generation, phrasings, candidates, best, &texts) {
        blend(best, similarities, SIMILARITY_WEIGHT);
    }
    if let Some(judge) = generation.cross_encoder() {
        let passages: Vec<&str> = texts.iter().flatten().map(|text| text.body.as_str()).collect();
        match judge.scores(query, &passages) {
            Ok(scores) => {
                let mut scores = scores.into_iter();
                let of_documents = texts.iter().map(|texts| scores.by_ref().take(texts.len()).fold(f32::NAN, f32::max));
                blend(best, of_documents.collect(), CROSS_ENCODER_WEIGHT);
            }
            Err(error) => tracing::warn!(%error, "the cross-encoder is left out"),
        }
    }
    best.sort_by(|a, b| b.score.total_cmp(&a.score));
    // The order is new; the scores stay comparable with those of the documents behind.
    best.iter_mut().zip(scale).for_each(|(document, score)| document.score = score);
    Ok(())
}

/// The texts of the best passages, by document.
fn read(
    generation: &Generation,
    candidates: &[Candidate],
    best: &[Ranked],
) -> Result<Vec<Vec<Embeddable>>, IndexError> {
    let entries: Vec<_> = best.iter().map(|document| document.entry).collect();
    let contents = read_content(&generation.documents, &generation.dir, &entries)?;
    Ok(best
        .iter()
        .zip(&contents)
        .map(|(document, content)| {
            let of = |at: &usize| content.passage((candidates[*at].passage - document.entry.first_passage) as usize);
            document.passages.iter().take(PASSAGES).filter_map(of).collect()
        })
        .collect())
}

/// How near each document's best passages are to the question, in all of its phrasings, by the transformer in use;
/// `None` where all passages have vectors already, which fusion has seen, or where there is no transformer.
fn similarities(
    generation: &Generation,
    phrasings: &[Phrasing],
    candidates: &[Candidate],
    best: &[Ranked],
    texts: &[Vec<Embeddable>],
) -> Option<Vec<f32>> {
    let sets = generation.sets();
    let (vector, embedder) = sets.iter().enumerate().filter(|(_, set)| !set.is_table()).find_map(|(at, set)| {
        let of_phrasings =
            phrasings.iter().filter_map(|phrasing| Some((phrasing.share, phrasing.vectors[at].as_ref()?)));
        Some((mixed(of_phrasings)?, set.embedder().ok()?))
    })?;
    let filled = sets
        .iter()
        .map(|set| &set.vectors)
        .find(|vectors| vectors.info.granularity == Granularity::Passages && vectors.info.embedder == *embedder.id());
    let known = |at: usize| filled?.cosines(&vector, &[candidates[at].passage])[0];
    let mut found: Vec<f32> = vec![f32::NAN; best.len()];
    let mut new: Vec<(usize, &Embeddable)> = Vec::new();
    for (document, (ranked, texts)) in best.iter().zip(texts).enumerate() {
        for (at, text) in ranked.passages.iter().zip(texts) {
            match known(*at) {
                Some(cosine) => found[document] = found[document].max(cosine),
                None => new.push((document, text)),
            }
        }
    }
    if new.is_empty() {
        return None;
    }
    match embed(embedder, &new) {
        Ok(vectors) => {
            for ((document, _), passage) in new.iter().zip(vectors) {
                let cosine = passage.iter().zip(&vector).map(|(a, b)| a * b).sum();
                found[*document] = found[*document].max(cosine);
            }
            Some(found)
        }
        Err(error) => {
            tracing::warn!(%error, "passages could not be embedded");
            None
        }
    }
}

/// One vector of unit length for several phrasings of a question, each with its share: as near to a passage as they are
/// on the average.
fn mixed<'a>(phrasings: impl Iterator<Item = (f32, &'a Vec<f32>)>) -> Option<Vec<f32>> {
    let sum = phrasings.fold(None, |sum: Option<Vec<f32>>, (share, vector)| {
        let mut sum = sum.unwrap_or_else(|| vec![0.0; vector.len()]);
        add(&mut sum, vector, share);
        Some(sum)
    })?;
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    (length > 0.0).then(|| sum.iter().map(|value| value / length).collect())
}

fn embed(embedder: &dyn Embedder, texts: &[(usize, &Embeddable)]) -> Result<Vec<Vec<f32>>, EmbedError> {
    embedder.embed_passages(&texts.iter().map(|(_, text)| text.as_text()).collect::<Vec<_>>())
}

/// Mixes new scores with those that the documents have, both standardized over these documents.
fn blend(best: &mut [Ranked], mut new: Vec<f32>, weight: f32) {
    let mut old: Vec<f32> = best.iter().map(|document| document.score).collect();
    standardize(&mut old);
    standardize(&mut new);
    for ((document, old), new) in best.iter_mut().zip(old).zip(new) {
        document.score = (1.0 - weight) * old + weight * new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrasings_are_mixed_by_their_shares() {
        let (own, other) = (vec![1.0, 0.0], vec![0.0, 1.0]);
        let mix = |vectors: &[(f32, &Vec<f32>)]| mixed(vectors.iter().copied());
        assert_eq!(mix(&[(1.0, &own)]), Some(vec![1.0, 0.0]));
        let both = mix(&[(0.5, &own), (0.5, &other)]).unwrap();
        assert!((both[0] - both[1]).abs() < 1e-6 && (both[0] - 0.5f32.sqrt()).abs() < 1e-6, "{both:?}");
        let more = mix(&[(0.75, &own), (0.25, &other)]).unwrap();
        assert!(more[0] > more[1] && more[1] > 0.0, "{more:?}");
        assert_eq!(mix(&[]), None);
        assert_eq!(mix(&[(0.5, &own), (0.5, &vec![-1.0, 0.0])]), None, "opposites have no direction");
    }
}
