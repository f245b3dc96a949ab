//! `sources.toml` as a list of sources. Every mistake has its line.

use std::time::Duration;

use cloudops_indexes::model::Kind;
use toml_edit::{Document, Item, TableLike};

use super::reader::Reader;
use super::{
    AwsDocs, Cron, CronError, Export, Folder, Limits, Mistake, Schedule, Source, Sources, Website, What, When,
};
use super::{is_name, length};

/// Keys of one kind only, for whoever writes them below another.
const KEYS_OF_KINDS: [(&str, &[&str]); 4] = [
    ("aws-docs", &["guides"]),
    ("website", &["start", "sitemaps", "prefixes"]),
    ("folder", &["include_hidden", "follow_symlinks"]),
    ("export", &["fields"]),
];
const LIMITS: [&str; 6] = ["max_pages", "per_second", "concurrency", "max_page_bytes", "timeout", "allow_private"];
/// Requests to one host at a time, at most.
const MAX_CONCURRENCY: u64 = 64;

/// Reads the file. An empty one has no sources.
pub fn parse(text: &str) -> Result<Sources, Mistake> {
    let document = Document::parse(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Mistake::at(text, error.span(), message).hint("The file is TOML; `docs/sources.md` has examples.")
    })?;
    let root = document.as_table();
    for (key, item) in root {
        if !matches!(key, "source" | "defaults") {
            let place = root.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            let hint = match key {
                "sources" => "A source is a table of its own: `[[source]]`.",
                _ => "There are `[[source]]` and `[defaults]`.",
            };
            return Err(Mistake::at(text, place, format!("unknown key `{key}`")).hint(hint));
        }
    }
    let defaults = match root.get("defaults") {
        None => Defaults::default(),
        Some(item) => {
            let table = item.as_table_like().ok_or_else(|| {
                Mistake::at(text, item.span(), "`defaults` must be a table")
                    .hint("Write `[defaults]` on a line of its own.")
            })?;
            Defaults::read(&Reader::new(text, table, item.span()))?
        }
    };
    let mut sources = Sources::default();
    for (table, place) in tables(text, root.get("source"))? {
        let reader = Reader::new(text, table, place);
        let source = source(&reader, &defaults)?;
        if sources.get(&source.name).is_some() {
            return Err(reader.mistake_in("name", format!("there are two sources `{}`", source.name)));
        }
        sources.list.push(source);
    }
    Ok(sources)
}

type Place = Option<std::ops::Range<usize>>;

/// The tables of the sources, however the list is written.
fn tables<'a>(text: &str, item: Option<&'a Item>) -> Result<Vec<(&'a dyn TableLike, Place)>, Mistake> {
    let Some(item) = item else { return Ok(Vec::new()) };
    let wrong = |place| {
        Mistake::at(text, place, "`source` must be a list of tables")
            .hint("Write `[[source]]`, in two pairs of brackets.")
    };
    if let Some(list) = item.as_array_of_tables() {
        return Ok(list.iter().map(|table| (table as &dyn TableLike, table.span())).collect());
    }
    let list = item.as_array().ok_or_else(|| wrong(item.span()))?;
    let tables = list.iter().map(|value| {
        let table = value.as_inline_table().ok_or_else(|| wrong(value.span()))?;
        Ok((table as &dyn TableLike, value.span()))
    });
    tables.collect()
}

/// What holds for every source that does not say otherwise.
#[derive(Debug, Clone, Default)]
struct Defaults {
    schedule: Times,
    limits: Limits,
}

impl Defaults {
    fn read(reader: &Reader<'_>) -> Result<Self, Mistake> {
        let defaults = Self { schedule: Times::read(reader)?, limits: limits(reader, &Limits::default())? };
        // Whether it makes a schedule is seen here, where it is written.
        defaults.schedule.schedule(reader)?;
        reader.finish(|key| {
            let of_sources = ["name", "kind", "enabled", "path", "tags", "services", "include", "exclude"];
            of_sources.contains(&key).then(|| "This is said of every source, below its `[[source]]`.".to_owned())
        })?;
        Ok(defaults)
    }
}

