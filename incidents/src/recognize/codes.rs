//! Error codes: of AWS, of HTTP, of operating systems, containers and databases.

use std::sync::LazyLock;

use regex::Regex;

use super::names::pattern;
use super::push_new;

/// Words with capitals inside, or with a dot between two of them.
static CAMEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b[A-Z][A-Za-z0-9]{2,60}(?:\.[A-Z][A-Za-z0-9]{2,60}){0,3}\b"));
static SCREAMING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:(?i:net)::)?[A-Z]{2,}(?:_[A-Z0-9]{2,}){1,6}\b|\b[a-z]{2,}(?:_[a-z]+){1,5}_(?:exception|error)\b")
});
static SYSTEM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EMFILE|ENFILE|ENOSPC|EACCES|EPERM|EPIPE|ENOMEM|EADDRINUSE|EADDRNOTAVAIL|NXDOMAIN|SERVFAIL|SIGKILL|SIGTERM|SIGSEGV|ORA-\d{4,5}|SQLSTATE[ \[]*[0-9A-Z]{5}|ERROR \d{4})\b",
    )
});
static HTTP: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([45](?:\d\d|xx|XX))(s?)\b"));
static EXIT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bexit(?:ed|s|ing)?(?: with)?(?: status)?(?: code)?:? (\d{1,3})\b"));

/// With these a word with capitals ends if it names an error.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "Exception", "Error", "Errors", "Fault", "Failure", "Failed", "Denied", "Exceeded", "NotFound", "NotFoundException",
    "Throttling", "Throttled", "Expired", "Timeout", "TimedOut", "Unavailable", "Conflict", "Mismatch", "Refused",
    "BackOff", "Killed", "NotReady", "Disabled", "SlowDown", "InUse", "AlreadyExists", "NotAuthorized", "Unauthorized",
    "UnauthorizedOperation", "InstanceCapacity", "UnfulfillableCapacity", "DoesNotMatch", "DoesNotExist", "NotSupported", "Violation",
    "HealthChecks", "Stopped", "Unreachable", "Forbidden", "Evicted", "Rejected", "NotStabilized", "ReplicaLag",
    "IPAddresses", "FreeAddressesInSubnet", "CodeMismatch", "TokenId", "Blocked", "Impaired", "PortAllocation",
];
/// With these it begins.
const STARTS: &[&str] = &[
    "Invalid",
    "Insufficient",
    "Unsupported",
    "Malformed",
    "Missing",
    "CannotPull",
    "Unrecognized",
    "Expired",
    "TooMany",
    "NoSuch",
];
/// What a word of capitals has in it if it names an error or a state of failure.
#[rustfmt::skip]
const FAILING: &[&str] = &[
    "FAIL", "ERROR", "DENIED", "TIMEOUT", "TIMED_OUT", "ROLLBACK", "EXCEEDED", "INSUFFICIENT", "REFUSED", "EXPIRED",
    "INVALID", "UNHEALTHY", "IMPAIRED", "UNAVAILABLE", "STORAGE_FULL", "INACCESSIBLE", "MISMATCH", "NOT_FOUND",
    "INCOMPATIBLE", "VALIDATION_TIMED", "ALERT", "BLOCKED", "NXDOMAIN",
];
/// Words before a number that make it a status.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "http", "https", "status", "code", "codes", "error", "errors", "return", "returned", "returns", "returning", "answered",
    "answers", "answering", "answer", "got", "get", "gets", "getting", "threw", "throws", "throwing", "serving", "served",
    "with", "saw", "see", "seeing", "elb", "alb", "and", "or", "of", "response", "responses", "responded", "responds",
    "intermittent", "sporadic", "a", "an", "the", "many", "some", "by", "from", "as", "to", "was", "were", "all",
];
/// Words behind a number that make it a status.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "bad", "gateway", "service", "internal", "forbidden", "unauthorized", "too", "not", "error", "errors", "response",
    "responses", "status", "slow", "slowdown", "rate", "from", "conflict", "timeout", "timeouts",
];
/// Words behind a number that make it a count.
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "ms", "milliseconds", "seconds", "second", "s", "minutes", "min", "instances", "requests", "pods", "tasks", "users",
    "customers", "gb", "gib", "mb", "mib", "percent", "connections", "orders", "messages", "rows", "times", "hosts",
    "accounts", "buckets", "objects", "files", "of", "out", "nodes", "servers", "containers", "days", "hours", "iops",
];

