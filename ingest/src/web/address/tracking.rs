//! Parameters of an address that say how somebody came to a page, not which page it is.

use std::borrow::Cow;

/// Names that only track visitors, on any site.
const NAMES: &[&str] = &[
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "fbclid",
    "gbraid",
    "gclid",
    "icmpid",
    "igshid",
    "jsessionid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "phpsessid",
    "pk_campaign",
    "pk_kwd",
    "pk_medium",
    "pk_source",
    "ref",
    "ref_",
    "ref_src",
    "refid",
    "trk",
    "trkcampaign",
    "twclid",
    "wbraid",
    "yclid",
];

/// What such names begin with: `utm_source`.
const PREFIXES: &[&str] = &["utm_", "mtm_"];

/// On aws.amazon.com: where a link stood, and how lists are sorted and filtered in the browser.
const AWS_NAMES: &[&str] = &["did", "loc", "nc", "nc1", "nc2"];
const AWS_PREFIXES: &[&str] = &["awsf.", "awsm."];
const AWS_SUFFIXES: &[&str] = &[".sort-by", ".sort-order", ".q", ".q_operator"];

/// Whose parameters they are.
#[derive(Clone, Copy)]
struct Site {
    /// Some site of Amazon: `sc_channel` and the like are of its campaigns.
    amazon: bool,
    aws: bool,
}

/// A query without such parameters; `None` if nothing is left.
pub(super) fn without<'a>(host: &str, query: &'a str) -> Option<Cow<'a, str>> {
    let site = Site { amazon: host.ends_with(".amazon.com"), aws: host == "aws.amazon.com" };
    let mut pieces = query.split('&');
    if pieces.clone().all(|piece| !piece.is_empty() && !tracks(piece, site)) {
        return Some(Cow::Borrowed(query));
    }
    let mut kept = String::with_capacity(query.len());
    for piece in pieces.by_ref().filter(|piece| !piece.is_empty() && !tracks(piece, site)) {
        if !kept.is_empty() {
            kept.push('&');
        }
        kept.push_str(piece);
    }
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

fn tracks(piece: &str, site: Site) -> bool {
    let name = piece.split('=').next().unwrap_or(piece);
    // No such name is longer; the comparison is not worth it for a whole page in a parameter.
    if name.is_empty() || name.len() > 64 {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    let among = |names: &[&str]| names.contains(&name);
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    among(NAMES)
        || starts(PREFIXES)
        || (site.amazon && name.starts_with("sc_"))
        || (site.aws
            && (among(AWS_NAMES) || starts(AWS_PREFIXES) || AWS_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))))
}
