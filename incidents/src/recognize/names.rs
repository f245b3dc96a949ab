//! Names that have a form of their own: ARNs, resource ids, Regions, accounts, alarms, finding types.

use std::sync::LazyLock;

use regex::Regex;

use super::push_new;

/// Compiles a pattern of this program. That all of them compile is tested.
pub(super) fn pattern(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "the patterns are constants, and a test compiles each")]
    Regex::new(text).unwrap()
}

static ARN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"\barn:aws[a-z-]{0,20}:[a-z0-9-]{1,40}:[a-z0-9-]{0,30}:(?:\d{12}|aws)?:[^\s"'`,;()\[\]{}<>|]{1,1000}"#)
});
static ID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:acl|ami|cgw|eipalloc|eni|fs|i|igw|lt|mi|nat|pcx|rtb|sg|snap|subnet|tgw|vgw|vol|vpce|vpc|vpn)-[0-9a-f]{8,17}\b",
    )
});
static REGION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b((?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-(?:central|(?:north|south)(?:east|west)?|east|west)-\d)[a-f]?\b",
    )
});
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\w.-])(\d{12}|\d{4}-\d{4}-\d{4})(?:[^\w-]|$)"));
static ALARM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:alarms?|alert|monitor)\s+(?:named\s+|called\s+)?[`"'‘“]([^`"'’”\n]{3,120})[`"'’”]|[`"'‘“]([^`"'’”\n]{3,120})[`"'’”]\s+(?:alarm|alert)\b"#,
    )
});
/// An alarm without quotes has a name that no word has: joints or capitals inside.
static BARE_ALARM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\balarms?:?\s+([A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)+)|\b([A-Za-z0-9]+(?:[-_/][A-Za-z0-9%]+)+)\s+(?:alarm|went (?:to|into|off)|is in alarm|fired)\b",
    )
});
static FINDING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b[A-Z][A-Za-z]{3,30}:[A-Z][A-Za-z0-9]{1,30}/[A-Z][A-Za-z0-9]{2,60}(?:[.!][A-Z][A-Za-z0-9]*)*")
});

/// Places as people call Regions.
#[rustfmt::skip]
const PLACES: &[(&str, &str)] = &[
    ("bahrain", "me-south-1"), ("cape town", "af-south-1"), ("frankfurt", "eu-central-1"), ("hong kong", "ap-east-1"),
    ("hyderabad", "ap-south-2"), ("ireland", "eu-west-1"), ("dublin", "eu-west-1"), ("jakarta", "ap-southeast-3"),
    ("london", "eu-west-2"), ("melbourne", "ap-southeast-4"), ("milan", "eu-south-1"), ("montreal", "ca-central-1"),
    ("mumbai", "ap-south-1"), ("northern california", "us-west-1"), ("n. california", "us-west-1"), ("ohio", "us-east-2"),
    ("oregon", "us-west-2"), ("osaka", "ap-northeast-3"), ("paris", "eu-west-3"), ("sao paulo", "sa-east-1"),
    ("são paulo", "sa-east-1"), ("seoul", "ap-northeast-2"), ("singapore", "ap-southeast-1"),
    ("stockholm", "eu-north-1"), ("sydney", "ap-southeast-2"), ("tel aviv", "il-central-1"), ("tokyo", "ap-northeast-1"),
    ("n. virginia", "us-east-1"), ("virginia", "us-east-1"), ("zurich", "eu-central-2"),
];

static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<String> = PLACES.iter().map(|(name, _)| regex::escape(name)).collect();
    // As long as names are: of two that begin alike the longer one is meant.
    pattern(&format!(r"(?i)\b(?:{})\b", names.join("|")))
});

/// Whole ARNs, without the stop of a sentence behind them.
pub(super) fn arns(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for arn in ARN.find_iter(text) {
        push_new(&mut found, arn.as_str().trim_end_matches(['.', ':', '!', '?', '*', '_']));
    }
    found
}

/// Ids of resources.
pub(super) fn ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for id in ID.find_iter(text) {
        push_new(&mut found, id.as_str());
    }
    found
}

