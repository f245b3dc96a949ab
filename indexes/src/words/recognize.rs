//! Data inside of a question: resource names, ids, addresses, times, commands.
//!
//! What identifies one person's resource is found nowhere in documentation; what type it has is.

use std::borrow::Cow;

/// A question without data, and the names that it has in other spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognized<'a> {
    /// The question with words for the types of what was found in place of it.
    pub(crate) text: Cow<'a, str>,
    /// API actions that commands and methods stand for, lower case.
    pub(crate) actions: Vec<String>,
}

/// Prefixes of resource ids, and what they are ids of.
const ID_TYPES: &[(&str, &str)] = &[
    ("acl", "network acl"),
    ("ami", "ami"),
    ("cgw", "customer gateway"),
    ("dopt", "dhcp options"),
    ("eipalloc", "elastic ip address"),
    ("eipassoc", "elastic ip address"),
    ("eni", "network interface"),
    ("fl", "flow log"),
    ("fs", "file system"),
    ("i", "instance"),
    ("igw", "internet gateway"),
    ("lt", "launch template"),
    ("mi", "managed instance"),
    ("nat", "nat gateway"),
    ("pcx", "vpc peering connection"),
    ("r", "reservation"),
    ("rtb", "route table"),
    ("sg", "security group"),
    ("sgr", "security group rule"),
    ("sir", "spot instance request"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("tgw", "transit gateway"),
    ("vgw", "virtual private gateway"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc endpoint"),
    ("vpn", "vpn connection"),
];

/// Verbs with which API actions begin.
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "accept", "add", "allocate", "apply", "assign", "associate", "assume", "attach", "authorize", "batch", "cancel",
    "change", "complete", "confirm", "copy", "create", "delete", "deregister", "describe", "detach", "disable",
    "disassociate", "enable", "execute", "export", "filter", "generate", "get", "head", "import", "initiate",
    "invoke", "list", "modify", "move", "promote", "publish", "purchase", "put", "query", "reboot", "receive",
    "register", "reject", "release", "remove", "replace", "request", "reset", "resize", "restore", "resume",
    "revoke", "rotate", "run", "scan", "send", "set", "simulate", "start", "stop", "subscribe", "suspend", "tag",
    "terminate", "test", "transact", "untag", "update", "upload", "validate", "verify",
];

/// Addresses that documentation is about.
const KNOWN_ADDRESSES: &[&str] = &["0.0.0.0", "127.0.0.1", "169.254.169.123", "169.254.169.254", "169.254.170.2"];

/// Finds data in a question. Linear in its length.
pub(crate) fn recognize(question: &str) -> Recognized<'_> {
    let mut text = String::new();
    let mut copied = 0;
    let mut actions = Vec::new();
    for run in question.split_whitespace() {
        let core = run.trim_matches(|c: char| !c.is_alphanumeric() && c != '*');
        if let Some(action) = action(core) {
            actions.push(action);
        }
        if let Some(words) = type_of(core) {
            // Both are slices of the question.
            let start = core.as_ptr().addr() - question.as_ptr().addr();
            text.push_str(&question[copied..start]);
            text.push_str(&words);
            copied = start + core.len();
        }
    }
    let text = if copied == 0 {
        Cow::Borrowed(question)
    } else {
        text.push_str(&question[copied..]);
        Cow::Owned(text)
    };
    Recognized { text, actions }
}