/// Error codes of a text, each once, in the order in which they come.
pub(super) fn error_codes(text: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    found.extend(CAMEL.find_iter(text).filter(|word| names_an_error(word.as_str())).map(owned));
    let failing = |word: &regex::Match<'_>| {
        let word = word.as_str();
        word.starts_with(|c: char| c.is_ascii_lowercase()) || FAILING.iter().any(|part| word.contains(part))
    };
    found.extend(SCREAMING.find_iter(text).filter(failing).map(owned));
    found.extend(SYSTEM.find_iter(text).map(owned));
    for exit in EXIT.captures_iter(text) {
        if let (Some(whole), Some(code)) = (exit.get(0), exit.get(1)) {
            found.push((whole.start(), format!("exit code {}", code.as_str())));
        }
    }
    for status in HTTP.captures_iter(text) {
        if let (Some(whole), Some(code), Some(plural)) = (status.get(0), status.get(1), status.get(2))
            && (!plural.is_empty() || code.as_str().contains(['x', 'X']) || is_status(text, whole.start(), whole.end()))
        {
            found.push((whole.start(), code.as_str().to_ascii_lowercase()));
        }
    }
    found.sort();
    let mut codes = Vec::new();
    for (_, code) in found {
        push_new(&mut codes, code);
    }
    codes
}

fn owned(word: regex::Match<'_>) -> (usize, String) {
    (word.start(), word.as_str().to_owned())
}

fn names_an_error(word: &str) -> bool {
    // Of `Client.InternalError` the parts decide.
    let (mut humps, mut lower) = (0, false);
    for c in word.chars() {
        humps += usize::from(c.is_ascii_uppercase() && (lower || humps == 0));
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    if matches!(word, "Throttling" | "OOMKilled" | "OSError" | "IOError") {
        return true;
    }
    // Settings are called after errors, too: `BisectBatchOnFunctionError`, `FailOnError`.
    if word.contains("On") && word.ends_with("Error") {
        return false;
    }
    let parts = || word.split('.');
    humps >= 2
        && (parts().any(|part| ENDS.iter().any(|end| part.ends_with(end)))
            || parts().any(|part| STARTS.iter().any(|start| part.starts_with(start) && part.len() > start.len())))
}

/// Whether a number from 400 to 599 is a status: by the words around it.
fn is_status(text: &str, start: usize, end: usize) -> bool {
    let word = |c: char| c.is_alphanumeric();
    let behind_text = &text[end..];
    // `10.0.4.500`, `500-1000`, `$500`, `5,500`
    let glued = |c: Option<char>| c.is_some_and(|c| matches!(c, '$' | '€' | '%' | '+' | '#'));
    let number_before =
        text[..start].ends_with(['.', ',', '-', ':']) && text[..start - 1].ends_with(|c: char| c.is_ascii_digit());
    let number_behind =
        behind_text.starts_with(['.', ',', ':', '-']) && behind_text[1..].starts_with(|c: char| c.is_ascii_digit());
    if glued(text[..start].chars().next_back()) || glued(behind_text.chars().next()) || number_before || number_behind {
        return false;
    }
    let behind = behind_text.trim_start_matches(|c: char| !word(c) && c != '\n');
    let behind = behind[..behind.find(|c| !word(c)).unwrap_or(behind.len())].to_ascii_lowercase();
    if COUNTED.contains(&behind.as_str()) {
        return false;
    }
    if BEHIND.contains(&behind.as_str()) {
        return true;
    }
    // `502/503/504`, `502, 503 and 504`: what holds for one holds for all.
    let before = text[..start].trim_end_matches(|c: char| !word(c) && c != '\n');
    let at = before.rfind(|c| !word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let before_word = before[at..].to_ascii_lowercase();
    BEFORE.contains(&before_word.as_str()) || is_code(&before_word) || is_code(&behind)
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_many_kinds() {
        let cases = [
            ("got a ThrottlingException and Client.InternalError", vec!["ThrottlingException", "Client.InternalError"]),
            ("stack in UPDATE_ROLLBACK_FAILED", vec!["UPDATE_ROLLBACK_FAILED"]),
            ("502s, then HTTP 504 Gateway Timeout and 5xx", vec!["502", "504", "5xx"]),
            ("the ALB returned 502/503", vec!["502", "503"]),
            ("the container exited with code 137 (OOMKilled)", vec!["exit code 137", "OOMKilled"]),
            ("connect ECONNREFUSED 10.0.0.1:5432", vec!["ECONNREFUSED"]),
            (
                "pods in CrashLoopBackOff, InsufficientInstanceCapacity",
                vec!["CrashLoopBackOff", "InsufficientInstanceCapacity"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(error_codes(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_and_names_that_are_none() {
        for text in [
            "500 instances took 430 ms; 512 MiB, port 443x, $500, 4,500 rows and 10.0.0.404",
            "CloudWatch, DynamoDB, PostgreSQL, TargetConnectionErrorCount, DescribeInstances, HTTPCode_ELB_5XX_Count",
            "Error Handling and Timeouts",
        ] {
            assert!(error_codes(text).is_empty(), "{text}: {:?}", error_codes(text));
        }
    }
}
