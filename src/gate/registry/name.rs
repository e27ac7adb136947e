//! Names and references (distribution, `reference/regexp.go`; its routes, `registry/api/v2/descriptors.go`).

/// `RepositoryNameTotalLengthMax` of distribution.
const LONGEST_NAME: usize = 255;
/// Behind the first letter of a tag.
const LONGEST_TAG_REST: usize = 127;
/// Hexadecimal digits.
const SHORTEST_HASH: usize = 32;
const LONGEST_DIGEST: usize = 255;
const LONGEST_UPLOAD: usize = 512;

/// `team/app`; a host may stand in front, as caches of other registries write it.
pub(super) fn is_name(name: &str) -> bool {
    if name.len() > LONGEST_NAME {
        return false;
    }
    let mut components = name.split('/');
    let Some(first) = components.next() else { return false };
    let mut rest = components.peekable();
    let first_is_sound = is_component(first) || (rest.peek().is_some() && is_host(first));
    first_is_sound && rest.all(is_component)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut separator = String::new();
    let mut is_after_plain = false;
    for byte in text.bytes() {
        if is_plain(byte) {
            if !separator.is_empty() && !is_separator(&separator) {
                return false;
            }
            separator.clear();
            is_after_plain = true;
        } else if is_after_plain && b"._-".contains(&byte) {
            separator.push(char::from(byte));
        } else {
            return false;
        }
    }
    is_after_plain && separator.is_empty()
}

fn is_separator(text: &str) -> bool {
    matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

/// `registry.example.com:5000`. A word alone is none, but `localhost`: in capitals it would be another name to the rules,
/// and to a registry whose files do not know capitals the same.
fn is_host(text: &str) -> bool {
    if !text.contains(['.', ':']) && text != "localhost" {
        return false;
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    port.is_none_or(is_port) && host.split('.').all(is_label)
}

/// A tag or a digest.
pub(super) fn is_reference(text: &str) -> bool {
    is_tag(text) || is_digest(text)
}

/// `[\w][\w.-]{0,127}`
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    bytes.next().is_some_and(is_word)
        && text.len() <= 1 + LONGEST_TAG_REST
        && bytes.all(|byte| is_word(byte) || b".-".contains(&byte))
}

/// `sha256:…`: `[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}`
pub(super) fn is_digest(text: &str) -> bool {
    let Some((algorithm, hash)) = text.split_once(':') else { return false };
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= LONGEST_DIGEST
        && algorithm.split(['-', '_', '+', '.']).all(is_part)
        && hash.len() >= SHORTEST_HASH
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a registry named an upload: `[a-zA-Z0-9-_.=]+`, though not a step up or none.
pub(super) fn is_upload(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= LONGEST_UPLOAD
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte))
}