/// Words for what a run of characters identifies; nothing for what has no type, `None` for what is language.
fn type_of(run: &str) -> Option<Cow<'static, str>> {
    if let Some(resource) = run.strip_prefix("arn:") {
        return arn(resource).map(Cow::Owned);
    }
    if let Some(path) = run.strip_prefix("s3://") {
        let is_object = path.trim_end_matches('/').contains('/');
        return Some(Cow::Borrowed(if is_object { "s3 object" } else { "s3 bucket" }));
    }
    if let Some(host) = host(run) {
        return Some(Cow::Owned(host));
    }
    if run == "s3api" {
        return Some(Cow::Borrowed("s3"));
    }
    if let Some((prefix, id)) = run.split_once('-')
        && is_id(id)
        && let Ok(at) = ID_TYPES.binary_search_by_key(&prefix, |(prefix, _)| prefix)
    {
        return Some(Cow::Borrowed(ID_TYPES[at].1));
    }
    if is_access_key(run) {
        return Some(Cow::Borrowed("access key"));
    }
    if is_account(run) {
        return Some(Cow::Borrowed("account"));
    }
    if let Some((user, domain)) = run.split_once('@')
        && !user.is_empty()
        && domain.contains('.')
    {
        return Some(Cow::Borrowed("email"));
    }
    if is_address(run) {
        return Some(Cow::Borrowed("ip address"));
    }
    (is_uuid(run) || is_time(run) || is_random(run)).then_some(Cow::Borrowed(""))
}

/// Service and resource type of an ARN, given without its first part.
fn arn(rest: &str) -> Option<String> {
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next()?;
    let service = parts.next()?;
    let resource = parts.nth(2)?;
    if !partition.starts_with("aws") || !service.chars().all(|c| c.is_alphanumeric() || c == '-') {
        return None;
    }
    let kind = match (service, resource.split_once(['/', ':'])) {
        ("s3", Some(_)) => "object",
        ("s3", None) => "bucket",
        ("sns", _) => "topic",
        ("sqs", _) => "queue",
        ("rds", Some(("db", _))) => "db instance",
        ("elasticloadbalancing", Some(("loadbalancer", _))) => "load balancer",
        (_, Some((kind, _))) => kind,
        (_, None) => "",
    };
    let service = match service {
        "elasticloadbalancing" => "elastic load balancing",
        "states" => "step functions",
        "logs" => "cloudwatch logs",
        "execute-api" => "api gateway",
        service => service,
    };
    Some(format!("{service} {}", kind.replace(['-', '_'], " ")))
}

/// What a host name of AWS is an address of.
fn host(run: &str) -> Option<String> {
    let name = run.strip_prefix("https://").or_else(|| run.strip_prefix("http://")).unwrap_or(run);
    let name = name.split(['/', ':']).next().unwrap_or(name);
    if name.ends_with(".internal") && name.starts_with("ip-") {
        return Some("instance private dns".to_owned());
    }
    let labels: Vec<&str> =
        name.strip_suffix(".cn").unwrap_or(name).strip_suffix(".amazonaws.com")?.split('.').collect();
    if labels.first().is_some_and(|label| label.starts_with("ec2-")) {
        return Some("instance public dns".to_owned());
    }
    // Regions (`us-east-1`), ids and account numbers have digits and hyphens; a service has neither, but for `s3`.
    let service = labels.iter().rev().find(|label| **label == "s3" || label.chars().all(|c| c.is_ascii_lowercase()))?;
    Some(format!("{service} endpoint"))
}

/// The action that a command (`put-bucket-policy`) or a method (`put_object`) stands for.
fn action(run: &str) -> Option<String> {
    let joint = if run.contains('-') { '-' } else { '_' };
    let mut parts = run.split(joint);
    let is_action = parts.next().is_some_and(|verb| VERBS.binary_search(&verb).is_ok())
        && run.contains(joint)
        && parts.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    is_action.then(|| run.replace(joint, ""))
}

/// Hexadecimal behind the hyphen of a resource id. Words such as `r-base` have no digit.
fn is_id(text: &str) -> bool {
    (6..=17).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x')
        && (text.bytes().any(|b| b.is_ascii_digit()) || text.bytes().all(|b| b == b'x'))
}

