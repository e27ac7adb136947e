//! What every text starts with that a label's value matches: most values are ruled out by it, unparsed.

use crate::bindings::Value;

/// The start of a value in a glob.
pub(crate) fn of_glob(value: Value<'_>) -> &str {
    match value {
        Value::Literal(text) => text,
        Value::Pattern(text) => until(text, &['*', '?', '[', '\\']),
    }
}

/// The start of a value in a regex, where it stands right behind what is fixed.
pub(super) fn of_regex(value: Value<'_>) -> &str {
    let Value::Pattern(text) = value else { return value.text() };
    if is_plain(text) {
        return text;
    }
    // The other alternative may start in any way.
    if text.contains('|') {
        return "";
    }
    let head = until(text, &META);
    // A repetition may be none at all.
    let mut chars = head.chars();
    chars.next_back();
    chars.as_str()
}

/// The start of every text that a value matches which is a whole pattern, regex or glob.
pub(super) fn of_whole(regex: &str) -> &str {
    regex.strip_prefix('^').map_or("", |anchored| of_regex(Value::Pattern(anchored)))
}

/// Whether a value stands for itself in a regex.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(META)
}

const META: [char; 14] = ['.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '\\'];

fn until<'t>(text: &'t str, ends: &[char]) -> &'t str {
    text.split(ends).next().unwrap_or("")
}
