//! Names of groups that stay when another incident joins.
//!
//! A name is made of what the oldest incidents of a group have in common, which newer ones do not change. Of groups whose
//! oldest are of the same shape, the one that is oldest has the plain name.

use std::fmt::Write as _;

use rustc_hash::FxHashSet;

use crate::incident::Incident;

use super::Group;
use super::group::seen;

/// So many of the oldest incidents make the name.
const FOUNDERS: usize = 3;
/// Longer parts of a name are cut, in bytes.
const MAX_PART: usize = 40;

/// Names groups, whose incidents are the newest first.
pub(super) fn name(groups: &mut [Group<'_>]) {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let oldest = |group: &Group<'_>| {
        let first = founders(group)[0];
        (seen(first).is_none(), seen(first), first.id.clone())
    };
    order.sort_by_cached_key(|at| oldest(&groups[*at]));
    let mut taken = FxHashSet::default();
    for at in order {
        let founders = founders(&groups[at]);
        let service = most_frequent(&founders, |incident| &incident.services);
        let code = most_frequent(&founders, |incident| &incident.error_codes);
        let cause = most_frequent(&founders, |incident| incident.cause.as_slice());
        let alarm = most_frequent(&founders, |incident| &incident.alarms);
        // What at least two of them have says more of the group than what one has.
        let mut candidates = [&code, &cause, &alarm].into_iter().flatten();
        let named = candidates.clone().find(|(_, count)| *count > 1).or_else(|| candidates.next());
        let of = |found: &Option<(String, usize)>| found.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
        let parts = [of(&service), named.map(|(name, _)| name.clone()).unwrap_or_default()];
        let mut shape = [&parts[..], &[of(&cause)]].concat();
        let mut key = spelled(&parts, &shape);
        if taken.contains(&key) {
            shape.push(founders[0].id.clone());
            key = spelled(&parts, &shape);
        }
        while !taken.insert(key.clone()) {
            shape.push("again".to_owned());
            key = spelled(&parts, &shape);
        }
        groups[at].key = key;
    }
}

/// The oldest incidents of a group; those whose time is not known are as good as new.
fn founders<'a>(group: &Group<'a>) -> Vec<&'a Incident> {
    let mut founders = group.incidents.clone();
    founders.sort_by_key(|incident| (seen(incident).is_none(), seen(incident), incident.id.as_str()));
    founders.truncate(FOUNDERS);
    founders
}

/// In lower case, and how many have it; of equally frequent ones what the oldest has first.
fn most_frequent<'a>(
    founders: &[&'a Incident],
    names: impl Fn(&'a Incident) -> &'a [String],
) -> Option<(String, usize)> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for incident in founders {
        let mut own = FxHashSet::default();
        let names = names(incident).iter().map(|name| name.trim().to_lowercase());
        for name in names.filter(|name| !name.is_empty() && own.insert(name.clone())) {
            match counted.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counted.push((name, 1)),
            }
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max()?;
    counted.into_iter().find(|(_, count)| *count == most)
}

/// Words of small letters and digits joined by hyphens, safe as the name of a file, with a mark of the shape behind.
fn spelled(parts: &[String], shape: &[String]) -> String {
    let mut key = String::new();
    for part in parts {
        let slug = slug(part);
        if !slug.is_empty() {
            key.push_str(&slug);
            key.push('-');
        }
    }
    _ = write!(key, "{:06x}", mark(shape) & 0xff_ffff);
    key
}

/// A text in small letters and digits, with hyphens for the rest; empty where it has neither.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() >= MAX_PART {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// FNV-1a, since it must be the same in every version of the program.
fn mark(shape: &[String]) -> u64 {
    let bytes = shape.iter().flat_map(|part| part.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (text, expected) in [
            ("ThrottlingException", "throttlingexception"),
            ("../../etc/passwd", "etc-passwd"),
            ("keep-alive  mismatch!", "keep-alive-mismatch"),
            ("ключ", ""),
            ("C&CActivity.B!DNS", "c-cactivity-b-dns"),
        ] {
            assert_eq!(slug(text), expected);
        }
        assert_eq!(slug(&"ab ".repeat(50)).len(), 40);
    }

    #[test]
    fn marks_never_change() {
        assert_eq!(spelled(&["rds".to_owned(), String::new()], &["rds".to_owned()]), "rds-730e2f");
    }
}
