//! `cloudops search`: the documents that answer a question.

use std::io::Write;

use clap::ValueEnum;
use cloudops_indexes::hybrid::{
    Correction, Explanation, Filters, Hit, MAX_PHRASINGS, Mode, PassageHit, SearchRequest, SearchResponse,
};
use cloudops_indexes::model::{Kind, Timestamp};

use crate::app::App;
use crate::report::error::{CommandError, CommandResult, note};
use crate::report::{BOLD, DIM, LINK, MATCH, Output, TITLE, one_line, snippet, styled, time};

const WIDTH: usize = 96;

/// Search everything that is indexed
///
/// The words are taken literally: quotes, operators and wildcards mean nothing unless `--syntax` is given. Filters of
/// the same name are alternatives; different filters must all match.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops search how do I rotate a KMS key
  cloudops search \"ThrottlingException\" --service lambda --kind troubleshooting
  cloudops search backup retention --since 90d --limit 3 --json
  cloudops search why is the box unreachable --also \"EC2 instance status check failed\"
  cloudops search --syntax '+restore -snapshot \"point in time\"' --explain")]
pub(crate) struct Args {
    /// What to look for
    #[arg(required = true)]
    query: Vec<String>,
    /// Documents to show [default: `search.limit` of the configuration, 10]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    limit: Option<u64>,
    /// Documents to leave out at the front
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    offset: usize,
    /// Which sides of the index rank [default: `search.mode` of the configuration, hybrid]
    #[arg(short, long)]
    mode: Option<ModeArg>,
    /// The same question in other words, such as those of the documentation (repeatable, at most 4)
    #[arg(long, value_name = "PHRASING")]
    also: Vec<String>,
    #[command(flatten)]
    filters: FilterArgs,
    /// Read the best passages again with the language model, and with a cross-encoder if one is installed: better, and
    /// slower by a second
    #[arg(long)]
    rerank: bool,
    /// Read the query as query syntax: `+must -not "a phrase" title:word`
    #[arg(long)]
    syntax: bool,
    /// Passages to show of each document
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=20))]
    passages: u64,
    /// Show the parts of every score
    #[arg(long)]
    explain: bool,
}

/// Which documents a search may return.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterArgs {
    /// Only documents about this AWS service (repeatable)
    #[arg(short, long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Only texts of this kind: documentation, `best_practice`, pattern, troubleshooting, incident, note (repeatable)
    #[arg(short, long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// Only documents of this source (repeatable)
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Only documents of this guide (repeatable)
    #[arg(long, value_name = "GUIDE")]
    guide: Vec<String>,
    /// Only documents with this tag (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only documents changed since then: `2026-01-31`, or `7d`, `3mo`, `1y` ago
    #[arg(long, value_name = "WHEN", value_parser = |text: &str| time::parse_since(text, time::now()))]
    since: Option<Timestamp>,
}

impl From<FilterArgs> for Filters {
    fn from(args: FilterArgs) -> Self {
        Self {
            services: args.service,
            kinds: args.kind,
            sources: args.source,
            guides: args.guide,
            tags: args.tag,
            updated_since: args.since,
        }
    }
}

/// [`Mode`] as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Words only (BM25)
    Lexical,
    /// Vectors only
    Vector,
    /// Both, fused
    Hybrid,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Lexical => Self::Lexical,
            ModeArg::Vector => Self::Vector,
            ModeArg::Hybrid => Self::Hybrid,
        }
    }
}

pub(crate) fn run(app: &App, args: Args, out: &mut Output) -> CommandResult {
    if args.also.len() > MAX_PHRASINGS {
        return Err(CommandError::input(format!("`--also` may be given {MAX_PHRASINGS} times at most")));
    }
    let settings = &app.settings().search;
    let request = SearchRequest {
        mode: args.mode.map_or(settings.mode, Mode::from),
        filters: args.filters.into(),
        limit: args.limit.map_or(settings.limit, |limit| limit as usize),
        offset: args.offset,
        passages_per_document: args.passages as usize,
        phrasings: args.also,
        syntax: args.syntax,
        rerank: args.rerank,
        explain: args.explain,
        ..SearchRequest::new(args.query.join(" "))
    };
    let response = app.index()?.search(&request)?;
    if out.is_json() {
        out.json(&response)?;
        return Ok(());
    }
    write(&response, request.offset, out)?;
    if response.hits.is_empty() {
        let hint = if request.filters.is_empty() { "try other words" } else { "try other words, or fewer filters" };
        note(out, format!("nothing found: {hint}"));
    } else if response.more {
        note(out, format!("more: --offset {}", request.offset + response.hits.len()));
    }
    for Correction { word, read_as } in &response.corrections {
        note(out, format!("no document has \"{word}\": read as \"{read_as}\""));
    }
    if request.mode != response.mode {
        note(out, format!("ranked by words only: the index has no vectors ({} was asked for)", request.mode.as_str()));
    }
    Ok(())
}

