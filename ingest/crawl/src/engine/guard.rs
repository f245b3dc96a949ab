//! When a site is not believed.
//!
//! A site that answers with a login page, an error page or nothing at all for every address looks, page by page, like a
//! site that has changed. Seen as a whole it does not: pages that were good do not all vanish, move or become the same text
//! at once. Then nothing is removed or replaced, and a person is told.

use cloudops_ingest::ledger::Suspicion;

/// Thresholds. Shares are of the pages that had a good version before and answered in this run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// Pages that must have been looked at before anything is concluded.
    pub min_pages: u64,
    /// The share that may be missing, refused or moved, 0 to 1.
    pub max_share: f64,
    /// The share that may have become one and the same text, 0 to 1.
    pub max_alike: f64,
    /// Believe the site whatever it does.
    pub off: bool,
}

impl Default for Guard {
    fn default() -> Self {
        Self { min_pages: 10, max_share: 0.25, max_alike: 0.1, off: false }
    }
}

/// As many pages of one text are no coincidence, however large the site is.
const FEW_ALIKE: u64 = 5;
/// From here on a crawl is not worth going on with.
const HOPELESS_SHARE: f64 = 0.8;
const HOPELESS_PAGES: u64 = 200;

impl Guard {
    fn odd(suspicion: &Suspicion) -> u64 {
        suspicion.odd.values().sum()
    }

    fn share(part: u64, suspicion: &Suspicion) -> f64 {
        part as f64 / suspicion.checked.max(1) as f64
    }

    /// What is wrong with the site as a whole; `None` if nothing is.
    pub(super) fn judge(&self, suspicion: &Suspicion, source: &str) -> Option<String> {
        if self.off || suspicion.checked < self.min_pages {
            return None;
        }
        let odd = Self::odd(suspicion);
        if Self::share(odd, suspicion) > self.max_share {
            let worst = suspicion.odd.iter().max_by_key(|(_, pages)| **pages);
            let worst = worst.map(|(outcome, pages)| format!("mostly {}, {pages}", in_words(outcome)));
            return Some(format!(
                "{odd} of {} known pages of `{source}` are no pages any more ({}): nothing was removed or replaced",
                suspicion.checked,
                worst.unwrap_or_default()
            ));
        }
        let alike = Self::share(suspicion.alike, suspicion);
        if suspicion.alike >= FEW_ALIKE && alike > self.max_alike {
            return Some(format!(
                "{} of {} known pages of `{source}` have become the same text: nothing was removed or replaced",
                suspicion.alike, suspicion.checked
            ));
        }
        None
    }

    /// Whether going on would only bother the site.
    pub(super) fn is_hopeless(&self, suspicion: &Suspicion) -> bool {
        !self.off
            && suspicion.checked >= HOPELESS_PAGES.max(self.min_pages)
            && Self::share(Self::odd(suspicion), suspicion) > HOPELESS_SHARE
    }
}

/// What the ledger calls an outcome, for people.
fn in_words(outcome: &str) -> String {
    match outcome.split_once(':') {
        Some(("gone", _)) => "missing".to_owned(),
        Some((_, code)) => format!("`{code}`"),
        None if outcome == "gone" => "missing".to_owned(),
        None => outcome.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspicion(checked: u64, odd: &[(&str, u64)], alike: u64) -> Suspicion {
        let odd = odd.iter().map(|(outcome, pages)| ((*outcome).to_owned(), *pages)).collect();
        Suspicion { checked, odd, alike }
    }

    #[test]
    fn a_site_that_falls_apart_is_not_believed() {
        let guard = Guard::default();
        let cases = [
            (suspicion(100, &[], 0), None),
            (suspicion(100, &[("gone:confirmed", 20)], 0), None),
            (suspicion(100, &[("gone:confirmed", 20), ("refused:login", 10)], 0), Some("mostly missing, 20")),
            (suspicion(100, &[("refused:login", 90)], 0), Some("mostly `login`, 90")),
            (suspicion(9, &[("refused:login", 9)], 0), None),
            (suspicion(100, &[], 11), Some("11 of 100 known pages of `aws` have become the same text")),
            (suspicion(30, &[], 4), None),
        ];
        for (suspicion, expected) in cases {
            let verdict = guard.judge(&suspicion, "aws");
            assert_eq!(verdict.is_some(), expected.is_some(), "{suspicion:?}: {verdict:?}");
            let verdict = verdict.unwrap_or_default();
            assert!(verdict.contains(expected.unwrap_or_default()), "{verdict}");
        }
        let off = Guard { off: true, ..guard };
        assert_eq!(off.judge(&suspicion(100, &[("refused:login", 90)], 0), "aws"), None);
    }

    #[test]
    fn a_hopeless_site_is_left_alone() {
        let guard = Guard::default();
        assert!(guard.is_hopeless(&suspicion(500, &[("moved", 450)], 0)));
        assert!(!guard.is_hopeless(&suspicion(100, &[("moved", 100)], 0)));
    }
}
