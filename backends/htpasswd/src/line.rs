//! One line of an htpasswd file.

/// What stands in a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Nothing, or a comment.
    Nothing,
    /// An account and its hash, and the character at which the hash begins, counted from 1.
    Entry { account: &'a str, stored: &'a str, column: u32 },
}

/// Reads a line without its end. White space around it does not count, nor what follows a second colon: some programs
/// keep a comment there.
///
/// # Errors
/// What is wrong and what to do. The text repeats nothing of the line: account and hash may be in each other's place.
pub(crate) fn read(bytes: &[u8]) -> Result<Line<'_>, &'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("this line is not UTF-8 text: save the file as UTF-8");
    };
    let line = text.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Nothing);
    }
    let Some((account, rest)) = line.split_once(':') else {
        return Err("expected ACCOUNT:HASH, as `htpasswd -B -C 10 FILE ACCOUNT` writes it");
    };
    if account.is_empty() {
        return Err("there is no account in front of the `:`: write one, or take the line out");
    }
    if account.chars().any(char::is_control) {
        return Err("an account name must not contain control characters: no client can send them");
    }
    if account.trim().len() < account.len() {
        return Err("there is white space between the account and the `:`: take it away");
    }
    let stored = rest.split_once(':').map_or(rest, |(stored, _)| stored);
    let before = text.chars().take_while(|c| c.is_whitespace()).count() + account.chars().count() + 1;
    Ok(Line::Entry { account, stored, column: u32::try_from(before + 1).unwrap_or(u32::MAX) })
}
