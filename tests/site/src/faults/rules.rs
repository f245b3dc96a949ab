//! Where and how often faults show.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Fault;

/// Where and how often a fault shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Paths, without the query; `*` stands for anything, slashes too.
    pub pattern: String,
    /// What goes wrong.
    pub fault: Fault,
    /// So many requests are answered with it; for ever if `None`.
    #[serde(default)]
    pub times: Option<u32>,
    /// So many requests for each path are answered with it; for ever if `None`.
    #[serde(default)]
    pub times_per_path: Option<u32>,
    /// The share of paths that it shows on, 0 to 1. Always the same paths.
    #[serde(default = "all")]
    pub share: f64,
}

fn all() -> f64 {
    1.0
}

impl Rule {
    /// A fault that shows on every request for a path that matches.
    pub fn new(pattern: impl Into<String>, fault: Fault) -> Self {
        Self { pattern: pattern.into(), fault, times: None, times_per_path: None, share: 1.0 }
    }

    /// Shows `times` times only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Shows `times` times on each path.
    #[must_use]
    pub fn times_per_path(mut self, times: u32) -> Self {
        self.times_per_path = Some(times);
        self
    }

    /// Shows on a share of the paths.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }
}

/// The rules of a site and how often each was used.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(Rule, Used)>,
}

#[derive(Debug, Default)]
struct Used {
    times: u32,
    by_path: HashMap<String, u32>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, Used::default()));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn list(&self) -> Vec<Rule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// The fault that the next answer for `path` has, which counts as used.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        self.rules.iter_mut().find_map(|(rule, used)| {
            // Neighbours in the alphabet must not share a fate: the lower bits of the hash are the mixed ones.
            let chosen = || ((crate::content::hash(&[path]) % 10_000) as f64) < rule.share * 10_000.0;
            if rule.times.is_some_and(|times| used.times >= times) || !matches(&rule.pattern, path) || !chosen() {
                return None;
            }
            if let Some(times) = rule.times_per_path {
                let count = used.by_path.entry(path.to_owned()).or_default();
                if *count >= times {
                    return None;
                }
                *count += 1;
            }
            used.times += 1;
            Some(rule.fault.clone())
        })
    }
}

/// Whether a path matches a pattern, in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/bc", false),
            ("*", "/a", true),
            ("/a/*.html", "/a/b/c.html", true),
            ("/a/*.html", "/a/b/c.htm", false),
            ("*b*b", "abb", true),
            ("*b*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn rules_are_used_up() {
        let status = |status| Fault::Status { status, retry_after: None };
        let mut rules = Rules::default();
        rules.add(Rule::new("/a*", status(500)).times_per_path(1));
        rules.add(Rule::new("/a", status(503)).times(2));
        let taken: Vec<_> = ["/a", "/a", "/ab", "/ab", "/a", "/a"].map(|path| rules.take(path)).into();
        assert_eq!(taken, [Some(status(500)), Some(status(503)), Some(status(500)), None, Some(status(503)), None]);
    }

    #[test]
    fn a_share_is_a_share() {
        let mut rules = Rules::default();
        rules.add(Rule::new("*", Fault::throttle(429, 1)).share(0.2));
        let hit = (0..2_000).filter(|n| rules.take(&format!("/guide/page-{n}.html")).is_some()).count();
        assert!((300..500).contains(&hit), "{hit} of 2,000");
    }
}
