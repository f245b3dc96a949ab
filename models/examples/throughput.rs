//! How many texts a second an installed model embeds here, for `scripts/bench-retrieval`.
//!
//! `cargo run --release -p cloudops-models --example throughput -- MODELS_DIR NAME LIBRARY FILE`: one text per line.
#![expect(clippy::print_stdout, clippy::disallowed_macros, reason = "a program for a script")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use cloudops_indexes::embed::{Embedder, PassageText};
use cloudops_models::runtime::Search;
use cloudops_models::{TransformerOptions, open};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models_dir, name, library, file] = args.as_slice() else {
        return Err("throughput MODELS_DIR NAME LIBRARY FILE".into());
    };
    let search = Search {
        explicit: (!library.is_empty()).then(|| PathBuf::from(library)),
        models_dir: PathBuf::from(models_dir),
        ..Search::default()
    };
    let text = fs_err::read_to_string(file)?;
    let passages: Vec<PassageText<'_>> =
        text.lines().map(|body| PassageText { title: "", headings: "", body }).collect();
    let model = open(&search, name, TransformerOptions::filling())?;
    model.embed_passages(&passages[..passages.len().min(32)])?;
    let started = Instant::now();
    // As many at a time as filling an index gives it.
    for chunk in passages.chunks(256) {
        model.embed_passages(chunk)?;
    }
    println!("{:.2}", passages.len() as f64 / started.elapsed().as_secs_f64());
    Ok(())
}
