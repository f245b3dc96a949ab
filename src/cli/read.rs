//! `cloudops read`: a document, or a section of it.

use std::io::Write;

use serde_json::json;

use crate::app::App;
use crate::report::error::{CommandError, CommandResult, note};
use crate::report::{BOLD, DIM, LINK, Output, TITLE, bytes, one_line, printable, styled, time};
use crate::tools::{PAGE_BYTES, View};

/// Show a document, or a section of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops read corpus/troubleshooting/s3-access-denied.md
  cloudops read corpus/troubleshooting/s3-access-denied.md --outline
  cloudops read https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html --section Buckets
  cloudops read aws/amazon-ec2-user-guide/doc_source/Using_Tags.md --page 2")]
pub(crate) struct Args {
    /// Id of the document, or its URL; the fragment of a URL chooses a section
    document: String,
    /// Only the section with this heading, and what stands below it; `Above > Heading` if there are several
    #[arg(long, value_name = "HEADING")]
    section: Option<String>,
    /// Page to show of a long document
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    page: u64,
    /// Show all pages
    #[arg(long, conflicts_with = "page")]
    all: bool,
    /// Show the headings only
    #[arg(long)]
    outline: bool,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let index = app.index()?;
    let view = View::open(&index, &args.document, args.section.as_deref())?;
    let citation = view.citation();
    let document = &view.stored.document;
    let headings = view.headings.iter().filter(|heading| view.range.contains(&heading.range.start));

    if args.outline {
        if out.is_json() {
            let headings: Vec<_> = headings
                .map(|heading| json!({"level": heading.level, "heading": heading.text, "bytes": heading.range.len()}))
                .collect();
            out.json(&json!({"citation": citation, "headings": headings}))?;
            return Ok(());
        }
        writeln!(out, "{}", styled(TITLE, one_line(&document.title)))?;
        for heading in headings {
            let indent = "  ".repeat(heading.level.saturating_sub(1));
            let size = styled(DIM, bytes(heading.range.len() as u64));
            writeln!(out, "{indent}{} {size}", one_line(&heading.text))?;
        }
        return Ok(());
    }

    let pages = view.pages(PAGE_BYTES);
    let page = args.page as usize;
    let range = if args.all {
        view.range.clone()
    } else {
        pages.get(page - 1).cloned().ok_or_else(|| {
            CommandError::input(format!("`{}` has no page {page}", document.id))
                .hint(format!("It has {} pages.", pages.len()))
        })?
    };
    let text = &document.text[range];
    if out.is_json() {
        let pages = if args.all { 1 } else { pages.len() };
        let path = document.path.as_deref();
        out.json(&json!({
            "citation": citation, "path": path, "tags": document.tags, "guide": document.guide,
            "ingested": view.stored.ingested, "text": text, "page": page, "pages": pages,
        }))?;
        return Ok(());
    }

    if page == 1 {
        writeln!(out, "{}", styled(TITLE, one_line(&document.title)))?;
        if let Some(url) = &citation.url {
            writeln!(out, "{}", styled(LINK, one_line(url)))?;
        }
        let mut about = vec![one_line(&document.id), document.kind.to_string()];
        if !document.services.is_empty() {
            about.push(one_line(&document.services.join(" ")));
        }
        about.extend(document.updated.map(|updated| format!("updated {}", time::date(updated))));
        writeln!(out, "{}\n", styled(DIM, about.join(" · ")))?;
    }
    for line in printable(text).lines() {
        let level = line.len() - line.trim_start_matches('#').len();
        if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            writeln!(out, "{}", styled(BOLD, line))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    if !args.all && pages.len() > 1 {
        let next = if page < pages.len() { format!(", next: --page {}", page + 1) } else { String::new() };
        note(out, format!("page {page} of {}{next}", pages.len()));
    }
    Ok(())
}
