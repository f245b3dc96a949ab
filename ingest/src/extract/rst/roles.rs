//! The inside of a line of reStructuredText.

use super::super::inline::floor_char;

/// A line of running text, its roles, links and literals resolved and its spaces collapsed.
pub(super) fn inline(text: &str) -> String {
    inline_roles(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Resolves roles, links and literals of one line.
pub(super) fn inline_roles(text: &str) -> String {
    const MAX_SPAN_BYTES: usize = 2_000;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['`', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\\') {
            let next = after.chars().next().unwrap_or('\\');
            if next != ' ' {
                out.push(next);
            }
            rest = after.get(next.len_utf8()..).unwrap_or("");
            continue;
        }
        let marks = if rest.starts_with("``") { "``" } else { "`" };
        let window = floor_char(rest, MAX_SPAN_BYTES);
        let Some(end) = rest[marks.len()..window.max(marks.len())].find(marks) else {
            out.push_str(marks);
            rest = &rest[marks.len()..];
            continue;
        };
        let inside = &rest[marks.len()..marks.len() + end];
        rest = &rest[marks.len() * 2 + end..];
        if marks == "``" {
            out.extend(["`", inside, "`"]);
            continue;
        }
        let role = take_role(&mut out);
        rest = rest.trim_start_matches('_');
        let (shown, target) = match inside.strip_suffix('>').and_then(|inside| inside.rsplit_once('<')) {
            Some((shown, target)) if !shown.trim().is_empty() => (shown.trim(), target),
            Some((_, target)) => (target, target),
            None => (inside.trim_start_matches(['~', '!']), ""),
        };
        match role.as_deref() {
            None if target.starts_with("http") && shown != target => out.extend(["[", shown, "](", target, ")"]),
            Some(
                "code" | "file" | "command" | "program" | "option" | "samp" | "class" | "meth" | "func" | "envvar",
            ) => {
                out.extend(["`", shown, "`"]);
            }
            _ => out.push_str(shown),
        }
    }
    out.push_str(rest);
    out
}

/// Removes `:role:` (or `:py:class:`) from the end of `out` and returns its last part.
fn take_role(out: &mut String) -> Option<String> {
    let before = out.strip_suffix(':')?;
    let tail_start = floor_char(before, before.len().saturating_sub(40));
    let start =
        before[tail_start..].rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.')));
    let start = start
        .map_or(tail_start, |at| tail_start + at + before[tail_start + at..].chars().next().map_or(1, char::len_utf8));
    let role = before[start..].strip_prefix(':')?.to_owned();
    if role.is_empty() {
        return None;
    }
    out.truncate(start);
    role.rsplit(':').next().map(str::to_owned)
}
