//! What secrets look like, and what only stands where one would.

use std::sync::LazyLock;

use regex::Regex;

use super::Secret;

/// A pattern that is known to be one. `\w` and `\b` are those of ASCII: with those of Unicode it would be huge.
pub(super) fn regex(pattern: &str) -> Regex {
    let ascii = pattern.replace(r"[\w", "[A-Za-z0-9_").replace(r"\w", "[A-Za-z0-9_]").replace(r"\b", r"(?-u:\b)");
    Regex::new(&ascii).expect("patterns are constants, and tests use them all")
}

/// Bits per byte of a value, by the bytes it is made of.
pub(super) fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let total = value.len().max(1) as f64;
    let bits = |count: &u32| {
        let share = f64::from(*count) / total;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

/// How many different bytes a value has.
pub(super) fn distinct(value: &str) -> usize {
    let mut seen = [false; 256];
    value.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// Whether a value is made of words and numbers: letters stay of one case for a while, and so do digits.
///
/// `per_change` is the length of a word: a larger one calls fewer values wordy.
pub(super) fn is_wordy(value: &str, per_change: usize) -> bool {
    let (mut runs, mut segments, mut len) = (0, 0, 0);
    let mut before = 0;
    for byte in value.bytes() {
        let class = match byte {
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            b'0'..=b'9' => 3,
            _ => 0,
        };
        segments += usize::from(class != 0 && before == 0);
        // A capital and the letters behind it are one word.
        runs += usize::from(class != 0 && class != before && (before, class) != (2, 1));
        len += usize::from(class != 0);
        before = class;
    }
    runs <= segments + len / per_change
}

/// Whether a value of at least `min` bytes looks drawn at random.
pub(super) fn is_random(value: &str, min: usize, per_change: usize) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    let cases = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    // `MyFileSystem1`: without digits but at its end a value is more likely made of words.
    let bare = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = bare.bytes().any(|byte| byte.is_ascii_digit()) || value.len() - bare.len() > 4;
    value.len() >= min
        && value.bytes().all(|byte| byte.is_ascii_graphic())
        && (digits && has(u8::is_ascii_alphabetic) || cases)
        && entropy(value) >= 2.8
        && !is_wordy(value, if digits { per_change } else { per_change.min(5) })
}

/// Whether a value is a mask, or the start of one that had no room.
pub(super) fn is_mask(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('[') else {
        return false;
    };
    Secret::ALL.iter().any(|kind| match rest.strip_prefix(kind.as_str()) {
        Some(stars) => stars.trim_start_matches('*').trim_end_matches(']').is_empty(),
        None => !rest.is_empty() && kind.as_str().starts_with(rest),
    })
}

static FILLER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^(?:
        your.* | .*[-_\ ]here | (?:enter|insert|replace|put|paste|use)[-_\ ].* | (?:example|sample|dummy|fake|placeholder).*
        | (?:string|secret|some|any|the)[-_\ ](?:value|key|password|string) | none | null | nil | nan | undefined | true | false | yes | no | on | off | ok | required | optional | needed
        | str | string | text | bytes | varchar | char | secretstr | securestring | any | object | bool(?:ean)? | int(?:eger)? | number | password | passwort
        | passwd | passphrase | pass | pwd | pw | secret | token | apikey | api[-_]key | key | value | empty | unset | blank | todo | tbd | tba
        | n/a | na | prompt | env | default | hidden | masked | redacted | removed | omitted | censored | encrypted
        | hashed | stored | (?:re)?set | rotated | expired | expires | wrong | incorrect | invalid | valid | (?:un)?changed
        | missing | unknown | disabled | enabled | failed | failure | success | forgotten | lost | leaked | compromised
        | same | see | ask | enter | type | choose | specify | provide | create | select | click | use | using | must | should | will | can | is | are | was | has | not | all | files | compat | sss | ldap | db
        | here | below | above | auto | generated | random | managed | vault | keychain | 1password | lastpass | keepass
        | bearer | basic | expire | never | always | eof | self | this | sensitive | confidential
    )$",
    )
});