fn source(reader: &Reader<'_>, defaults: &Defaults) -> Result<Source, Mistake> {
    let name = reader.needed("name")?;
    if !is_name(name) {
        return Err(reader
            .mistake_in("name", format!("`{name}` cannot be the name of a source"))
            .hint("Use letters, digits, `.`, `_` and `-`, at most 64 of them."));
    }
    let kind = reader.needed("kind")?;
    let limits = |reader: &Reader<'_>| limits(reader, &defaults.limits);
    let what = match kind {
        "aws-docs" => What::AwsDocs(AwsDocs {
            guides: listed(reader, "guides")?,
            exclude: globs(reader, "exclude")?,
            limits: limits(reader)?,
        }),
        "website" => {
            let site = Website {
                start: reader.urls("start")?.unwrap_or_default(),
                sitemaps: reader.urls("sitemaps")?.unwrap_or_default(),
                prefixes: reader.urls("prefixes")?.unwrap_or_default(),
                include: globs(reader, "include")?,
                exclude: globs(reader, "exclude")?,
                limits: limits(reader)?,
            };
            if site.start.is_empty() && site.sitemaps.is_empty() && site.prefixes.is_empty() {
                return Err(reader
                    .mistake(format!("the website `{name}` has no address"))
                    .hint("Say where to begin: `start = [\"https://docs.example.com/\"]`, `sitemaps` or `prefixes`."));
            }
            What::Website(site)
        }
        "folder" => What::Folder(Folder {
            path: reader.needed("path")?.to_owned(),
            include: globs(reader, "include")?,
            exclude: globs(reader, "exclude")?,
            include_hidden: reader.boolean("include_hidden")?.unwrap_or(false),
            follow_symlinks: reader.boolean("follow_symlinks")?,
            max_file_bytes: reader.integer("max_file_bytes", 1..u64::MAX)?,
            url_base: reader.string("url_base")?.map(str::to_owned),
        }),
        "export" => What::Export(Export {
            path: reader.needed("path")?.to_owned(),
            fields: reader.table("fields")?.unwrap_or_default().into_iter().collect(),
            records: reader.string("records")?.map(str::to_owned),
            max_record_bytes: reader.integer("max_record_bytes", 1..u64::MAX)?,
        }),
        other => {
            let mistake = reader.mistake_in("kind", format!("`{other}` is not a kind of source"));
            return Err(mistake.hint(match other {
                "git" => "A git repository is a `folder`: its work tree is read.",
                _ => "There are `aws-docs`, `website`, `folder` and `export`.",
            }));
        }
    };
    let lower = |texts: Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect();
    let source = Source {
        name: name.to_owned(),
        enabled: reader.boolean("enabled")?.unwrap_or(true),
        kind_of_documents: kind_of_documents(reader)?,
        services: lower(reader.strings("services")?.unwrap_or_default()),
        tags: lower(reader.strings("tags")?.unwrap_or_default()),
        what,
        schedule: Times::read(reader)?.or(&defaults.schedule).schedule(reader)?,
    };
    reader.finish(|key| {
        let (other, _) = KEYS_OF_KINDS
            .iter()
            .find(|(_, keys)| keys.contains(&key))
            .copied()
            .or_else(|| LIMITS.contains(&key).then_some(("aws-docs` or `website", &[][..])))?;
        Some(format!("It belongs to a source of kind `{other}`, and `{name}` is of kind `{kind}`."))
    })?;
    Ok(source)
}

fn kind_of_documents(reader: &Reader<'_>) -> Result<Option<Kind>, Mistake> {
    let Some(text) = reader.string("kind_of_documents")? else { return Ok(None) };
    let known = || Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join("`, `");
    text.parse().map(Some).map_err(|_| {
        reader
            .mistake_in("kind_of_documents", format!("`{text}` is not a kind of document"))
            .hint(format!("There are `{}`.", known()))
    })
}

/// Texts of which there must be one.
fn listed(reader: &Reader<'_>, key: &'static str) -> Result<Vec<String>, Mistake> {
    match reader.strings(key)? {
        Some(texts) if texts.iter().any(|text| !text.trim().is_empty()) => Ok(texts),
        Some(_) => Err(reader.mistake_in(key, format!("`{key}` is empty"))),
        None => Err(reader.mistake(format!("`{key}` is missing"))),
    }
}

fn globs(reader: &Reader<'_>, key: &'static str) -> Result<Vec<String>, Mistake> {
    let globs = reader.strings(key)?.unwrap_or_default();
    for glob in &globs {
        globset::Glob::new(glob).map_err(|error| {
            reader
                .mistake_in(key, format!("`{glob}` is not a valid pattern: {}", error.kind()))
                .hint("Globs look like `*.md`, `drafts` or `guides/**/old-*.md`.")
        })?;
    }
    Ok(globs)
}