fn is_access_key(run: &str) -> bool {
    run.len() >= 16
        && (run.starts_with("AKIA") || run.starts_with("ASIA"))
        && run.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_account(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    digits == 12
        && (run.len() == 12
            || run.len() == 14 && run.split('-').all(|part| part.len() == 4 && !part.contains(char::is_alphabetic)))
}

/// Four numbers, maybe with a mask or a port. Of known addresses documentation speaks.
fn is_address(run: &str) -> bool {
    let address = run.split(['/', ':']).next().unwrap_or(run);
    !KNOWN_ADDRESSES.contains(&address)
        && address.split('.').count() == 4
        && address.split('.').all(|part| part.len() <= 3 && part.parse::<u8>().is_ok())
}

fn is_uuid(run: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    run.len() == 36
        && run.split('-').map(str::len).eq(lengths)
        && run.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// A date with a time, or a time with seconds.
fn is_time(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6
        && run.bytes().filter(|b| *b == b':').count() == 2
        && run.bytes().all(|b| b.is_ascii_digit() || b"-:T.Z+".contains(&b))
}

/// Request ids, hashes and keys: long, with letters and several digits, and no joints or only those of base64.
fn is_random(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_hexadecimal = run.len() >= 12 && run.bytes().all(|b| b.is_ascii_hexdigit()) && digits >= 3 && letters >= 2;
    let is_upper = run.len() >= 13
        && digits >= 4
        && letters >= 4
        && digits + letters == run.len()
        && !run.bytes().any(|b| b.is_ascii_lowercase());
    let is_base64 = run.len() >= 24
        && digits >= 3
        && run.bytes().any(|b| b.is_ascii_uppercase())
        && run.bytes().any(|b| b.is_ascii_lowercase())
        && run.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    is_hexadecimal || is_upper || is_base64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_binary_search() {
        assert!(ID_TYPES.is_sorted() && VERBS.is_sorted());
    }

    #[test]
    fn data_becomes_its_type_and_language_stays() {
        for (question, expected) in [
            ("start i-0abc123, now", "start instance, now"),
            ("sg-0123456789abcdef0 blocks vpc-1a2b3c4d", "security group blocks vpc"),
            ("who may read arn:aws:s3:::bucket/key?", "who may read s3 object?"),
            ("arn:aws:iam::123456789012:role/app", "iam role"),
            ("arn:aws:sns:us-east-1:123456789012:alerts", "sns topic"),
            ("arn:aws:rds:eu-west-1:1:db:mine", "rds db instance"),
            ("copy s3://b/k to s3://b/", "copy s3 object to s3 bucket/"),
            ("from 10.1.2.3:22 and 10.0.0.0/16", "from ip address and ip address"),
            ("from 0.0.0.0/0", "from 0.0.0.0/0"),
            ("request 0c8ffa1f-1b2c-4d5e-8f90-123456789abc failed", "request  failed"),
            ("at 2024-05-01T12:30:05Z it died", "at  it died"),
            ("account 111122223333 or 1111-2222-3333", "account account or account"),
            ("AKIAIOSFODNN7EXAMPLE leaked", "access key leaked"),
            ("mydb.c9ak1.us-east-1.rds.amazonaws.com is down", "rds endpoint is down"),
            ("https://sqs.us-east-1.amazonaws.com/1/q", "sqs endpoint"),
            ("ec2-203-0-113-25.compute-1.amazonaws.com", "instance public dns"),
            ("mail to me@example.com bounces", "mail to email bounces"),
            ("RequestId 7F3A9B1C2D4E5F60", "RequestId "),
        ] {
            assert_eq!(recognize(question).text, expected, "{question}");
        }
        for question in [
            "plain words, us-east-1 and t2.micro",
            "mysql 5.7.12 on db.m5.12xlarge",
            "ec2:DescribeInstances ThrottlingException 503",
            "r-base i-phone acl-facade",
            "version 2012-10-17",
            "UNPROTECTED_PRIVATE_KEY ECONNREFUSED",
            "",
        ] {
            assert_eq!(recognize(question).text, question);
        }
    }

    #[test]
    fn commands_and_methods_are_actions() {
        let actions = |text| recognize(text).actions;
        assert_eq!(actions("aws s3api put-bucket-policy --bucket x"), ["putbucketpolicy"]);
        assert_eq!(actions("client.put_object fails, put_object too"), ["putobject"]);
        assert_eq!(actions("create-table and describe_instances"), ["createtable", "describeinstances"]);
        assert!(actions("set up a-b copy-on-Write add-").is_empty());
    }
}