/// Whether a value stands for one: `<your password>`, `********`, `[REDACTED]`.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    let enclosed = [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')];
    let is_x = |c: char| matches!(c, 'x' | 'X' | '-' | '_' | '.' | ' ');
    !value.chars().any(char::is_alphanumeric)
        || enclosed.iter().any(|(open, close)| value.starts_with(*open) && value.ends_with(*close))
        || value.starts_with('<')
        || is_mask(value)
        || value.chars().all(is_x)
        || ["***", "...", "…", "•••", "xxxx", "XXXX"].iter().any(|filler| value.contains(filler))
        // Long values are no words.
        || (value.len() <= 64 && FILLER.is_match(value.trim_matches(['*', '_'])))
}

static POINTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:
        \$[A-Za-z_][A-Za-z0-9_]* (?: [:.\[] .* )? | \$env:.* | %[A-Za-z_]+% | %env\(.* | %\( .* | %[sdv@]
        | !(?:Ref|Sub|GetAtt|ImportValue|Join|Select|FindInMap|If|Base64|Split|Transform|vault|secret|reference|include|var|env|encrypted)\b.*
        | [*&][A-Za-z_][A-Za-z_]* | arn:.* | [a-z][a-z0-9+.-]{1,20}://.* | \{\w*\} .*
        | (?:file|env|ssm|vault|op|secretsmanager|keyring|cmd|param|parameter):.*
        | [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+
        )$",
    )
});
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:
        [:@.][A-Za-z_][A-Za-z0-9_.]* | [&*]?[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->|\?\.)[A-Za-z_][A-Za-z0-9_]*)*!?[(\[].*
        | (?:var|local|locals|module|data|each|os|sys|process|config|cfg|conf|self|this|env|ENV|string|String|secrets|params|args|opts|options
            |settings|request|req|event|input|props|ctx|context|System|Environment|vars|values|Values|parameters|steps|needs
            |inputs|outputs|github|matrix|aws_\w+|random_\w+|google_\w+|azurerm_\w+|kubernetes_\w+)\.[A-Za-z_].*
        )$",
    )
});
static SECRET_WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:pass|pwd|secret|token|credential|key|auth)"));

/// Whether a value says where the real one is: `${DB_PASSWORD}`, `!Ref Password`, `os.getenv("PASSWORD")`.
///
/// In quotes, names and calls of code are only text.
pub(super) fn is_reference(value: &str, quoted: bool) -> bool {
    let value = value.trim();
    // A piece between two quotes, and not what is in them: `"password=" + password + ";"`.
    let between =
        value.starts_with(['"', ',', '+']) && value.len() > 1 && value.ends_with(['"', ',', '+', '(', '[', '.']);
    if between
        || ["\"Ref\"", "${", "$(", "{{", "#{", "%{", "@{", "<%", "((", "[["].iter().any(|open| value.contains(open))
    {
        return true;
    }
    if POINTER.is_match(value) || (!quoted && (value.starts_with('`') || CODE.is_match(value))) {
        return true;
    }
    // `new_password`, `dbPassword`, `random_password.db.result`.
    let name = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '-');
    value.chars().all(name) && SECRET_WORD.is_match(value) && (value.len() <= 40 || value.contains(['.', '_', '-']))
}

/// Whether a value is the path of a file, of a parameter or of a secret.
pub(super) fn is_path(value: &str) -> bool {
    let rooted = value.starts_with(['/', '~', '.', '\\']) || value.as_bytes().get(1..3) == Some(b":\\");
    let strong = |c: char| "!@#$%^&*?+=~".contains(c);
    is_wordy(value, 5) && (rooted && value.contains(['/', '\\']) || value.contains('/') && !value.contains(strong))
}

static STOPWORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i-u:^|\s)(?i-u:the|a|an|your|my|our|is|are|for|of|to|in|on|at|must|not|and|or|enter|please|with|this|that|will|can|use|if|when|from|by|be|no|invalid|incorrect|wrong|new|confirm)(?i-u:$|[\s.,:;])",
    )
});

/// Whether a value is a piece of prose.
pub(super) fn is_prose(value: &str) -> bool {
    value.contains(char::is_whitespace) && STOPWORD.is_match(value)
}

/// Whether a value is what a form says about a secret.
pub(super) fn is_label(value: &str) -> bool {
    static LABEL: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i-u:password|passphrase|token|secret|enter|your|please|must|characters)"));
    value.contains(char::is_whitespace) && LABEL.is_match(value)
}

/// Whether a single word is one of those that prose goes on with.
pub(super) fn is_stopword(value: &str) -> bool {
    value.len() <= 10 && STOPWORD.is_match(value)
        || matches!(value, "flag" | "option" | "options" | "parameter" | "argument" | "arguments" | "switch" | "itself")
}

