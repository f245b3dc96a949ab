//! Filling an index with the vectors of a slow embedder, through its public interface.
#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cloudops_indexes::embed::{EmbedError, Embedder, EmbedderId, EmbedderSource, PassageText};
use cloudops_indexes::hybrid::{Mode, SearchRequest};
use cloudops_indexes::store::{FillOptions, FillReport, Index, IndexError, fill};
use cloudops_indexes::vector::Granularity;
use support::{commit, open, put};
use tempfile::TempDir;

/// Counts letters. Of `short`, it forgets the last text.
struct Letters {
    id: EmbedderId,
    seen: AtomicUsize,
    short: bool,
}

impl Letters {
    fn new() -> Self {
        let id = EmbedderId { name: "letters".into(), version: "1".into(), dimensions: 26 };
        Self { id, seen: AtomicUsize::new(0), short: false }
    }

    fn embed(text: &str) -> Vec<f32> {
        let mut vector = [0.0f32; 26];
        for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
            vector[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1.0);
        vector.iter().map(|x| x / length).collect()
    }
}

impl Embedder for Letters {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(queries.iter().map(|query| Self::embed(query)).collect())
    }

    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.seen.fetch_add(passages.len(), Ordering::Relaxed);
        let wanted = passages.len() - usize::from(self.short);
        Ok(passages[..wanted].iter().map(|text| Self::embed(&text.joined(|text| text))).collect())
    }
}

/// Has the embedder `letters`, and no other.
struct Source;

impl EmbedderSource for Source {
    fn open(&self, _: &EmbedderId) -> Result<Arc<dyn Embedder>, EmbedError> {
        Ok(Arc::new(Letters::new()))
    }
}

const PAGES: usize = 600;

fn pages(dir: &Path, from: usize, to: usize) {
    let mut writer = open(dir);
    for page in from..to {
        put(&mut writer, &format!("ec2-page{page}"), &format!("About zebra {page}.\n\nAbout lion {page}."));
    }
    commit(writer);
}

fn filled(dir: &Path, embedder: &Letters) -> Result<FillReport, IndexError> {
    fill(dir, embedder, &FillOptions::default(), &mut |_| ControlFlow::Continue(()))
}

/// Rows with a vector of ours: documents, then passages.
fn rows(dir: &Path) -> Vec<usize> {
    let summary = Index::open(dir).unwrap().summary().unwrap();
    let of = |granularity| {
        let mut sets = summary.vectors.iter();
        sets.find(|set| set.name == "letters" && set.granularity == granularity).map(|set| set.filled)
    };
    [Granularity::Documents, Granularity::Passages].into_iter().filter_map(of).collect()
}

#[test]
fn what_was_embedded_before_it_was_stopped_is_not_embedded_again() {
    let dir = TempDir::new().unwrap();
    pages(dir.path(), 0, PAGES);
    let embedder = Letters::new();
    let mut looks = 0;
    let stopped = fill(dir.path(), &embedder, &FillOptions::default(), &mut |_| {
        looks += 1;
        if looks > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(IndexError::Interrupted)));
    let before = embedder.seen.load(Ordering::Relaxed);
    assert!((1..PAGES).contains(&before), "{before}");
    assert_eq!(rows(dir.path()), [before], "what was there was published");

    let report = filled(dir.path(), &embedder).unwrap();
    assert_eq!(report.embedded as usize, PAGES * 3 - before);
    assert_eq!(rows(dir.path()), [PAGES, PAGES * 2]);
    assert_eq!(filled(dir.path(), &embedder).unwrap().embedded, 0);
}

