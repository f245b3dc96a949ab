//! What a command does: whether it only looks, and which permissions of AWS it takes.

use schemars::JsonSchema;
use serde::Serialize;

use super::Command;

/// What a command does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only looks.
    ReadOnly,
    /// It changes something.
    Changes,
    /// It cannot be told.
    Unknown,
}

/// First words of operations of the AWS command line that change nothing.
#[rustfmt::skip]
const LOOKING: &[&str] = &[
    "batch-get", "check", "describe", "detect", "download", "estimate", "filter", "get", "head", "help", "list", "lookup",
    "ls", "preview", "query", "scan", "search", "select", "simulate", "validate", "view", "wait", "discover", "tail",
];
/// Operations that change nothing though their first word may.
const LOOKING_WHOLE: &[&str] = &[
    "start-query",
    "stop-query",
    "generate-service-last-accessed-details",
    "decode-authorization-message",
    "test-event-pattern",
    "test-metric-filter",
];
/// Operations that hand out or make something though they begin like looking.
const NOT_LOOKING: &[&str] = &["get-session-token", "get-federation-token"];
/// Words of SQL statements that change nothing.
const SQL_LOOKING: &[&str] = &["select", "show", "explain", "with", "describe", "desc"];
/// Verbs of kubectl that change nothing.
const KUBECTL_LOOKING: &[&str] = &[
    "get",
    "describe",
    "logs",
    "top",
    "explain",
    "auth",
    "version",
    "cluster-info",
    "api-resources",
    "events",
    "diff",
];
/// Words of SQL that change something, wherever they stand.
#[rustfmt::skip]
const SQL_CHANGING: &[&str] = &[
    "alter", "call", "copy", "create", "delete", "do", "drop", "grant", "insert", "kill", "merge",
    "pg_cancel_backend", "pg_terminate_backend", "rds_kill", "rds_kill_query", "reindex", "revoke", "set", "truncate", "update", "vacuum",
];
/// Programs that only look, whatever their arguments are.
#[rustfmt::skip]
const LOOKING_PROGRAMS: &[&str] = &[
    "[", "[[", "cat", "column", "cut", "date", "df", "dig", "dmesg", "du", "echo", "egrep", "ethtool", "export", "false", "file", "findmnt",
    "free", "grep", "head", "host", "iostat", "journalctl", "jq", "less", "ls", "lsblk", "lsof", "mpstat", "mtr", "netstat", "nproc",
    "nslookup", "nstat", "openssl", "pidstat", "ping", "printf", "ps", "read", "sar", "sleep", "sort", "ss", "stat", "tail", "test", "top",
    "tr", "traceroute", "tracepath", "true", "uniq", "uptime", "vmstat", "wc", "whoami",
];
/// Words of the shell that stand in front of a command.
const BEFORE_COMMAND: &[&str] = &["!", "do", "elif", "else", "if", "sudo", "then", "time", "until", "while", "{", "$"];
/// Words of the shell that are commands of their own, and do nothing.
const SHELL: &[&str] = &["done", "esac", "fi", "for", "case", "in", "}", ";;"];

/// Prefixes of permissions where the command line has another name for the service.
#[rustfmt::skip]
const PREFIXES: &[(&str, &str)] = &[
    ("application-autoscaling", "application-autoscaling"), ("apigatewayv2", "apigateway"), ("deploy", "codedeploy"),
    ("ecr-public", "ecr-public"), ("efs", "elasticfilesystem"), ("elb", "elasticloadbalancing"), ("elbv2", "elasticloadbalancing"),
    ("emr", "elasticmapreduce"), ("opensearch", "es"), ("resourcegroupstaggingapi", "tag"), ("s3api", "s3"),
    ("sesv2", "ses"), ("sso-admin", "sso"), ("stepfunctions", "states"), ("ce", "ce"),
];