static DULL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^(?:
        v?\d[\w]*(?:\.[\w-]+)+ | [\w-]+(?:\.[\w-]+)+ | (?-i:[A-Z0-9_]+) | .*://.* | [^@\s]+@[\w-]+(?:\.[\w-]+)+
        | base64 | base32 | sha-?\d+ | md5 | utf-?8 | ipv[46] | oauth2 | auth0 | 1password | [a-z]*sha\d+ | rfc\d+ | x509 | pkcs\d+
        | argon2\w* | pbkdf2\w* | python[23] | log4j2? | k8s | ec2 | route53 | win32 | x86 | amd64 | arm64 | http2 | web3 | i18n | l10n
        | \d+(?:st|nd|rd|th|s|ms|m|h|d|x|k|mb|gb|tb|kb|days?|min) | q[1-4] | p[0-5] | sev-?\d | [a-z]+-\d{1,6}
        )$",
    )
});

/// Whether a word in prose, without any mark around it, looks like a password: letters with digits or symbols in them.
pub(super) fn is_password_like(value: &str) -> bool {
    let has = |test: fn(char) -> bool| value.chars().any(test);
    let strong = has(|c| "!@#$%^&*?+=~".contains(c));
    let digit = has(|c| c.is_ascii_digit());
    let separated = value.contains(['-', '_', '/', ':']);
    (5..=64).contains(&value.len())
        && has(char::is_alphabetic)
        && (strong || digit)
        && !has(char::is_whitespace)
        && !value.starts_with(['"', '\'', '-', '[', '(', '<', '{', '/', '~', '.', '@', '#', '\\'])
        && !value.contains(['(', '<', '{'])
        && !value.ends_with([':', '$', '#', '>', '%'])
        && !(separated && (!strong || value.contains('/')) && is_wordy(value, 5) && !has_odd_word(value))
        && !is_uuid(value)
        && !(value.len() >= 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && (strong && !value.contains('.') && !value.contains("://") || !DULL.is_match(value))
        && !is_placeholder(value)
        && !is_reference(value, false)
}

/// Whether one of the words of `hunter2-secret` has a number in it, and is not one of those that have.
fn has_odd_word(value: &str) -> bool {
    value.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 5 && letters < word.chars().count() && !DULL.is_match(word)
    }) && !value.contains(['/', ':'])
}

/// Whether a value is a UUID.
pub(super) fn is_uuid(value: &str) -> bool {
    let at_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    value.len() == 36
        && value
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at_hyphen(at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Whether nothing of the word at `at` stands before it: it is not the end of a longer one.
///
/// What stands for a character, such as `\n`, `%3D` or the end of a terminal's colour, is no part of a word.
pub(super) fn starts_word(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let escape = |mark: &[u8], length: usize| {
        let start = before.len().checked_sub(mark.len() + length);
        start.is_some_and(|start| before[start..].starts_with(mark) && hex(&before[start + mark.len()..]))
    };
    matches!(before, [.., b'\\', b'n' | b't' | b'r'])
        || escape(b"%", 2)
        || escape(b"\\u", 4)
        || is_color(before)
        || before.last().is_none_or(|last| !last.is_ascii_alphanumeric())
}

/// Whether a text ends in what changes the colour of a terminal: `\x1b[0;31m`.
fn is_color(before: &[u8]) -> bool {
    let Some((b'm', rest)) = before.split_last() else {
        return false;
    };
    let digits = rest.iter().rev().take(8).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    rest.len().checked_sub(digits + 1).is_some_and(|open| rest[open] == b'[')
}

/// The end of the bytes from `start` on that pass a test, at most `max` of them.
pub(super) fn run(text: &str, start: usize, max: usize, test: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(start.saturating_add(max));
    bytes[start..limit].iter().position(|byte| !test(*byte)).map_or(limit, |length| start + length)
}

/// At most `max` bytes of a text from `start` on, up to a character's boundary.
pub(super) fn window(text: &str, start: usize, max: usize) -> &str {
    &text[start..text.floor_char_boundary(start.saturating_add(max).min(text.len()))]
}

/// At most `max` bytes of a text before `end`, from a character's boundary.
pub(super) fn window_before(text: &str, end: usize, max: usize) -> &str {
    &text[text.ceil_char_boundary(end.saturating_sub(max))..end]
}
