//! What sites allow to crawlers: robots.txt, by RFC 9309.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use robotxt::{BYTE_LIMIT, Robots};
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::FetchError;

/// How long a robots.txt is used before it is fetched again.
const FRESH: Duration = Duration::from_hours(24);
/// How long a robots.txt that was once read is used if it cannot be fetched again, before another try.
const STALE: Duration = Duration::from_hours(1);
/// How long it is remembered that a robots.txt could not be fetched.
const UNKNOWN: Duration = Duration::from_mins(1);
/// Redirects of a robots.txt that are followed.
pub(super) const MAX_REDIRECTS: usize = 5;
/// Bytes of a robots.txt that are read; the rest is ignored.
pub(super) const MAX_BYTES: u64 = BYTE_LIMIT as u64 + 1;
/// Origins whose rules are remembered.
const MAX_ORIGINS: usize = 2_000;

/// The rules of origins, in memory.
#[derive(Debug, Default)]
pub(super) struct RobotsCache {
    origins: Mutex<FxHashMap<String, Arc<Origin>>>,
}

/// The rules of one origin.
#[derive(Debug, Default)]
pub(super) struct Origin {
    known: Mutex<Option<Known>>,
    /// Held by the one request that fetches the file.
    pub(super) fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Known {
    rules: Result<Arc<Robots>, FetchError>,
    until: Instant,
}

impl RobotsCache {
    /// The place of an origin's rules.
    pub(super) fn origin(&self, name: &str) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(name) {
            return Arc::clone(origin);
        }
        if origins.len() >= MAX_ORIGINS {
            // Those in use by a request are kept, so that no file is fetched twice at once.
            origins.retain(|_, origin| Arc::strong_count(origin) > 1);
        }
        Arc::clone(origins.entry(name.to_owned()).or_default())
    }
}

impl Origin {
    /// The rules, if they are known and not too old.
    pub(super) fn known(&self) -> Option<Result<Arc<Robots>, FetchError>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| known.until > Instant::now()).map(|known| known.rules.clone())
    }

    /// Remembers what fetching the file came to, and says what holds now.
    pub(super) fn learn(&self, fetched: Result<Robots, FetchError>) -> Result<Arc<Robots>, FetchError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (rules, valid) = match fetched {
            Ok(rules) => (Ok(Arc::new(rules)), FRESH),
            Err(error) => match known.as_ref().map(|known| &known.rules) {
                Some(Ok(rules)) => (Ok(Arc::clone(rules)), STALE),
                // The host's own memory knows when to ask again, and answers at once until then.
                _ if error.retry_after().is_some() => return Err(error),
                _ => (Err(error), UNKNOWN),
            },
        };
        *known = Some(Known { rules: rules.clone(), until: Instant::now() + valid });
        rules
    }
}

/// The name that robots.txt calls the crawler by: the product at the beginning of its user agent.
pub(super) fn product(user_agent: &str) -> &str {
    let end = user_agent.find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_')).unwrap_or(user_agent.len());
    &user_agent[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> FetchError {
        FetchError::RobotsUnavailable { url: "https://h/robots.txt".to_owned(), reason: "500".to_owned() }
    }

    #[test]
    fn the_product_is_what_robots_txt_names() {
        assert_eq!(product("cloudops/0.1 (+https://example.org)"), "cloudops");
        assert_eq!(product("My-Bot"), "My-Bot");
    }

    #[tokio::test(start_paused = true)]
    async fn rules_are_kept_for_a_day_and_longer_if_the_site_is_down() {
        let origin = Origin::default();
        assert!(origin.known().is_none());
        assert!(origin.learn(Err(unreachable())).is_err());
        assert!(origin.known().unwrap().is_err(), "not asked again at once");
        tokio::time::advance(UNKNOWN).await;
        assert!(origin.known().is_none());

        let rules = origin.learn(Ok(Robots::parse(b"User-agent: *\nDisallow: /x", "cloudops"))).unwrap();
        tokio::time::advance(FRESH.mul_f64(0.99)).await;
        assert_eq!(origin.known().unwrap().unwrap(), rules);
        tokio::time::advance(FRESH.mul_f64(0.02)).await;
        assert!(origin.known().is_none());
        assert_eq!(origin.learn(Err(unreachable())).unwrap(), rules, "the old rules hold while the new are unknown");
    }

    #[test]
    fn the_memory_is_bounded() {
        let cache = RobotsCache::default();
        let kept = cache.origin("https://kept");
        for number in 0..MAX_ORIGINS * 2 {
            cache.origin(&format!("https://h{number}"));
        }
        assert!(cache.origins.lock().unwrap().len() <= MAX_ORIGINS + 1);
        assert!(Arc::ptr_eq(&kept, &cache.origin("https://kept")));
    }
}
