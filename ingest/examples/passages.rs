//! Writes the passages of a folder as JSON lines, and what it cost to standard error.
//!
//! `cargo run --release -p cloudops-ingest --example passages -- FOLDER > passages.jsonl`

#![expect(clippy::print_stderr, reason = "a tool for developers")]

use std::io::{BufWriter, Write};
use std::time::Instant;

use anyhow::Context;
use cloudops_ingest::source::folder::{self, FolderOptions};
use rayon::prelude::*;
use serde_json::json;

fn main() -> anyhow::Result<()> {
    let root = std::env::args_os().nth(1).context("usage: passages FOLDER")?;
    let options = FolderOptions::new(root, "docs");
    let started = Instant::now();
    let walk = folder::walk(&options)?;
    let walked = started.elapsed();
    let prepared: Vec<_> = walk
        .files
        .par_iter()
        .map(|found| folder::read(found, &options).and_then(|bytes| folder::prepare(found, &bytes, &options)))
        .collect();
    let elapsed = started.elapsed();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut documents, mut passages, mut bytes) = (0_usize, 0_usize, 0_usize);
    let mut sizes = Vec::new();
    for prepared in prepared {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                eprintln!("skipped {}: {}", failure.path, failure.reason);
                continue;
            }
        };
        let document = &prepared.document;
        documents += 1;
        bytes += document.text.len();
        for passage in &prepared.passages {
            passages += 1;
            let body = passage.text(&document.text);
            sizes.push(body.chars().count());
            let line = json!({
                "document": document.id,
                "title": document.title,
                "guide": document.guide,
                "services": document.services,
                "kind": document.kind,
                "url": document.url,
                "position": passage.position,
                "heading_path": passage.heading_path,
                "anchor": passage.anchor,
                "body": body,
            });
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    sizes.sort_unstable();
    let percentile = |p: usize| sizes.get((sizes.len().saturating_sub(1)) * p / 100).copied().unwrap_or(0);
    eprintln!(
        "{documents} documents, {passages} passages, {bytes} bytes of text; walk {walked:.2?}, all but writing {elapsed:.2?}"
    );
    eprintln!("characters per passage: {:?}", [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100].map(|p| (p, percentile(p))));
    for failure in walk.failures {
        eprintln!("skipped {}: {}", failure.path, failure.reason);
    }
    Ok(())
}
