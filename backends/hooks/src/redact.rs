//! Texts from outside that go to log and audit.

/// Shorter ones would take ordinary words out of the text.
const SHORTEST_SECRET: usize = 4;
/// In bytes.
const LONGEST_TEXT: usize = 1024;

/// The text without a secret that it may repeat, as it is or as it stands in a document: programs that trace themselves
/// (`set -x`) print what they were handed. Scripts take the blanks around it away, and print it line by line.
pub fn redact(text: &str, secret: &str) -> String {
    let pieces = secret.split(char::is_control).map(str::trim).filter(|piece| *piece != secret);
    pieces.fold(without(text, secret), |text, piece| without(&text, piece))
}

fn without(text: &str, secret: &str) -> String {
    if secret.len() < SHORTEST_SECRET {
        return text.to_owned();
    }
    let quoted = serde_json::to_string(secret).unwrap_or_default();
    let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let text = text.replace(secret, "[redacted]");
    if quoted == secret || quoted.is_empty() { text } else { text.replace(quoted, "[redacted]") }
}

/// The beginning of a text without secrets that it may repeat.
pub fn clean<'s>(text: &str, secrets: impl IntoIterator<Item = &'s str>) -> String {
    let mut text = secrets.into_iter().fold(text.to_owned(), |text, secret| redact(&text, secret));
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_secret_is_taken_out_in_either_spelling() {
        assert_eq!(redact("+ check bob hunter2", "hunter2"), "+ check bob [redacted]");
        assert_eq!(redact("an attempt", "a"), "an attempt");
        assert_eq!(
            redact(r#"a\b"c {"password":"a\\b\"c"}"#, "a\\b\"c"),
            r#"[redacted] {"password":"[redacted]"}"#
        );
    }

    #[test]
    fn a_secret_without_the_blanks_around_it_or_line_by_line_is_taken_out_too() {
        assert_eq!(redact("login of bob hunter2 failed", " hunter2\t"), "login of bob [redacted] failed");
        for text in ["got hunter2", "and hunter3", "and a\\\"b"] {
            let redacted = redact(text, "hunter2\r\nhunter3\nabc\na\\\"b\n");
            assert!(redacted.ends_with("[redacted]"), "{redacted}");
        }
        assert_eq!(redact("abc", "hunter2\nabc"), "abc", "a piece that is too short");
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        let long = format!("x{}", "é".repeat(1024));
        let cut = clean(&long, ["hunter2"]);
        assert_eq!((cut.len(), cut.ends_with("é…")), (1026, true));
        assert_eq!(clean("hunter2 and hunter3", ["hunter2", "hunter3"]), "[redacted] and [redacted]");
    }
}
