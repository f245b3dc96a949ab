//! Trains the table that comes with the program: `train_general PASSAGES.jsonl TABLE [PIECES]`.
//!
//! Each line is a passage: `{"document", "guide", "title", "heading_path": [..], "body"}`. `indexes/data/README.md`
//! says where they come from.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use cloudops_indexes::embed::{TrainOptions, TrainingSet, train};
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    document: String,
    guide: Option<String>,
    title: String,
    heading_path: Vec<String>,
    body: String,
}

/// At this size the file stays below 4 MiB; twice as many gain less than can be seen.
const PIECES: usize = 15_000;

#[expect(clippy::print_stderr, reason = "a tool for people")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(passages), Some(table)) = (args.next(), args.next().map(PathBuf::from)) else {
        return Err("usage: train_general PASSAGES.jsonl TABLE [PIECES]".into());
    };
    let pieces = args.next().map_or(Ok(PIECES), |pieces| pieces.to_string_lossy().parse())?;

    let started = Instant::now();
    let mut set = TrainingSet::new();
    let (mut document, mut key) = (String::new(), 0);
    for line in BufReader::new(fs_err::File::open(passages)?).lines() {
        let line: Line = serde_json::from_str(&line?)?;
        if line.document != document {
            key = TrainingSet::document_key(&line.title, &line.body);
            document.clone_from(&line.document);
        }
        let guide = line.guide.as_deref().unwrap_or_default();
        set.add(key, guide, &line.title, &line.heading_path.join(" > "), &line.body);
    }
    eprintln!("read {} passages in {:.1?}", set.len(), started.elapsed());

    let started = Instant::now();
    let options = TrainOptions { pieces, general: true, ..TrainOptions::default() };
    let mut shown = 0.0;
    let trained = train(&set, &options, None, &mut |progress| {
        if progress.score.to_bits() != f32::to_bits(shown) {
            shown = progress.score;
            eprintln!("{} of {} pairs, score {shown:.4}", progress.done, progress.total);
        }
        ControlFlow::Continue(())
    })?;
    eprintln!("trained in {:.1?}: {:?}", started.elapsed(), trained.report);
    trained.table.save(&table)?;
    eprintln!("wrote {}", table.display());
    Ok(())
}