/// Reads a block of commands.
pub(super) fn read(language: &str, text: &str) -> Command {
    let (mut looks, mut changes, mut unknown) = (false, false, false);
    let mut permissions: Vec<String> = Vec::new();
    if matches!(language, "sql" | "mysql" | "psql" | "postgresql") {
        for statement in text.split(';') {
            let body =
                statement.lines().map(str::trim).filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
            let Some(word) = body.split_whitespace().next().map(str::to_lowercase) else { continue };
            // `EXPLAIN ANALYZE DELETE` deletes; `SHOW CREATE TABLE` creates nothing.
            let shows = matches!(word.as_str(), "show" | "describe" | "desc");
            let body = body.to_lowercase();
            let mut words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
            let does = !shows && words.any(|word| SQL_CHANGING.contains(&word));
            if does || !SQL_LOOKING.contains(&word.as_str()) { changes = true } else { looks = true }
        }
    } else if matches!(language, "bash" | "sh" | "shell" | "console" | "") {
        for (service, operation) in aws_calls(text) {
            let reads = operation_looks(&operation);
            if reads {
                looks = true;
            } else {
                changes = true;
            }
            if let Some(permission) = permission(&service, &operation)
                && !permissions.contains(&permission)
            {
                permissions.push(permission);
            }
        }
        let (programs, is_plain) = programs(text);
        unknown |= !is_plain;
        for program in programs {
            match program.split_once(' ').unwrap_or((&program, "")) {
                ("aws", _) => {}
                ("kubectl", verb) if KUBECTL_LOOKING.contains(&verb) => looks = true,
                ("kubectl", "") => unknown = true,
                ("kubectl", _) => changes = true,
                ("systemctl", "status" | "show" | "list-units" | "is-active") => looks = true,
                (name, _) if LOOKING_PROGRAMS.contains(&name) => looks = true,
                _ => unknown = true,
            }
        }
    } else {
        unknown = true;
    }
    let effect = match (changes, unknown, looks) {
        (true, ..) => Effect::Changes,
        (false, false, true) => Effect::ReadOnly,
        _ => Effect::Unknown,
    };
    Command { language: language.to_owned(), text: text.trim_end().to_owned(), effect, permissions }
}

/// Service and operation of each call of the AWS command line.
fn aws_calls(text: &str) -> Vec<(String, String)> {
    let mut calls = Vec::new();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | '`' | '|' | ';')).collect();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "aws") {
        // Global options stand before the service, each with a value.
        let mut rest = words[at + 1..].iter().filter(|word| !word.is_empty() && **word != "\\");
        let mut next = || loop {
            let word = rest.next()?;
            if !word.starts_with("--") {
                return Some((*word).trim_matches(['\'', '"', ')']));
            }
            if !matches!(*word, "--debug" | "--no-paginate" | "--no-cli-pager" | "--no-sign-request")
                && !word.contains('=')
            {
                rest.next()?;
            }
        };
        if let (Some(service), Some(operation)) = (next(), next()) {
            let is_name = |word: &str| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            if is_name(service) && is_name(operation) {
                calls.push((service.to_owned(), operation.to_owned()));
            }
        }
    }
    calls
}

