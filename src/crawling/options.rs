//! From a source, as people write it down, to what the crawl needs to know.

use std::sync::Arc;

use cloudops_crawl::engine::{CrawlOptions, Guard, GuidePages, Include, Mirror, Seed, SeedOf};
use cloudops_crawl::fetch::{FetchOptions, Manners};
use cloudops_ingest::schedule::{AwsDocs, Limits, Source, Website, What};
use cloudops_ingest::web::address::Scope;
use cloudops_ingest::web::catalog::{self, Guide};
use cloudops_ingest::web::page::PageOptions;
use url::Url;

use crate::report::error::CommandError;

/// Where the AWS documentation is.
const AWS_DOCS: &str = "https://docs.aws.amazon.com/";
/// Every guide of the catalogue.
const ALL: &str = "all";
/// Links between a page and the nearest listed one.
const MAX_DEPTH: u32 = 16;
/// Tasks for every request that may be made at once: the others wait for their turn or read what they have fetched.
const TASKS_PER_REQUEST: usize = 3;

/// What a person wants of one crawl, beyond what the source says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// Pages to fetch at most.
    pub(crate) limit: Option<u64>,
    /// Where to fetch from instead.
    pub(crate) mirror: Option<Url>,
    /// Do not take up a run that was cut off.
    pub(crate) fresh: bool,
    /// Believe the site whatever it does.
    pub(crate) accept_mass_change: bool,
}

/// What the crawl needs to know.
pub(super) fn options(source: &Source, wishes: &Wishes) -> Result<CrawlOptions, CommandError> {
    match &source.what {
        What::AwsDocs(docs) => aws_docs(source, docs, wishes),
        What::Website(site) => website(source, site, wishes),
        What::Folder(_) | What::Export(_) => {
            Err(CommandError::input(format!("`{}` is no website", source.name)).hint("Folders are read, not crawled."))
        }
    }
}

fn aws_docs(source: &Source, docs: &AwsDocs, wishes: &Wishes) -> Result<CrawlOptions, CommandError> {
    let chosen: Vec<&'static Guide> = if docs.guides.iter().any(|guide| guide == ALL) {
        catalog::guides().iter().collect()
    } else {
        catalog::choose(&docs.guides).map_err(|error| {
            CommandError::input(error.to_string()).hint("`cloudops ingest guides` lists all guides of the catalogue.")
        })?
    };
    let pages = page_options(source);
    let guides = chosen.iter().map(|guide| GuidePages {
        id: guide.id.clone(),
        prefix: guide.url.clone(),
        options: PageOptions {
            kind: source.kind_of_documents.or(Some(guide.kind)),
            services: united(&source.services, &guide.services),
            guide: Some(guide.id.clone()),
            ..pages.clone()
        },
    });
    let guides = guides.collect();
    let prefixes: Vec<Url> = chosen.iter().map(|guide| guide.url.clone()).collect();
    let seeds = chosen.iter().flat_map(|guide| seeds_of(guide)).collect();
    let mut options = common(source, &docs.limits, wishes, prefixes, &docs.exclude)?;
    options.guides = guides;
    options.seeds = seeds;
    if let Some(at) = &wishes.mirror {
        let of = Url::parse(AWS_DOCS).expect("the address is a constant");
        options.mirror = Some(Mirror { of, at: at.clone() });
    }
    Ok(options)
}

/// Where the pages of a guide are listed. Of sitemap and table of contents a guide may lack one.
fn seeds_of(guide: &Guide) -> Vec<SeedOf> {
    let of = |seed| SeedOf { seed, guide: Some(guide.id.clone()), optional: true };
    let sitemap = guide.sitemap.clone().map(Seed::Sitemap);
    let lists = sitemap.into_iter().chain(guide.toc.clone().map(Seed::Toc));
    let start = SeedOf { optional: false, ..of(Seed::Page(guide.start.clone())) };
    lists.map(of).chain([start]).collect()
}

