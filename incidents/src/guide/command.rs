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
    "ls", "preview", "query", "scan", "search", "select", "simulate", "test", "validate", "view", "wait", "discover", "tail",
];
/// Operations that change nothing though their first word may.
const LOOKING_WHOLE: &[&str] = &[
    "start-query",
    "stop-query",
    "generate-service-last-accessed-details",
    "decode-authorization-message",
    "start-query-execution",
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
/// Programs that only look.
#[rustfmt::skip]
const LOOKING_PROGRAMS: &[&str] = &[
    "awk", "cat", "column", "cut", "date", "df", "dig", "dmesg", "du", "echo", "egrep", "ethtool", "findmnt", "free", "grep",
    "head", "host", "iostat", "ip", "journalctl", "jq", "less", "ls", "lsblk", "lsof", "mpstat", "mtr", "netstat", "nc",
    "nslookup", "nstat", "openssl", "pidstat", "ping", "printf", "ps", "redis-cli", "sar", "sleep", "sort", "ss", "stat",
    "tail", "timeout", "top", "tr", "traceroute", "tracepath", "uniq", "uptime", "vmstat", "wc", "whoami", "nproc", "file",
    "for", "do", "done", "while", "read", "if", "then", "fi", "else", "case", "esac", "test", "true", "false", "export",
];

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
            let kills = ["terminate_backend", "cancel_backend", "rds_kill"].iter().any(|call| body.contains(call));
            if kills || !SQL_LOOKING.contains(&word.as_str()) { changes = true } else { looks = true }
        }
    } else if matches!(language, "bash" | "sh" | "shell" | "console" | "") {
        for (service, operation) in aws_calls(text) {
            let reads = operation_looks(&service, &operation);
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
        for program in programs(text) {
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

fn operation_looks(service: &str, operation: &str) -> bool {
    if NOT_LOOKING.contains(&operation) {
        return false;
    }
    // `aws s3 cp` copies, `aws s3 ls` lists; `aws eks update-kubeconfig` writes a file of one's own.
    LOOKING_WHOLE.contains(&operation)
        || LOOKING
            .iter()
            .any(|word| operation.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
        || (service, operation) == ("sts", "assume-role")
        || (service, operation) == ("configure", "export-credentials")
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

/// First words of the commands of a script, those of kubectl and systemctl with their verb.
fn programs(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        // Quoted text may hold anything; what is cut at `|` inside of it is no command.
        let mut quote = None;
        let mut start = 0;
        let mut segments = Vec::new();
        for (at, c) in line.char_indices() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '\'' | '"' | '`') => quote = Some(c),
                (None, '|' | ';' | '&') => {
                    segments.push(&line[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        if quote.is_none() {
            segments.push(&line[start..]);
        }
        for segment in segments {
            let mut words =
                segment.split_whitespace().filter(|word| !matches!(*word, "sudo" | "!" | "do" | "then" | "$"));
            let Some(first) = words.by_ref().find(|word| !word.contains('=') || word.starts_with('-')) else {
                continue;
            };
            let first = first.trim_start_matches(['(', '{']);
            let is_program =
                first.starts_with(|c: char| c.is_ascii_alphabetic()) && !first.contains(['(', ')', '"', '\'', '`']);
            if is_program {
                let verb = words.find(|word| !word.starts_with('-')).unwrap_or_default();
                let with_verb = matches!(first, "kubectl" | "systemctl");
                found.push(if with_verb { format!("{first} {verb}") } else { first.to_owned() });
            }
        }
    }
    found
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
        ] {
            assert_eq!(effect("bash", text), expected, "{text}");
        }
        assert_eq!(effect("sql", "-- who?\nSELECT 1;\nSHOW PROCESSLIST;"), Effect::ReadOnly);
        assert_eq!(effect("sql", "SELECT pg_terminate_backend(1)"), Effect::Changes);
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