fn write(response: &SearchResponse, offset: usize, out: &mut impl Write) -> std::io::Result<()> {
    let now = time::now();
    for (place, hit) in response.hits.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_hit(hit, offset + place + 1, now, out)?;
    }
    Ok(())
}

fn write_hit(hit: &Hit, rank: usize, now: Timestamp, out: &mut impl Write) -> std::io::Result<()> {
    let citation = &hit.best.citation;
    writeln!(out, "{} {}", styled(BOLD, format!("{rank:>2}.")), styled(TITLE, one_line(&citation.title)))?;
    write_passage(&hit.best, out)?;
    for passage in &hit.more {
        write_passage(passage, out)?;
    }
    if let Some(url) = &citation.url {
        writeln!(out, "    {}", styled(LINK, one_line(url)))?;
    }
    let mut about = vec![one_line(&citation.document), citation.kind.to_string()];
    if !citation.services.is_empty() {
        about.push(one_line(&citation.services.join(" ")));
    }
    about.extend(citation.updated.map(|updated| time::age(updated, now)));
    writeln!(out, "    {}", styled(DIM, about.join(" · ")))?;
    for twin in &hit.twins {
        writeln!(out, "    {}", styled(DIM, format!("the same in {}", one_line(&twin.document))))?;
    }
    Ok(())
}

fn write_passage(passage: &PassageHit, out: &mut impl Write) -> std::io::Result<()> {
    if !passage.citation.heading_path.is_empty() {
        let path: Vec<_> = passage.citation.heading_path.iter().map(|heading| one_line(heading)).collect();
        writeln!(out, "    {}", styled(DIM, path.join(" › ")))?;
    }
    for line in snippet::lines(&passage.text, &passage.snippet, &passage.highlights, MATCH, WIDTH - 4) {
        writeln!(out, "    {line}")?;
    }
    if let Some(e) = &passage.explanation {
        write_explanation(passage.score, e, out)?;
    }
    Ok(())
}

/// How the score of a document, and of its passage, came about.
fn write_explanation(score: f32, e: &Explanation, out: &mut impl Write) -> std::io::Result<()> {
    let rank = |rank: Option<usize>| rank.map_or("-".to_owned(), |rank| format!("#{rank}"));
    let sides = [
        ("words", e.weights.lexical, e.document.lexical),
        ("coverage", e.weights.coverage, e.document.coverage),
        ("table", e.weights.table, e.document.table),
        ("meaning", e.weights.meaning, e.document.meaning),
        ("titles", e.weights.documents, e.document.documents),
    ];
    let sides = sides.iter().filter(|(_, weight, _)| *weight > 0.0);
    let sides: Vec<_> = sides.map(|(name, weight, best)| format!("{weight:.2} × {name} {best:.2}")).collect();
    let cosines: Vec<_> = e.cosines.iter().map(|cosine| format!("{} {:.3}", cosine.set, cosine.cosine)).collect();
    let text = format!(
        "score {score:.3}: the document's best {}; here words {:.2} ({}: text {:.2} + title {:.2} + identifiers {:.2}), \
         table {:.2}, meaning {:.2} ({}: {})",
        sides.join(" + "),
        e.lexical,
        rank(e.lexical_rank),
        e.bm25_text,
        e.bm25_title,
        e.identifiers,
        e.table,
        e.meaning,
        rank(e.vector_rank),
        if cosines.is_empty() { "no vectors".to_owned() } else { cosines.join(", ") },
    );
    writeln!(out, "    {}", styled(DIM, text))
}
