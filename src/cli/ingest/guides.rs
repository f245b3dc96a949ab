//! `cloudops ingest guides`: what of AWS can be crawled by name.

use std::io::Write;

use cloudops_ingest::web::catalog::{self, Guide};
use serde::Serialize;

use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};
use crate::report::{DIM, Output, count, styled};

/// List the guides of the AWS documentation that can be crawled by name
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest guides
  cloudops ingest guides ec2 backup
  cloudops ingest guides --json")]
pub(crate) struct Args {
    /// Only guides with one of these words in their id, services or title
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

/// A guide as JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    services: &'a [String],
    family: &'static str,
    title: &'a str,
    url: &'a str,
}

pub(crate) fn run(args: &Args, out: &mut Output) -> CommandResult {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let wanted = |guide: &&Guide| {
        let holds = |word: &String| {
            let names = guide.services.iter().chain(&guide.names);
            guide.id.contains(word)
                || names.into_iter().any(|name| name == word)
                || guide.title.to_lowercase().contains(word)
        };
        words.is_empty() || words.iter().any(holds)
    };
    let found: Vec<&Guide> = catalog::guides().iter().filter(wanted).collect();
    if out.is_json() {
        let row = |guide: &&'static Guide| Row {
            id: &guide.id,
            services: &guide.services,
            family: guide.family.as_str(),
            title: &guide.title,
            url: guide.url.as_str(),
        };
        let rows: Vec<_> = found.iter().map(row).collect();
        out.json(&rows)?;
        return Ok(());
    }
    if found.is_empty() {
        return Err(CommandError::input("no guide has any of these words")
            .hint("Any guide can be chosen by its address too: `cloudops ingest aws-docs --guide https://docs.aws.amazon.com/…/`."));
    }
    let mut table = Table::new(&[
        ("GUIDE", Align::Left),
        ("SERVICES", Align::Left),
        ("FAMILY", Align::Left),
        ("TITLE", Align::Left),
    ]);
    for guide in &found {
        table.row([
            guide.id.clone(),
            guide.services.join(" "),
            guide.family.as_str().replace('_', "-"),
            guide.title.clone(),
        ]);
    }
    table.write(out)?;
    writeln!(out, "{}", styled(DIM, count(found.len() as u64, "guide")))?;
    Ok(())
}
