//! Tokens that tell by their form whose they are.

use std::sync::LazyLock;

use regex::Regex;

use super::form::{distinct, is_placeholder, is_random, is_uuid, regex, run, starts_word};
use super::{Found, Secret};

/// What may stand behind a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Alphanumeric,
    /// Letters, digits, `_`, `-`.
    Word,
    /// The same and `.`.
    Dotted,
    LowerHex,
    Upper,
    /// Letters, digits, `+`, `/`, `=`, `_`, `-`.
    Base64,
}

impl Body {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::LowerHex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
        }
    }
}

/// Prefix, what stands behind it, and the least and the greatest number of characters of that.
#[rustfmt::skip]
const FORMS: &[(&str, Body, usize, usize)] = &[
    // GitHub, GitLab.
    ("ghp_", Body::Alphanumeric, 30, 255), ("gho_", Body::Alphanumeric, 30, 255), ("ghu_", Body::Alphanumeric, 30, 255),
    ("ghs_", Body::Dotted, 30, 2000), ("ghr_", Body::Alphanumeric, 30, 255), ("github_pat_", Body::Word, 22, 255),
    ("glpat-", Body::Dotted, 20, 300), ("gldt-", Body::Word, 20, 100), ("glrt-", Body::Dotted, 20, 300),
    ("glptt-", Body::Word, 20, 100), ("glcbt-", Body::Word, 20, 100), ("glft-", Body::Word, 20, 100),
    ("glsoat-", Body::Word, 20, 100), ("glimt-", Body::Word, 20, 100), ("glagent-", Body::Word, 20, 100),
    ("GR1348941", Body::Word, 20, 100), ("ATBB", Body::Alphanumeric, 28, 100),
    // Slack, Discord's and others' webhooks are below.
    ("xoxa-", Body::Word, 20, 300), ("xoxb-", Body::Word, 20, 300), ("xoxc-", Body::Word, 20, 300),
    ("xoxd-", Body::Base64, 20, 500), ("xoxe-", Body::Word, 20, 300), ("xoxe.xox", Body::Word, 20, 400),
    ("xoxo-", Body::Word, 20, 300), ("xoxp-", Body::Word, 20, 300), ("xoxr-", Body::Word, 20, 300),
    ("xoxs-", Body::Word, 20, 300), ("xapp-", Body::Word, 20, 300),
    // Packages and images.
    ("npm_", Body::Alphanumeric, 36, 100), ("pypi-Ag", Body::Word, 50, 1000), ("dckr_pat_", Body::Word, 20, 100),
    ("dckr_oat_", Body::Word, 20, 100), ("rubygems_", Body::LowerHex, 48, 48), ("cio", Body::Alphanumeric, 32, 32),
    ("AKCp", Body::Alphanumeric, 40, 120), ("cmVmdGtu", Body::Alphanumeric, 56, 56),
    // Payment.
    ("sk_live_", Body::Alphanumeric, 16, 255), ("sk_test_", Body::Alphanumeric, 16, 255),
    ("rk_live_", Body::Alphanumeric, 16, 255), ("rk_test_", Body::Alphanumeric, 16, 255),
    ("whsec_", Body::Base64, 20, 255), ("sq0atp-", Body::Word, 20, 60), ("sq0csp-", Body::Word, 40, 60),
    ("shpat_", Body::LowerHex, 32, 32), ("shpca_", Body::LowerHex, 32, 32), ("shppa_", Body::LowerHex, 32, 32),
    ("shpss_", Body::LowerHex, 32, 32),
    // Clouds.
    ("ABSK", Body::Base64, 100, 300), ("bedrock-api-key-", Body::Base64, 60, 4000), ("amzn.mws.", Body::Word, 36, 36),
    ("AIza", Body::Word, 35, 35), ("ya29.", Body::Dotted, 20, 2048), ("GOCSPX-", Body::Word, 28, 28),
    ("1//0", Body::Word, 40, 200), ("dop_v1_", Body::LowerHex, 64, 64), ("doo_v1_", Body::LowerHex, 64, 64),
    ("dor_v1_", Body::LowerHex, 64, 64), ("HRKU-", Body::Word, 36, 80), ("nfp_", Body::Alphanumeric, 36, 60),
    ("fm2_", Body::Base64, 60, 2000), ("fo1_", Body::Word, 40, 60), ("sha256~", Body::Word, 43, 43),
    ("tskey-", Body::Word, 20, 100), ("sbp_", Body::LowerHex, 40, 40), ("sb_secret_", Body::Word, 20, 60),
    ("pscale_tkn_", Body::Dotted, 32, 64), ("pscale_pw_", Body::Dotted, 32, 64), ("pscale_oauth_", Body::Dotted, 32, 64),
    // Models.
    ("sk-", Body::Word, 20, 255), ("hf_", Body::Alphanumeric, 30, 60), ("r8_", Body::Alphanumeric, 37, 37),
    ("gsk_", Body::Alphanumeric, 40, 80), ("xai-", Body::Alphanumeric, 40, 120), ("pplx-", Body::Alphanumeric, 40, 80),
    // Operations.
    ("hvs.", Body::Word, 20, 300), ("hvb.", Body::Word, 60, 400), ("hvr.", Body::Word, 20, 300),
    ("dapi", Body::LowerHex, 32, 32), ("glsa_", Body::Word, 41, 41), ("glc_eyJ", Body::Base64, 32, 400),
    ("NRAK-", Body::Upper, 27, 27), ("NRJS-", Body::LowerHex, 19, 19), ("NRII-", Body::Word, 32, 32),
    ("sntrys_eyJ", Body::Base64, 40, 500), ("sntryu_", Body::LowerHex, 64, 64), ("dt0c01.", Body::Dotted, 80, 120),
    ("dp.pt.", Body::Alphanumeric, 40, 50), ("dp.st.", Body::Dotted, 40, 80), ("dp.ct.", Body::Alphanumeric, 40, 50),
    ("dp.sa.", Body::Alphanumeric, 40, 50), ("ops_eyJ", Body::Base64, 100, 1000), ("pul-", Body::LowerHex, 40, 40),
    ("bkua_", Body::LowerHex, 40, 40), ("CCIPAT_", Body::Word, 40, 100), ("PMAK-", Body::Word, 50, 70),
    // Everything else.
    ("ATATT3x", Body::Base64, 60, 300), ("ATCTT3x", Body::Base64, 60, 300), ("lin_api_", Body::Alphanumeric, 32, 64),
    ("ntn_", Body::Alphanumeric, 40, 60), ("figd_", Body::Word, 38, 60), ("key-", Body::LowerHex, 32, 32),
    ("SK", Body::LowerHex, 32, 32), ("SG.", Body::Dotted, 40, 100),
];

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    let mut prefixes: Vec<&str> = FORMS.iter().map(|form| form.0).collect();
    // Of `xoxe-` and `xoxe.xox` the longer one counts.
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
    regex(&prefixes.into_iter().map(regex::escape).collect::<Vec<_>>().join("|"))
});