fn limits(reader: &Reader<'_>, defaults: &Limits) -> Result<Limits, Mistake> {
    let timeout = reader.length("timeout")?;
    if timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(reader.mistake_in("timeout", "`timeout` must be at least a second"));
    }
    let concurrency = reader.integer("concurrency", 1..MAX_CONCURRENCY + 1)?.map(|number| number as usize);
    Ok(Limits {
        max_pages: reader.integer("max_pages", 1..u64::MAX)?.or(defaults.max_pages),
        per_second: reader.number("per_second")?.or(defaults.per_second),
        concurrency: concurrency.or(defaults.concurrency),
        max_page_bytes: reader.integer("max_page_bytes", 1..u64::MAX)?.or(defaults.max_page_bytes),
        timeout: timeout.or(defaults.timeout),
        allow_private: reader.boolean("allow_private")?.unwrap_or(defaults.allow_private),
    })
}

/// The keys of a schedule, before they are put together with the defaults.
#[derive(Debug, Clone, Default)]
struct Times {
    when: Option<Wanted>,
    time_zone: Option<String>,
    jitter: Option<Duration>,
    catch_up: Option<bool>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Never,
    Every(Duration),
    Cron(String),
}

impl Times {
    fn read(reader: &Reader<'_>) -> Result<Self, Mistake> {
        let cron = reader.string("cron")?;
        let when = match (reader.has("every"), cron) {
            (true, Some(_)) => {
                return Err(reader
                    .mistake_in("cron", "there is both `every` and `cron`")
                    .hint("Leave one of them out."));
            }
            (false, cron) => {
                // Known here, for who misspells it.
                reader.string("every")?;
                cron.map(|text| Wanted::Cron(text.to_owned()))
            }
            (true, None) if reader.string("every").is_ok_and(|text| text == Some("never")) => Some(Wanted::Never),
            (true, None) => reader.length("every")?.map(Wanted::Every),
        };
        Ok(Self {
            when,
            time_zone: reader.string("time_zone")?.map(str::to_owned),
            jitter: reader.length("jitter")?,
            catch_up: reader.boolean("catch_up")?,
        })
    }

    fn or(self, defaults: &Self) -> Self {
        Self {
            when: self.when.or_else(|| defaults.when.clone()),
            time_zone: self.time_zone.or_else(|| defaults.time_zone.clone()),
            jitter: self.jitter.or(defaults.jitter),
            catch_up: self.catch_up.or(defaults.catch_up),
        }
    }

    fn schedule(&self, reader: &Reader<'_>) -> Result<Option<Schedule>, Mistake> {
        let zone = self.time_zone.as_deref().unwrap_or("UTC");
        let bad = |error: &CronError| {
            let key = if matches!(error, CronError::Zone(_)) { "time_zone" } else { "cron" };
            reader.mistake_in(key, error.to_string())
        };
        let when = match &self.when {
            // A zone is looked up even where nothing needs it yet.
            None | Some(Wanted::Never | Wanted::Every(_)) => {
                Cron::new("@daily", zone).map_err(|error| bad(&error))?;
                match &self.when {
                    Some(Wanted::Every(every)) => When::Every(*every),
                    _ => return Ok(None),
                }
            }
            Some(Wanted::Cron(text)) => When::Cron(Cron::new(text, zone).map_err(|error| {
                bad(&error).hint("Fields are minute, hour, day of the month, month, day of the week: `0 3 * * MON`.")
            })?),
        };
        let mut jitter = self.jitter.unwrap_or_default();
        if let When::Every(every) = when {
            if every.is_zero() {
                return Err(reader.mistake_in("every", "`every` must be at least a second"));
            }
            if !reader.has("jitter") {
                // One that is meant for others must not spoil a short interval.
                jitter = jitter.min(every / 2);
            } else if jitter >= every {
                let (jitter, every) = (length::describe(jitter), length::describe(every));
                return Err(
                    reader.mistake_in("jitter", format!("a jitter of {jitter} is not shorter than every {every}"))
                );
            }
        }
        Ok(Some(Schedule { when, jitter, catch_up: self.catch_up.unwrap_or(true) }))
    }
}

#[cfg(test)]
mod tests;