/// Regions by their codes, those of zones, and by the names of places.
pub(super) fn regions(text: &str) -> Vec<String> {
    let codes = REGION.captures_iter(text).filter_map(|found| {
        let code = found.get(1)?;
        Some((code.start(), code.as_str().to_ascii_lowercase()))
    });
    let places = PLACE.find_iter(text).filter_map(|found| {
        let name = found.as_str().to_lowercase();
        let (_, region) = PLACES.iter().find(|(place, _)| *place == name)?;
        Some((found.start(), (*region).to_owned()))
    });
    let mut all: Vec<(usize, String)> = codes.chain(places).collect();
    all.sort_by_key(|(at, _)| *at);
    let mut found = Vec::new();
    for (_, region) in all {
        push_new(&mut found, region);
    }
    found
}

/// Accounts: twelve digits that stand alone, also in groups of four, and those of ARNs.
pub(super) fn accounts(text: &str, arns: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    // The character behind one number may be the one in front of the next.
    while let Some(captures) = ACCOUNT.captures_at(text, at) {
        let Some(account) = captures.get(1) else { break };
        push_new(&mut found, account.as_str().replace('-', ""));
        at = account.end();
    }
    for arn in arns {
        let account = arn.split(':').nth(4).unwrap_or_default();
        if account.len() == 12 {
            push_new(&mut found, account);
        }
    }
    found
}

/// Names of alarms where they are called so, and types of `GuardDuty` findings.
pub(super) fn alarms(text: &str, arns: &[String]) -> Vec<String> {
    let mut all: Vec<(usize, &str)> = Vec::new();
    for rule in [&ALARM, &BARE_ALARM] {
        all.extend(rule.captures_iter(text).filter_map(|found| {
            let name = found.get(1).or_else(|| found.get(2))?;
            Some((name.start(), name.as_str()))
        }));
    }
    all.extend(FINDING.find_iter(text).map(|found| (found.start(), found.as_str())));
    all.sort_unstable();
    let mut found = Vec::new();
    for (_, name) in all {
        push_new(&mut found, name.trim());
    }
    for arn in arns {
        if let Some((_, name)) = arn.split_once(":alarm:") {
            push_new(&mut found, name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_end_where_they_end() {
        let text = "See arn:aws:lambda:eu-west-1:111122223333:function:orders:live. And (arn:aws:s3:::amzn-s3-demo-bucket/a/b.txt), \
                    arn:aws-cn:iam::111122223333:role/x; not arn:aws or arn:x:y";
        let expected = [
            "arn:aws:lambda:eu-west-1:111122223333:function:orders:live",
            "arn:aws:s3:::amzn-s3-demo-bucket/a/b.txt",
            "arn:aws-cn:iam::111122223333:role/x",
        ];
        assert_eq!(arns(text), expected);
    }

    #[test]
    fn regions_by_code_zone_and_place() {
        assert_eq!(
            regions("In Frankfurt and eu-west-1b, later US-EAST-1; eu-central-1"),
            ["eu-central-1", "eu-west-1", "us-east-1"]
        );
        assert_eq!(regions("N. Virginia, GovCloud us-gov-west-1"), ["us-east-1", "us-gov-west-1"]);
        assert!(regions("comparison of paristan, us-east, ap-weird-1").is_empty());
    }

    #[test]
    fn accounts_stand_alone() {
        assert_eq!(accounts("account 111122223333, 4444-5555-6666.", &[]), ["111122223333", "444455556666"]);
        assert!(accounts("order 1111222233334 and 1.111122223333 i-111122223333", &[]).is_empty());
        assert_eq!(accounts("", &["arn:aws:iam::111122223333:role/x".to_owned()]), ["111122223333"]);
    }

    #[test]
    fn alarms_and_findings() {
        let text = "Alarm `orders 5xx rate` fired, then \"db-connections\" alarm; prod-api-p99-latency went off. \
                    GuardDuty: UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS";
        let expected = [
            "orders 5xx rate",
            "db-connections",
            "prod-api-p99-latency",
            "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        ];
        assert_eq!(alarms(text, &[]), expected);
        assert!(alarms("the alarm was raised by the alarm company", &[]).is_empty());
    }
}
