//! Which lines of a text are others than before.

use std::fmt::Write as _;

/// How far ahead the two texts are looked through for where they agree again.
const WINDOW: usize = 200;

/// A line that is longer holds more than a key: perhaps the whole configuration, with its passwords.
const LONGEST: usize = 120;

/// The lines that go and those that come, each with its number in its text. Of long ones only what changes is shown.
pub(super) fn changed(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (mut i, mut j) = (0, 0);
    let mut shown = String::new();
    while i < old.len() || j < new.len() {
        if old.get(i).is_some() && old.get(i) == new.get(j) {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (gone, come) =
            until_they_agree(old.get(i..).unwrap_or_default(), new.get(j..).unwrap_or_default());
        for (number, line) in old.iter().enumerate().skip(i).take(gone) {
            let other = if number - i < come { new.get(j + number - i) } else { None };
            let _ = writeln!(shown, "  line {:<4} - {}", number + 1, excerpt(line, other));
        }
        for (number, line) in new.iter().enumerate().skip(j).take(come) {
            let other = if number - j < gone { old.get(i + number - j) } else { None };
            let _ = writeln!(shown, "  line {:<4} + {}", number + 1, excerpt(line, other));
        }
        (i, j) = (i + gone, j + come);
    }
    shown
}

/// A line, or of a long one the mappings in which it differs from the other.
fn excerpt(line: &str, other: Option<&&str>) -> String {
    if line.len() <= LONGEST {
        return line.to_owned();
    }
    let other = other.copied().unwrap_or_default();
    let same = |(a, b): &(char, char)| a == b;
    let bytes = |same: Vec<(char, char)>| same.into_iter().map(|(c, _)| c.len_utf8()).sum::<usize>();
    let before = bytes(line.chars().zip(other.chars()).take_while(same).collect());
    let after = bytes(line.chars().rev().zip(other.chars().rev()).take_while(same).collect());
    let end = line.len().saturating_sub(after).max(before);
    let start = line.get(..before).and_then(|text| text.rfind('{')).unwrap_or(before);
    let end = line.get(end..).and_then(|text| text.find('}')).map_or(end, |at| end + at + 1);
    format!("…{}…", line.get(start..end).unwrap_or_default())
}

/// How many lines go and come before the next one that both have.
fn until_they_agree(old: &[&str], new: &[&str]) -> (usize, usize) {
    for sum in 1..=WINDOW {
        for gone in 0..=sum {
            let come = sum - gone;
            match (old.get(gone), new.get(come)) {
                (Some(one), Some(other)) if one == other => return (gone, come),
                (None, None) if gone == old.len() && come == new.len() => return (gone, come),
                _ => {}
            }
        }
    }
    (old.len(), new.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JSON is YAML, and may be one line.
    #[test]
    fn of_a_configuration_in_one_line_only_the_keys_are_shown() {
        let text = |first: &str, second: &str| {
            format!(
                "{{\"store\": {{\"secret\": \"canary-1\"}}, \"token\": {{\"issuer\": \"a\", \"keys\": [{{\"key\": \"a.key\"{first}}}, \
                 {{\"key\": \"b.key\"{second}}}]}}, \"authn\": [{{\"users\": {{\"a\": {{\"password\": \"canary-2\"}}}}}}]}}\n"
            )
        };
        let shown = changed(
            &text("", ", \"use\": \"next\""),
            &text(", \"use\": \"retired\"", ", \"use\": \"current\""),
        );
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("retired") && shown.contains("b.key"), "{shown}");
    }

    #[test]
    fn only_what_differs_is_shown() {
        for (old, new, shown) in [
            ("a\nb\nc\n", "a\nb\nc\n", ""),
            ("a\nb\nc\n", "a\nx\nc\n", "  line 2    - b\n  line 2    + x\n"),
            ("a\nb\nc\n", "a\nx\ny\nb\nc\n", "  line 2    + x\n  line 3    + y\n"),
            ("a\nb\nc\n", "a\nc\n", "  line 2    - b\n"),
            ("a\nb\n", "a\n", "  line 2    - b\n"),
            (
                "a\nb\nc\nd\n",
                "x\nb\nc\ny\n",
                "  line 1    - a\n  line 1    + x\n  line 4    - d\n  line 4    + y\n",
            ),
        ] {
            assert_eq!(changed(old, new), shown, "{old:?} {new:?}");
        }
    }
}
