//! The few marks that decide the structure of clean Markdown, for those who write it and those who cut it.

/// The opening line of a fenced code block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence<'a> {
    pub(crate) mark: char,
    pub(crate) len: usize,
    pub(crate) info: &'a str,
}

/// The fence that a line opens, if it opens one.
pub(crate) fn fence_start(text: &str) -> Option<Fence<'_>> {
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let len = text.bytes().take_while(|byte| *byte == mark as u8).count();
    let info = text[len..].trim();
    if len < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    Some(Fence { mark, len, info: super::builder::shorten(info, 60) })
}

/// Whether a line closes a fence.
pub(crate) fn closes(text: &str, fence: &Fence<'_>) -> bool {
    text.len() >= fence.len && text.bytes().all(|byte| byte == fence.mark as u8)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Bullet,
    Number(u64),
}

/// The marker and the text of a list item.
pub(crate) fn list_item(text: &str) -> Option<(Marker, &str)> {
    let bytes = text.as_bytes();
    if matches!(bytes[..], [b'+' | b'-' | b'*', b' ' | b'\t', ..]) {
        return Some((Marker::Bullet, text[2..].trim_start()));
    }
    let digits = bytes.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    let is_item = (1..10).contains(&digits)
        && matches!(bytes.get(digits), Some(b'.' | b')'))
        && matches!(bytes.get(digits + 1), Some(b' ' | b'\t'));
    is_item.then(|| (Marker::Number(text[..digits].parse().unwrap_or(1)), text[digits + 2..].trim_start()))
}

/// Whether a line starts a list item.
pub(crate) fn is_list_item(text: &str) -> bool {
    list_item(text).is_some()
}

/// Whether `line` is the row of dashes under a table's header.
pub(crate) fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim();
    let mut dashes = false;
    let mut pipes = false;
    for byte in line.bytes() {
        match byte {
            b'-' => dashes = true,
            b'|' => pipes = true,
            b':' | b' ' | b'\t' => {}
            _ => return false,
        }
    }
    dashes && pipes
}