/// The secret part of addresses that let anybody in who knows them, and tokens without a prefix.
static OTHERS: LazyLock<[Regex; 12]> = LazyLock::new(|| {
    [
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,120})",
        r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/([0-9]{15,25}/[A-Za-z0-9_-]{40,100})",
        r"webhook\.office\.com/webhookb2/([A-Za-z0-9@/-]{60,250})",
        r"events(?:\.eu)?\.pagerduty\.com/(?:integration|x-ere)/([A-Za-z0-9]{16,40})",
        r"chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]{5,40}/messages\?(key=[A-Za-z0-9_%=&.-]{20,300})",
        r"\b([0-9]{8,10}:AA[A-Za-z0-9_-]{32,33})",
        r"\b([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,90})",
        r"\b([MNO][A-Za-z0-9_-]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})",
        r"\b([A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})",
        r"://([0-9a-f]{32})(?::[0-9a-f]{32})?@[a-z0-9.-]{0,40}sentry",
        r"[?&;](?:sig|X-Goog-Signature)=([A-Za-z0-9%+/=_-]{20,600})",
        r"\b([0-9a-f]{32}-us[0-9]{1,2})\b",
    ]
    .map(regex)
});

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for prefix in PREFIX.find_iter(text) {
        if prefix.start() < seen || !starts_word(text, prefix.start()) {
            continue;
        }
        let Some(&(_, body, min, max)) = FORMS.iter().find(|form| form.0 == prefix.as_str()) else {
            continue;
        };
        let end = run(text, prefix.end(), max.saturating_add(1), |byte| body.has(byte));
        let value = text[prefix.end()..end].trim_end_matches(['-', '_', '.', '/']);
        // Whether it is one or not, nothing starts within it.
        seen = if end - prefix.end() > 64 { end } else { seen };
        let end = prefix.end() + value.len();
        if (min..=max).contains(&value.len()) && is_token(text, prefix.as_str(), prefix.start(), value) {
            seen = end;
            found.push(Found { range: prefix.start()..end, kind: Secret::Token });
        }
    }
    json_web_tokens(text, found);
    for pattern in OTHERS.iter() {
        for value in pattern.captures_iter(text).filter_map(|captures| captures.get(1)) {
            if distinct(value.as_str()) >= 4 && !value.as_str().contains("...") {
                found.push(Found { range: value.range(), kind: Secret::Token });
            }
        }
    }
}

/// Prefixes that are words, or parts of them, ask for more than the form.
fn is_token(text: &str, prefix: &str, start: usize, value: &str) -> bool {
    let before = start.checked_sub(1).map(|at| text.as_bytes()[at]);
    match prefix {
        "sk-" | "1//0" | "xai-" | "tskey-" | "xapp-" => {
            !matches!(before, Some(b'-' | b'_' | b'/' | b'.')) && is_random(value, 20, 8)
        }
        "amzn.mws." => is_uuid(value),
        "SG." => value.contains('.'),
        _ if value.len() >= 20
            && value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_')) =>
        {
            false
        }
        _ => distinct(value) >= 6 && !(value.len() < 64 && is_placeholder(value)),
    }
}

static JWT: LazyLock<Regex> = LazyLock::new(|| regex("eyJ"));

/// `eyJ….eyJ….…`, and encrypted ones with five parts.
fn json_web_tokens(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for start in JWT.find_iter(text) {
        if start.start() < seen || !starts_word(text, start.start()) {
            continue;
        }
        let end = run(text, start.start(), usize::MAX, |byte| Body::Dotted.has(byte));
        seen = end;
        let value = text[start.start()..end].trim_end_matches('.');
        let parts: Vec<&str> = value.splitn(6, '.').collect();
        let signed = matches!(parts[..], [head, claims, ..] if head.len() >= 12 && claims.starts_with("eyJ") && claims.len() >= 12);
        if signed || (parts.len() == 5 && value.len() >= 100) {
            found.push(Found { range: start.start()..start.start() + value.len(), kind: Secret::Token });
        }
    }
}