fn website(source: &Source, site: &Website, wishes: &Wishes) -> Result<CrawlOptions, CommandError> {
    let prefixes = site.scope();
    let mut options = common(source, &site.limits, wishes, prefixes, &site.exclude)?;
    options.include = Include::new(&site.include)
        .map_err(|error| CommandError::input(format!("`{}` cannot be crawled: {error}", source.name)))?;
    let one = |seed, optional| SeedOf { seed, guide: None, optional };
    let mut seeds: Vec<SeedOf> = site.start.iter().map(|url| one(Seed::Page(url.clone()), false)).collect();
    if site.sitemaps.is_empty() {
        // What the site itself names, and where sitemaps usually are.
        let mut origins: Vec<Url> = options.prefixes.iter().filter_map(|prefix| prefix.join("/").ok()).collect();
        origins.sort();
        origins.dedup();
        for origin in origins {
            seeds.extend(origin.join("/sitemap.xml").ok().map(|url| one(Seed::Sitemap(url), true)));
            seeds.extend(origin.join("/llms.txt").ok().map(|url| one(Seed::Llms(url), true)));
            seeds.push(one(Seed::Robots(origin), true));
        }
    } else {
        seeds.extend(site.sitemaps.iter().map(|url| one(Seed::Sitemap(url.clone()), false)));
    }
    options.seeds = seeds;
    if let (Some(at), Some(first)) = (&wishes.mirror, options.prefixes.first()) {
        let of = first.join("/").map_err(|error| CommandError::input(format!("`{first}`: {error}")))?;
        options.mirror = Some(Mirror { of, at: at.clone() });
    }
    Ok(options)
}

fn common(
    source: &Source,
    limits: &Limits,
    wishes: &Wishes,
    prefixes: Vec<Url>,
    exclude: &[String],
) -> Result<CrawlOptions, CommandError> {
    if let Some(url) = prefixes.iter().find(|url| !url.username().is_empty() || url.password().is_some()) {
        let host = url.host_str().unwrap_or_default();
        return Err(CommandError::input(format!("the address on `{host}` has a user name or a password in it"))
            .hint("Pages behind a login cannot be crawled. Leave both out of the address."));
    }
    let scope = Scope::new(prefixes.clone(), exclude)
        .map_err(|error| CommandError::input(format!("`{}` cannot be crawled: {error}", source.name)))?;
    let manners = Manners::default();
    let manners = Manners {
        concurrency: limits.concurrency.unwrap_or(manners.concurrency).max(1),
        per_second: limits.per_second.unwrap_or(manners.per_second),
        ..manners
    };
    let fetch = FetchOptions::default();
    let fetch = FetchOptions {
        allow_private: limits.allow_private,
        max_body_bytes: limits.max_page_bytes.unwrap_or(fetch.max_body_bytes),
        timeout: limits.timeout.unwrap_or(fetch.timeout),
        manners,
        ..fetch
    };
    let max_pages = [limits.max_pages, wishes.limit].into_iter().flatten().min();
    Ok(CrawlOptions {
        source: source.name.clone(),
        kind: source.what.kind().to_owned(),
        seeds: Vec::new(),
        scope: Arc::new(scope),
        prefixes,
        exclude: exclude.to_vec(),
        include: Include::default(),
        pages: page_options(source),
        guides: Vec::new(),
        follow_links: true,
        max_depth: MAX_DEPTH,
        max_pages,
        in_flight: (manners.concurrency * TASKS_PER_REQUEST).clamp(8, 256),
        fetch,
        guard: Guard { off: wishes.accept_mass_change, ..Guard::default() },
        resume: !wishes.fresh,
        mirror: None,
        twins: true,
    })
}

fn page_options(source: &Source) -> PageOptions {
    PageOptions {
        source: source.name.clone(),
        kind: source.kind_of_documents,
        services: source.services.clone(),
        guide: None,
        tags: source.tags.clone(),
        any_locale: false,
    }
}

fn united(first: &[String], second: &[String]) -> Vec<String> {
    let mut all = first.to_vec();
    all.extend(second.iter().filter(|word| !first.contains(word)).cloned());
    all
}
