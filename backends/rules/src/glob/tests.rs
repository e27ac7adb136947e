use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    Glob::parse(pattern, DoubleStar::PlainStar).unwrap().is_match(text)
}

fn crosses(pattern: &str, text: &str) -> bool {
    Glob::parse(pattern, DoubleStar::CrossesSlash).unwrap().is_match(text)
}

#[test]
fn stars_stop_at_slashes() {
    for (pattern, text, expected) in [
        ("", "", true),
        ("", "a", false),
        ("library/*", "library/alpine", true),
        ("library/*", "library/", true),
        ("library/*", "library/a/b", false),
        ("*", "a/b", false),
        ("*/*", "a/b", true),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("?", "é", true),
        ("[^a]", "/", true),
        ("[a-c]x", "bx", true),
        ("[z-a]", "m", false),
        (r"\*", "*", true),
        (r"\*", "a", false),
        (r"[\]]", "]", true),
        ("a**b", "axyb", true),
        ("a**b", "ax/yb", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn double_star_crosses_slashes_where_it_should() {
    for (pattern, text, expected) in [
        ("team/**", "team/a/b/c", true),
        ("team/**", "team/", true),
        ("team/**", "team", false),
        ("**", "", true),
        ("**/x", "a/b/x", true),
        ("**/x", "x", false),
        ("a/***/b", "a/1/2/b", true),
        ("a*b", "a/b", false),
        ("**[^a]*b", "x/b", true),
        (r"a\**", "a*", true),
    ] {
        assert_eq!(crosses(pattern, text), expected, "{pattern} {text}");
    }
}

/// Go commits to the first place that fits. What it refuses for that must stay refused.
#[test]
fn go_never_looks_back() {
    assert!(!matches("*[^a]*b", "x/b"));
    assert!(matches("*[^é]", "é"));
}

#[test]
fn malformed_globs_name_place_and_cure() {
    for (pattern, position, hint) in [
        ("ab[c", 3, "no closing"),
        ("[", 1, "no closing"),
        ("[]", 2, "the class is empty"),
        ("[^]", 3, "the class is empty"),
        ("é[-a]", 3, "write `\\-`"),
        ("[a-]", 3, "write `\\-`"),
        ("a\\", 2, "write `\\\\`"),
        ("[a\\", 3, "write `\\\\`"),
    ] {
        let error = Glob::parse(pattern, DoubleStar::PlainStar).unwrap_err();
        assert_eq!(error.position, position, "{pattern}");
        assert!(error.to_string().contains(hint), "{pattern}: {error}");
    }
}

/// Many stars over a long text that almost fits.
#[test]
fn hostile_globs_stay_fast() {
    let text = "a".repeat(2000);
    assert!(!matches(&("*a".repeat(200) + "b"), &text));
    assert!(!crosses(&("**a".repeat(200) + "b"), &text));
}

/// The plain meaning by full search, on a simplified grammar: `*`, `**`, `?`, `[abc]`, and literals.
fn naive(pattern: &[char], text: &[char], double: bool) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', '*', rest @ ..] if double => {
            let rest = &rest[rest.iter().take_while(|c| **c == '*').count()..];
            (0..=text.len()).any(|n| naive(rest, &text[n..], double))
        }
        ['*', rest @ ..] => (0..=text.len())
            .take_while(|n| !text[..*n].contains(&'/'))
            .any(|n| naive(rest, &text[n..], double)),
        ['?', rest @ ..] => text.first().is_some_and(|c| *c != '/') && naive(rest, &text[1..], double),
        ['[', rest @ ..] => {
            let end = rest.iter().position(|c| *c == ']').unwrap();
            text.first().is_some_and(|c| rest[..end].contains(c))
                && naive(&rest[end + 1..], &text[1..], double)
        }
        [c, rest @ ..] => text.first() == Some(c) && naive(rest, &text[1..], double),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn agrees_with_a_naive_matcher(
        pattern in "(a|b|/|é|\\*|\\?|\\*\\*|\\[ab\\]|\\[é\\]){0,7}",
        text in "[ab/é]{0,8}",
    ) {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(matches(&pattern, &text), naive(&p, &t, false));
        prop_assert_eq!(crosses(&pattern, &text), naive(&p, &t, true));
    }

    #[test]
    fn never_panics(pattern in "[\\[\\]*?^\\\\a/é-]{0,12}|.{0,20}", text in ".{0,20}") {
        for double_star in [DoubleStar::PlainStar, DoubleStar::CrossesSlash] {
            if let Ok(glob) = Glob::parse(&pattern, double_star) {
                glob.is_match(&text);
            }
        }
    }
}
