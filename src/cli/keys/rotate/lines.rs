//! Which lines of a text are others than before.

use std::fmt::Write as _;

/// How far ahead the two texts are looked through for where they agree again.
const WINDOW: usize = 200;

/// The lines that go and those that come, each with its number in its text.
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
            let _ = writeln!(shown, "  line {:<4} - {line}", number + 1);
        }
        for (number, line) in new.iter().enumerate().skip(j).take(come) {
            let _ = writeln!(shown, "  line {:<4} + {line}", number + 1);
        }
        (i, j) = (i + gone, j + come);
    }
    shown
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
