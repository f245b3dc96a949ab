//! `cloudops sources`: what is indexed.

use std::io::Write;

use crate::app::App;
use crate::report::error::CommandResult;
use crate::report::table::{Align, Table};
use crate::report::{DIM, Output, bytes, grouped, one_line, styled, time};

/// Show what is indexed, how much of it, and how old it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops sources
  cloudops sources --duplicates
  cloudops sources --json")]
pub(crate) struct Args {
    /// Show which documents have nearly the same text instead, and which of them results show as one
    #[arg(long)]
    duplicates: bool,

    /// Groups of such documents to show, the largest first
    #[arg(long, value_name = "N", default_value_t = 20, requires = "duplicates")]
    limit: usize,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    if args.duplicates {
        return duplicates(app, args.limit, out);
    }
    let summary = app.index()?.summary()?;
    if out.is_json() {
        out.json(&summary)?;
        return Ok(());
    }
    let now = time::now();
    let mut table = Table::new(&[
        ("SOURCE", Align::Left),
        ("DOCUMENTS", Align::Right),
        ("PASSAGES", Align::Right),
        ("TEXT", Align::Right),
        ("GUIDES", Align::Right),
        ("INGESTED", Align::Left),
        ("NEWEST", Align::Left),
        ("FROM", Align::Left),
    ]);
    for source in &summary.sources {
        table.row([
            one_line(&source.name),
            grouped(source.documents),
            grouped(source.passages),
            bytes(source.text_bytes),
            grouped(source.guides),
            time::age(source.ingested, now),
            source.newest.map(time::date).unwrap_or_default(),
            source.origin.as_deref().map_or_else(|| "built in".to_owned(), one_line),
        ]);
    }
    table.write(out)?;
    writeln!(out)?;
    let mut kinds = std::collections::BTreeMap::new();
    for (kind, number) in summary.sources.iter().flat_map(|source| &source.kinds) {
        *kinds.entry(*kind).or_insert(0) += number;
    }
    let kinds: Vec<_> = kinds.into_iter().map(|(kind, number)| format!("{} {kind}", grouped(number))).collect();
    let services: Vec<_> =
        summary.services.iter().take(15).map(|(name, n)| format!("{name} {}", grouped(*n))).collect();
    let more = summary.services.len().saturating_sub(15);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    writeln!(out, "{} {}", styled(DIM, "kinds    "), kinds.join(", "))?;
    writeln!(out, "{} {}{more}", styled(DIM, "services "), one_line(&services.join(", ")))?;
    for set in &summary.vectors {
        let what = set.granularity.as_str();
        let filled = format!("{} of {} {what}", grouped(set.filled as u64), grouped(set.total as u64));
        writeln!(out, "{} {} ({}): {filled}", styled(DIM, "vectors  "), set.name, set.version)?;
    }
    if summary.vectors.is_empty() {
        writeln!(out, "{} none: searches rank by words only", styled(DIM, "vectors  "))?;
    }
    writeln!(out, "{} generation {}, {}", styled(DIM, "index    "), summary.generation, bytes(summary.disk_bytes))?;
    Ok(())
}

/// Documents of a group that the table shows. JSON has more.
const SHOWN_DUPLICATES: usize = 8;

fn duplicates(app: &App, limit: usize, out: &mut Output) -> CommandResult {
    let found = app.index()?.near_duplicates(limit)?;
    if out.is_json() {
        out.json(&found)?;
        return Ok(());
    }
    let mut table = Table::new(&[
        ("GROUP", Align::Right),
        ("SHOWN AS", Align::Left),
        ("BITS", Align::Right),
        ("SERVICE", Align::Left),
        ("DOCUMENT", Align::Left),
    ]);
    for (number, group) in found.largest.iter().enumerate() {
        for (at, document) in group.documents.iter().take(SHOWN_DUPLICATES).enumerate() {
            let shown = match (at, document.folded) {
                (0, _) => "itself",
                (_, true) => "its twin",
                (_, false) => "another page",
            };
            table.row([
                if at == 0 { grouped(number as u64 + 1) } else { String::new() },
                shown.to_owned(),
                document.distance.to_string(),
                document.service.as_deref().map(one_line).unwrap_or_default(),
                one_line(&document.document),
            ]);
        }
        let left = group.size.saturating_sub(SHOWN_DUPLICATES as u64);
        if left > 0 {
            let more = format!("and {} more", grouped(left));
            table.row([String::new(), String::new(), String::new(), String::new(), more]);
        }
    }
    if !found.largest.is_empty() {
        table.write(out)?;
        writeln!(out)?;
    }
    let (documents, groups) = (grouped(found.documents), grouped(found.groups));
    writeln!(out, "{documents} documents in {groups} groups of nearly the same text")?;
    Ok(())
}
