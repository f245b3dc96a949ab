//! What the name of a key, a variable or a column says about its value.

/// What kind of secret a name announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A password. A vague name (`pass`, `pw`) is also one of other things.
    Password { vague: bool },
    /// A token or a key. A vague name (`token`, `secret`) is also one of other things.
    Token { vague: bool },
    /// An AWS secret access key.
    AwsSecret,
    /// A session token of AWS.
    AwsSession,
    /// A private key.
    PrivateKey,
}

/// Words behind the one that counts which leave the meaning as it is: `password_old`.
const NEUTRAL: &[&str] = &[
    "string",
    "value",
    "plain",
    "plaintext",
    "text",
    "old",
    "new",
    "prod",
    "dev",
    "test",
    "staging",
    "b64",
    "base64",
    "confirm",
    "confirmation",
    "current",
    "prev",
    "previous",
    "primary",
    "secondary",
    "admin",
    "root",
    "user",
    "db",
    "master",
    "app",
    "main",
    "readonly",
    "default",
];

/// Words in front of `token` that make it no secret: what pages, counts, or makes a request the same request.
const HARMLESS_TOKENS: &[&str] = &[
    "next",
    "page",
    "pagination",
    "continuation",
    "client",
    "request",
    "idempotency",
    "starting",
    "forward",
    "backward",
    "nextforward",
    "nextbackward",
    "sequence",
    "sync",
    "lock",
    "fencing",
    "task",
    "cancellation",
    "search",
    "resume",
    "upload",
    "marker",
    "max",
    "total",
    "input",
    "output",
    "prompt",
    "completion",
    "cached",
    "num",
    "unexpected",
    "creator",
    "unlock",
    "delta",
    "rotation",
    "change",
    "position",
    "stop",
    "start",
    "end",
    "begin",
    "special",
    "block",
    "creation",
    "registration",
    "action",
    "postman",
    "key",
    "firstblock",
    "secondblock",
];

/// Words that end in `pass` or `pwd` by accident.
const NO_PASSWORDS: &[&str] = &[
    "nopasswd",
    "nopassword",
    "compass",
    "bypass",
    "trespass",
    "surpass",
    "overpass",
    "underpass",
    "encompass",
    "oldpwd",
    "onepass",
    "ppassword",
    "keepass",
    "lastpass",
    "firstpass",
];

/// Words in front of `pass` that make it a round.
const PASSES: &[&str] = &[
    "first", "second", "third", "one", "two", "multi", "single", "last", "final", "by", "dry", "build", "pre", "post",
    "boarding",
];

/// What a name says, given in [`words`].
pub(super) fn meaning(words: &[String]) -> Option<Meaning> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.ends_with(&["secret", "string"]) {
        // Of `aws secretsmanager`; what a caller makes of the text in it is a password more often than not.
        return Some(Meaning::Password { vague: false });
    }
    while words.len() > 1 && words.last().is_some_and(|last| NEUTRAL.contains(last)) {
        words.pop();
    }
    let last = *words.last()?;
    let before = words.len().checked_sub(2).map(|at| words[at]);
    let has = |word: &str| words.contains(&word);
    match last {
        "password" | "passwd" | "passwort" | "passphrase" | "pwd" | "rootpw" | "userpw" | "adminpw" | "dbpw" => {
            Some(Meaning::Password { vague: false })
        }
        "pass" if before.is_some_and(|before| PASSES.contains(&before)) => None,
        "pass" | "pw" => Some(Meaning::Password { vague: before.is_none() }),
        "auth" if before.is_some_and(|before| before.starts_with("redis")) => Some(Meaning::Password { vague: false }),
        "secretaccesskey" => Some(Meaning::AwsSecret),
        "key" => key(&words),
        "token" => match before {
            Some(before) if HARMLESS_TOKENS.contains(&before) => None,
            Some("session" | "security") if words.len() == 2 || has("aws") || has("amz") => Some(Meaning::AwsSession),
            before => Some(Meaning::Token { vague: before.is_none() }),
        },
        "sessiontoken" => Some(Meaning::AwsSession),
        "secret" if before == Some("aws") => Some(Meaning::AwsSecret),
        "secret" => {
            let known = ["client", "app", "webhook", "signing", "shared", "consumer", "oauth", "api", "jwt", "auth"];
            Some(Meaning::Token { vague: !before.is_some_and(|before| known.contains(&before)) })
        }
        "apikey" | "authkey" | "secretkey" | "authtoken" | "accesstoken" | "clientsecret" | "refreshtoken" => {
            Some(Meaning::Token { vague: false })
        }
        "privatekey" => Some(Meaning::PrivateKey),
        "auth" | "accesskey" => Some(Meaning::Token { vague: true }),
        _ => {
            let ends = ["password", "passwd", "passwort", "passphrase", "pwd", "pass"];
            let is_one = !NO_PASSWORDS.contains(&last) && ends.iter().any(|end| last.ends_with(end));
            is_one.then_some(Meaning::Password { vague: false })
        }
    }
}

