//! Passwords on the command lines of programs whose flags do not say so: `mysql -p…`, `curl -u user:…`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::form::{is_placeholder, is_reference, is_stopword, regex, window, window_before};
use super::{Found, Secret};

/// A command goes on for at most so many bytes.
const MAX_COMMAND: usize = 4 * 1024;

/// A program, and where on the rest of its line the password stands.
struct Program {
    name: Regex,
    value: Regex,
}

static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| {
    // What stands in quotes, or a word; where what comes before it ends in a quote, that one counts.
    let word = r#"(?:"([^"\n]{3,})"|'([^'\n]{3,})'|([^\s"'`-][^\s"'`]{2,}))"#;
    let table = [
        (
            r"mysql|mysqldump|mysqladmin|mysqlimport|mysqlsh|mysqlpump|mariadb|mariadb-dump|mariadb-admin",
            r#"\s(?:'-p([^'\n]{3,})'|"-p([^"\n]{3,})"|-pWORD)"#,
        ),
        (r"sshpass", r"^\s{1,4}-p\s{0,4}WORD"),
        (
            r"(?:docker|podman|nerdctl|buildah|skopeo|az|oc|crane|oras|cf|helm registry|crane auth)\s{1,4}login",
            r"\s-p(?:\s{1,4}|=)WORD",
        ),
        (r"mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport|cqlsh|rabbitmqadmin", r"\s-p(?:\s{1,4}|=)WORD"),
        (r"redis-cli|keydb-cli|valkey-cli", r"\s-a(?:\s{1,4}|=)WORD"),
        (r"sqlcmd|bcp|zip|unzip|ipmitool", r"\s-P\s{0,4}WORD"),
        (r"ldapsearch|ldapadd|ldapmodify|ldapwhoami|ldapdelete|ldappasswd", r"\s-w\s{1,4}WORD"),
        (
            r"curl|lftp|http|https|xh",
            r#"\s(?:-u|--user|--proxy-user|-U|-a)[ =]{0,4}["']?[^\s:"'$<]{1,64}:([^\s"'`]{3,})"#,
        ),
        (r"htpasswd", r"\s-[a-zA-Z]{0,6}b[a-zA-Z]{0,6}\s{1,4}\S{1,200}\s{1,4}\S{1,64}\s{1,4}WORD"),
        (r"sqlplus|sqlldr|expdp|impdp", r#"^\s{1,4}(?:-\w{1,4}\s{1,4}){0,3}["']?\w{1,40}/([^\s@/"'`]{3,64})"#),
        (r"openssl", r"\s-pass(?:in|out)?\s{1,4}pass:WORD"),
        (r"put-parameter", r"\s--value[\s=]{1,4}WORD"),
    ];
    let program = |(name, value): (&str, &str)| Program {
        name: regex(&format!(r"\b(?:{name})\b")),
        value: regex(&value.replace("WORD", word)),
    };
    table.into_iter().map(program).collect()
});

/// `echo … | docker login --password-stdin`, `echo user:… | chpasswd`.
static PIPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:echo|printf)(?:\s{1,4}-[ne]{1,2})?\s{1,4}["']?(?:(?:[a-z_][a-z0-9_-]{0,31}:)([^\s"'|:]{3,})["']?\s{0,4}\|[^|\n]{0,40}chpasswd|([^\s"'|]{3,})["']?\s{0,4}\|[^|\n]{0,120}(?:--password-stdin|sudo -S|passwd --stdin))"#,
    )
});

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut push = |range: Range<usize>| {
        let value = &text[range.clone()];
        if is_password(value) {
            // What ECR gives out to log in with.
            let kind = if value.starts_with("eyJ") { Secret::Token } else { Secret::Password };
            found.push(Found { range, kind });
        }
    };
    for program in PROGRAMS.iter() {
        let mut seen = 0;
        for name in program.name.find_iter(text) {
            // `/etc/mysql/conf`, `my-curl`: parts of other words.
            let before = window_before(text, name.start(), 4).chars().next_back();
            if name.start() < seen || before.is_some_and(|c| matches!(c, '-' | '.' | '_' | ':')) {
                continue;
            }
            let command = command(text, name.end());
            seen = name.end() + command.len();
            if name.as_str() == "put-parameter" && !command.contains("SecureString") {
                continue;
            }
            let value = program.value.captures(command);
            if let Some(value) = value.and_then(|captures| captures.iter().skip(1).flatten().next()) {
                push(name.end() + value.start()..name.end() + value.end());
            }
        }
    }
    for captures in PIPED.captures_iter(text) {
        if let Some(value) = captures.iter().skip(1).flatten().next() {
            push(value.range());
        }
    }
}

/// The rest of a command: up to the end of the line, unless that is escaped, or up to the next command.
fn command(text: &str, start: usize) -> &str {
    let rest = window(text, start, MAX_COMMAND);
    let bytes = rest.as_bytes();
    let ends = |at: &usize| match bytes[*at] {
        b'\n' => *at == 0 || bytes[*at - 1] != b'\\',
        b'|' => bytes.get(*at + 1) == Some(&b' '),
        b'&' => bytes.get(*at + 1) == Some(&b'&'),
        b';' => bytes.get(*at + 1).is_none_or(u8::is_ascii_whitespace),
        _ => false,
    };
    let end = (0..bytes.len()).find(ends).unwrap_or(bytes.len());
    &rest[..end]
}

fn is_password(value: &str) -> bool {
    let port = value.len() <= 5 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    !port
        && !is_placeholder(value)
        && !is_reference(value, true)
        && !value.starts_with(['$', '[', '-'])
        && !is_stopword(value)
}
