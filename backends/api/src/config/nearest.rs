//! Guesses what was meant.

/// The candidate that a typo most likely meant, if one is near enough to be worth naming.
pub fn nearest<'a>(typo: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typo = typo.to_lowercase();
    let tolerance = match typo.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(&typo, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= tolerance && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insertions, deletions, replacements (Levenshtein). Long words are not compared.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, above_left), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let replaced = above_left + usize::from(from != *to);
            let left = next.last().copied().unwrap_or(usize::MAX - 1);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_was_meant_and_nothing_far_fetched() {
        let known = ["issuer", "expiration", "certificate", "key", "users", "acl"];
        for (typo, meant) in [
            ("isuer", Some("issuer")),
            ("certficate", Some("certificate")),
            ("Expiration", Some("expiration")),
            ("user", Some("users")),
            ("kye", Some("key")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(typo, known), meant, "{typo}");
        }
    }

    #[test]
    fn counts_edits() {
        for (a, b, edits) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