#[test]
fn documents_that_come_while_it_works_are_filled_too() {
    let dir = TempDir::new().unwrap();
    pages(dir.path(), 0, PAGES);
    let embedder = Letters::new();
    let mut looks = 0;
    fill(dir.path(), &embedder, &FillOptions::default(), &mut |progress| {
        looks += 1;
        // In the middle of the documents, and while the passages are being published.
        if looks == 2 {
            pages(dir.path(), PAGES, PAGES + 10);
        } else if progress.publishing && looks < 100 && progress.total > PAGES as u64 * 2 {
            looks = 100;
            pages(dir.path(), PAGES + 10, PAGES + 20);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(looks >= 100, "nothing came while passages were published");
    assert_eq!(rows(dir.path()), [PAGES + 20, (PAGES + 20) * 2]);
    assert_eq!(embedder.seen.load(Ordering::Relaxed), (PAGES + 20) * 3, "a text was embedded twice");
}

#[test]
fn kept_vectors_that_cannot_be_read_stop_nobody() {
    let dir = TempDir::new().unwrap();
    pages(dir.path(), 0, 10);
    filled(dir.path(), &Letters::new()).unwrap();
    for ending in ["-wal", "-shm"] {
        drop(fs_err::remove_file(dir.path().join(format!("embeddings.sqlite{ending}"))));
    }
    fs_err::write(dir.path().join("embeddings.sqlite"), "no database at all, but long enough to look like one")
        .unwrap();
    pages(dir.path(), 10, 20);
    assert_eq!(rows(dir.path()), [10, 20], "what has a vector keeps it");
    assert_eq!(filled(dir.path(), &Letters::new()).unwrap().embedded, 30);
    assert_eq!(rows(dir.path()), [20, 40]);
    assert!(dir.path().join("embeddings.sqlite.damaged").exists());
}

#[test]
fn an_embedder_that_loses_a_text_is_not_believed() {
    let dir = TempDir::new().unwrap();
    pages(dir.path(), 0, 10);
    let embedder = Letters { short: true, ..Letters::new() };
    assert!(matches!(filled(dir.path(), &embedder), Err(IndexError::Embed(EmbedError::Failed { .. }))));
    assert!(rows(dir.path()).is_empty());
}

#[test]
fn searches_say_what_they_want_while_the_list_is_taken() {
    let dir = TempDir::new().unwrap();
    pages(dir.path(), 0, PAGES);
    let embedder = Letters::new();
    // Passages are begun, so that searches have something to wish for.
    let begun = fill(dir.path(), &embedder, &FillOptions::default(), &mut |progress| {
        if progress.total > PAGES as u64 && progress.done > 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(begun, Err(IndexError::Interrupted)));
    let index = Index::open_with(dir.path(), Some(Arc::new(Source))).unwrap();
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            for page in 0..200 {
                let found = index.search(&SearchRequest::new(format!("zebra {page}"))).unwrap();
                assert!(!found.hits.is_empty());
            }
        });
        for _ in 0..20 {
            // Stopped at its first look: it has taken the list.
            let stopped = fill(dir.path(), &embedder, &FillOptions::default(), &mut |_| ControlFlow::Break(()));
            assert!(matches!(stopped, Err(IndexError::Interrupted)), "{stopped:?}");
        }
        searching.join().unwrap();
    });
    filled(dir.path(), &embedder).unwrap();
    assert_eq!(rows(dir.path()), [PAGES, PAGES * 2]);
}

#[test]
fn a_closer_look_is_taken_by_all_phrasings() {
    let dir = TempDir::new().unwrap();
    let opening = "common ".repeat(60);
    let mut writer = open(dir.path());
    // The same letters in their titles and openings: only what stands behind these tells them apart.
    put(&mut writer, "ec2-left", &format!("{opening}\n\ncommon zzzzzzzzzz"));
    put(&mut writer, "ec2-felt", &format!("{opening}\n\ncommon kkkkkkkkkk"));
    // Far from the question: without them, the least difference between two would be the largest there is.
    for page in 0..8 {
        put(&mut writer, &format!("ec2-page{page}"), &format!("About {page}."));
    }
    commit(writer);
    let options = FillOptions { documents_only: true, ..FillOptions::default() };
    fill(dir.path(), &Letters::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let index = Index::open_with(dir.path(), Some(Arc::new(Source))).unwrap();
    let first = |index: &Index, phrasings: &[&str]| {
        let phrasings = phrasings.iter().map(|phrasing| (*phrasing).to_owned()).collect();
        let mode = Mode::Vector;
        let request = SearchRequest { phrasings, mode, rerank: true, ..SearchRequest::new("common kkkk") };
        index.search(&request).unwrap().hits[0].best.citation.document.clone()
    };
    assert_eq!(first(&index, &[]), "docs/ec2-felt.md");
    assert_eq!(first(&index, &["zzzz zzzz"]), "docs/ec2-left.md");
    assert_eq!(first(&index, &["kkkk"]), "docs/ec2-felt.md");

    // What has a vector is compared in the same way as what is read now.
    filled(dir.path(), &Letters::new()).unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "ec2-page", "common qqqqqqqqqq");
    commit(writer);
    let index = Index::open_with(dir.path(), Some(Arc::new(Source))).unwrap();
    assert_eq!(first(&index, &["zzzz zzzz"]), "docs/ec2-left.md");
}
