//! What an installed model costs here: time to open, memory, milliseconds per question, passages per second.
//!
//! `cargo run -p cloudops-models --example measure -- MODELS_DIR NAME [PYTHON_PREFIX]`
#![expect(clippy::print_stdout, clippy::disallowed_macros, reason = "a program for people")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cloudops_indexes::embed::{Embedder, PassageText};
use cloudops_models::runtime::Search;
use cloudops_models::{Transformer, TransformerOptions, open};

/// Words that are one token each in the models' vocabulary.
const WORDS: &str = "the service could not read the file because the policy of the role does not allow access to it";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(models_dir), Some(name)) = (args.next(), args.next()) else {
        return Err("measure MODELS_DIR NAME [PYTHON_PREFIX]".into());
    };
    let search = Search {
        models_dir: PathBuf::from(models_dir),
        python_prefixes: args.map(PathBuf::from).collect(),
        ..Search::default()
    };
    let before = resident();
    let started = Instant::now();
    let one = open(&search, &name, TransformerOptions::queries())?;
    println!("{:?}", one.id());
    println!("opened in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    one.embed_queries(&["why is access denied"])?;
    println!("resident {} MB, {} MB of them the runtime and the model", resident() >> 10, (resident() - before) >> 10);

    let mut times: Vec<Duration> = Vec::new();
    for number in 0..200 {
        let question = format!("why is access to bucket {number} denied although the policy allows it");
        let started = Instant::now();
        one.embed_queries(&[&question])?;
        times.push(started.elapsed());
    }
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    println!("a question: {:.1} ms at the median, {:.1} ms at the 95th percentile", ms(100), ms(190));
    drop(one);

    let started = Instant::now();
    let all = open(&search, &name, TransformerOptions::filling())?;
    println!("opened for filling in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    for words in [50, 114] {
        println!("{} words: {:.0} passages/s", words, throughput(&all, words)?);
    }
    println!("resident {} MB", resident() >> 10);
    Ok(())
}

fn throughput(transformer: &Transformer, words: usize) -> Result<f64, Box<dyn Error>> {
    let bodies: Vec<String> = (0..256)
        .map(|number| WORDS.split(' ').cycle().skip(number % 19).take(words).collect::<Vec<_>>().join(" "))
        .collect();
    let passages: Vec<_> = bodies.iter().map(|body| PassageText { title: "access", headings: "", body }).collect();
    transformer.embed_passages(&passages[..16])?;
    let started = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || started.elapsed() < Duration::from_secs(5) {
        transformer.embed_passages(&passages)?;
        rounds += 1;
    }
    Ok(f64::from(rounds) * passages.len() as f64 / started.elapsed().as_secs_f64())
}

/// Kilobytes of memory in use; 0 where the system does not say it like Linux.
fn resident() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
