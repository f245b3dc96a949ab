//! Guides by what people call them.

use std::fmt;

use rustc_hash::FxHashSet;
use url::Url;

use super::{Family, Guide, guides};
use crate::web::address;

/// How many names are suggested.
const MAX_SUGGESTIONS: usize = 5;
/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.82;

/// Nothing is called so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownGuide {
    /// What was asked for.
    pub wanted: String,
    /// Names that are nearly so, nearest first.
    pub suggestions: Vec<String>,
}

impl fmt::Display for UnknownGuide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no guide is called `{}`", self.wanted)?;
        match self.suggestions.split_last() {
            None => Ok(()),
            Some((last, [])) => write!(f, " (did you mean `{last}`?)"),
            Some((last, others)) => {
                f.write_str(" (did you mean ")?;
                for name in others {
                    write!(f, "`{name}`, ")?;
                }
                write!(f, "or `{last}`?)")
            }
        }
    }
}

impl std::error::Error for UnknownGuide {}

/// Finds guides by service, other name, id, family or address, in the order of the table and each once.
///
/// A service stands for the guides that are of it, as `ec2` for the EC2 guides, not for those that only touch it; for
/// the latter if there are no others. An address stands for the guides below it, or else for the one that it is a page
/// of. `all` stands for every guide, `well-architected` for those of that family.
pub fn choose(wanted: &[String]) -> Result<Vec<&'static Guide>, UnknownGuide> {
    let mut ids: FxHashSet<&str> = FxHashSet::default();
    for wanted in wanted.iter().map(|wanted| wanted.trim()).filter(|wanted| !wanted.is_empty()) {
        let found = if wanted.contains("://") { by_address(wanted) } else { by_name(wanted) };
        if found.is_empty() {
            return Err(UnknownGuide { wanted: shortened(wanted), suggestions: suggestions(wanted) });
        }
        ids.extend(found.iter().map(|guide| guide.id.as_str()));
    }
    Ok(guides().iter().filter(|guide| ids.contains(guide.id.as_str())).collect())
}

fn by_name(wanted: &str) -> Vec<&'static Guide> {
    let names = spellings(wanted);
    let is = |name: &String| names.contains(name);
    let all = |test: &dyn Fn(&Guide) -> bool| guides().iter().filter(|guide| test(guide)).collect::<Vec<_>>();
    if names.iter().any(|name| name == "all") {
        return guides().iter().collect();
    }
    if let Some(family) = names.iter().find_map(|name| name.parse::<Family>().ok()) {
        return all(&|guide| guide.family == family);
    }
    let tests: [&dyn Fn(&Guide) -> bool; 3] = [
        &|guide| is(&guide.id),
        &|guide| {
            let of_service = guide.family == Family::Guide && guide.services.first().is_some_and(is);
            of_service || guide.names.iter().any(is)
        },
        &|guide| guide.services.iter().any(is),
    ];
    tests.into_iter().map(all).find(|found| !found.is_empty()).unwrap_or_default()
}

/// A name as the table would write it: `AWS Step Functions` and `step_functions` are `step-functions`.
fn spellings(wanted: &str) -> Vec<String> {
    let words: Vec<String> = wanted
        .to_ascii_lowercase()
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '-' | ':'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let bare = match words.first().map(String::as_str) {
        Some("aws" | "amazon") if words.len() > 1 => &words[1..],
        _ => &words[..],
    };
    let mut names = vec![words.join("-"), bare.join("-"), bare.concat()];
    // The families that people call by more words than the table.
    match bare.join("-").as_str() {
        "prescriptive-guidance" => names.push(Family::Prescriptive.as_str().to_owned()),
        "guides" => names.push(Family::Guide.as_str().to_owned()),
        _ => {}
    }
    names
}

fn by_address(wanted: &str) -> Vec<&'static Guide> {
    let Some(url) = address::canonical(wanted, None).map(|url| address::without_locale(&url)) else {
        return Vec::new();
    };
    let below: Vec<_> = guides().iter().filter(|guide| is_below(&guide.url, &url)).collect();
    if !below.is_empty() {
        return below;
    }
    let around = guides().iter().filter(|guide| is_below(&url, &guide.url));
    around.max_by_key(|guide| guide.url.as_str().len()).into_iter().collect()
}

/// Whether an address is below another or equal, folder by folder.
fn is_below(url: &Url, above: &Url) -> bool {
    let path = above.path().trim_end_matches('/');
    url.host_str() == above.host_str()
        && url.path().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What somebody may have meant: names that are nearly written so, or that begin with it.
fn suggestions(wanted: &str) -> Vec<String> {
    let wanted = shortened(wanted).to_ascii_lowercase().replace(['_', ' '], "-");
    let mut scored: Vec<(f64, &str)> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for guide in guides() {
        let names = guide.services.iter().take(1).chain(&guide.names).chain([&guide.id]);
        for name in names.map(String::as_str) {
            if seen.insert(name) {
                let begins = !wanted.is_empty() && wanted.len() >= 2 && name.starts_with(&wanted);
                let score = strsim::jaro_winkler(&wanted, name).max(if begins { 0.95 } else { 0.0 });
                if score >= ALIKE {
                    scored.push((score, name));
                }
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(MAX_SUGGESTIONS).map(|(_, name)| name.to_owned()).collect()
}

/// Names are short: a whole file as a name is not compared with every other.
fn shortened(wanted: &str) -> String {
    wanted.chars().take(100).collect()
}