fn operation_looks(operation: &str) -> bool {
    if NOT_LOOKING.contains(&operation) {
        return false;
    }
    // `aws s3 cp` copies, `aws s3 ls` lists.
    LOOKING_WHOLE.contains(&operation)
        || LOOKING
            .iter()
            .any(|word| operation.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// `elbv2 describe-target-health` as `elasticloadbalancing:DescribeTargetHealth`.
fn permission(service: &str, operation: &str) -> Option<String> {
    if matches!(service, "s3" | "configure") || matches!(operation, "wait" | "help" | "tail") {
        return None;
    }
    let prefix = PREFIXES.iter().find(|(name, _)| *name == service).map_or(service, |(_, prefix)| prefix);
    let mut name = String::new();
    for part in operation.split('-') {
        let mut chars = part.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    Some(format!("{prefix}:{name}"))
}

/// First words of the commands of a script, those of kubectl and systemctl with their verb; and whether it is all commands,
/// without files that are written and quotes that are not closed.
fn programs(text: &str) -> (Vec<String>, bool) {
    let (segments, mut is_plain) = segments(&text.replace("\\\n", " "));
    let mut found = Vec::new();
    for segment in segments {
        let mut words = segment.split_whitespace().peekable();
        let is_assignment = |word: &str| {
            let name = word.split('=').next().unwrap_or_default();
            word.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        // `timeout 5 stat` is `stat`.
        let first = loop {
            match words.next() {
                Some("timeout") => drop(words.next()),
                Some(word) if BEFORE_COMMAND.contains(&word) || is_assignment(word) => {}
                other => break other,
            }
        };
        let Some(first) = first else { continue };
        if SHELL.contains(&first) || first.starts_with('#') {
            continue;
        }
        let verb = words.find(|word| !word.starts_with('-')).unwrap_or_default();
        let with_verb = matches!(first, "kubectl" | "systemctl");
        found.push(if with_verb { format!("{first} {verb}") } else { first.to_owned() });
        is_plain &= first.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[');
    }
    (found, is_plain)
}

/// A script cut where one command ends and another begins, those of substitutions included.
#[expect(clippy::match_same_arms, reason = "in this order they are the rules of the shell")]
fn segments(text: &str) -> (Vec<String>, bool) {
    let (mut segments, mut current) = (Vec::new(), String::new());
    let (mut quote, mut is_plain) = (None, true);
    let mut comment = false;
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied();
        let mut cut = false;
        match (quote, c) {
            _ if comment => comment = c != '\n',
            (Some('\''), '\'') => quote = None,
            (Some('\''), _) => {}
            // In double quotes a substitution is one all the same.
            (_, '$') if next == Some('(') => (cut, at) = (true, at + 1),
            (_, '`') => cut = true,
            (Some('"'), '"') => quote = None,
            (Some('"'), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') if current.trim().is_empty() => comment = true,
            (None, '|' | ';' | '&' | '\n' | '(' | ')') => cut = true,
            (None, '>') => {
                let rest: String = chars[at + 1..].iter().take(12).collect();
                let target = rest.trim_start_matches(['>', ' ']);
                if target.starts_with('&') {
                    at += 1;
                } else if !target.starts_with("/dev/null") {
                    is_plain = false;
                }
            }
            _ => {}
        }
        if cut || comment {
            segments.push(std::mem::take(&mut current));
        } else {
            current.push(c);
        }
        at += 1;
    }
    segments.push(current);
    (segments, is_plain && quote.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(language: &str, text: &str) -> Effect {
        read(language, text).effect
    }

    #[test]
    fn commands_that_look_and_such_that_change() {
        for (text, expected) in [
            ("aws ec2 describe-instances --query 'Reservations[].Instances[]' | head", Effect::ReadOnly),
            (
                "for t in $(aws ecs list-tasks --cluster c); do\n  aws ecs describe-tasks --tasks $t\ndone",
                Effect::ReadOnly,
            ),
            ("aws --profile p --region eu-west-1 ecs update-service --service s", Effect::Changes),
            ("aws ec2 describe-volumes\naws ec2 modify-volume --volume-id v", Effect::Changes),
            ("kubectl get pods -A", Effect::ReadOnly),
            ("kubectl delete pod x", Effect::Changes),
            ("sudo dmesg -T | grep -i nfs | tail", Effect::ReadOnly),
            ("frobnicate --all", Effect::Unknown),
            ("aws s3 ls s3://amzn-s3-demo-bucket", Effect::ReadOnly),
            ("aws s3 cp a s3://amzn-s3-demo-bucket/a", Effect::Changes),
            ("echo \"$(date -u -d '-30 min' +%FT%TZ)\" 2>/dev/null", Effect::ReadOnly),
            ("timeout 5 stat -f /mnt/efs", Effect::ReadOnly),
            ("timeout 5 rm -rf x", Effect::Unknown),
            ("echo $(rm -rf x)", Effect::Unknown),
            ("echo \"`rm -rf x`\"", Effect::Unknown),
            ("cat a > /etc/b", Effect::Unknown),
            ("ls; ./destroy.sh", Effect::Unknown),
            ("/usr/bin/aws ec2 terminate-instances", Effect::Unknown),
            ("redis-cli FLUSHALL", Effect::Unknown),
            ("echo 'open", Effect::Unknown),
            ("aws apigateway test-invoke-method --rest-api-id x", Effect::Changes),
            ("aws athena start-query-execution --query-string x", Effect::Changes),
        ] {
            assert_eq!(effect("bash", text), expected, "{text}");
        }
        assert_eq!(effect("sql", "-- who?\nSELECT 1;\nSHOW PROCESSLIST;"), Effect::ReadOnly);
        assert_eq!(effect("sql", "SELECT pg_terminate_backend(1)"), Effect::Changes);
        assert_eq!(effect("sql", "EXPLAIN ANALYZE DELETE FROM orders"), Effect::Changes);
        assert_eq!(effect("sql", "select PG_TERMINATE_BACKEND(1)"), Effect::Changes);
        assert_eq!(effect("sql", "SHOW CREATE TABLE orders"), Effect::ReadOnly);
        assert_eq!(effect("json", "{}"), Effect::Unknown);
    }

    #[test]
    fn permissions_of_calls() {
        let command = read(
            "bash",
            "aws elbv2 describe-target-health --target-group-arn x; aws efs describe-file-systems\naws s3 ls",
        );
        assert_eq!(
            command.permissions,
            ["elasticloadbalancing:DescribeTargetHealth", "elasticfilesystem:DescribeFileSystems"]
        );
    }
}