fn key(words: &[&str]) -> Option<Meaning> {
    match words {
        [.., "secret", "access", "key"] | [.., "aws", "secret", "key"] => Some(Meaning::AwsSecret),
        [.., "private" | "ssh" | "tls", "key"] => Some(Meaning::PrivateKey),
        [.., "access", "key"] => Some(Meaning::Token { vague: true }),
        [
            ..,
            "api" | "secret" | "auth" | "encryption" | "signing" | "master" | "account" | "shared" | "integration"
            | "routing" | "license" | "service" | "storage" | "app" | "application" | "deploy" | "write" | "ingest",
            "key",
        ] => Some(Meaning::Token { vague: false }),
        _ => None,
    }
}

/// The words of a name, in lower case: `dbPassword2` and `DB_PASSWORD_2` are both `db`, `password`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let bytes = name.as_bytes();
    let mut open = false;
    for (at, &byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        let before = at.checked_sub(1).map_or(b'_', |at| bytes[at]);
        let behind = bytes.get(at + 1).copied().unwrap_or(b'_');
        let capital = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && behind.is_ascii_lowercase()));
        match words.last_mut() {
            Some(word) if open && !capital => word.push(char::from(byte.to_ascii_lowercase())),
            _ => words.push(char::from(byte.to_ascii_lowercase()).to_string()),
        }
        open = true;
    }
    // A number says which of several it is.
    if let Some(last) = words.last_mut() {
        let bare = last.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if bare > 0 && !NEUTRAL.contains(&last.as_str()) {
            last.truncate(bare);
        } else if bare == 0 && words.len() > 1 {
            words.pop();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names() {
        let cases = [
            ("AWS_SECRET_ACCESS_KEY", "aws secret access key"),
            ("SecretAccessKey", "secret access key"),
            ("APIKey", "api key"),
            ("dbPassword2", "db password"),
            ("PASSWORD_2", "password"),
            ("fs.s3a.secret.key", "fs s3a secret key"),
            ("_authToken", "auth token"),
            ("PGPASSWORD", "pgpassword"),
        ];
        for (name, expected) in cases {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn meanings() {
        let of = |name: &str| meaning(&words(name));
        let password = Some(Meaning::Password { vague: false });
        for name in
            ["DB_PASSWORD", "PGPASSWORD", "MasterUserPassword", "MYSQL_PWD", "db_pass", "storepass", "password_old"]
        {
            assert_eq!(of(name), password, "{name}");
        }
        let none =
            ["password_hash", "PasswordAuthentication", "NOPASSWD", "compass", "NextToken", "secret_arn", "token_url"];
        for name in
            none.into_iter().chain(["ClientToken", "partition_key", "secretName", "passwordless", "max_tokens", ""])
        {
            assert_eq!(of(name), None, "{name}");
        }
        assert_eq!(of("secretAccessKey"), Some(Meaning::AwsSecret));
        assert_eq!(of("X-Amz-Security-Token"), Some(Meaning::AwsSession));
        assert_eq!(of("token"), Some(Meaning::Token { vague: true }));
        assert_eq!(of("API_KEY"), Some(Meaning::Token { vague: false }));
    }
}
