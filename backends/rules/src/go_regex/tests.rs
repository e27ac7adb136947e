use proptest::prelude::*;
use regex::Regex;

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(&translate(pattern).unwrap()).unwrap().is_match(text)
}

#[test]
fn classes_are_ascii_and_without_operators() {
    for (pattern, text, expected) in [
        (r"^\w$", "é", false),
        (r"^\d$", "٣", false),
        (r"^\s$", "\u{b}", false),
        (r"^\s$", "\u{a0}", false),
        (r"^\W$", "é", true),
        (r"é\b", "éa", true),
        ("^[a&&b]$", "&", true),
        ("^[a--]$", "a", false),
        ("^[a[]$", "[", true),
        ("^[[:word:]-]$", "-", true),
        ("^[^[:^alpha:]]$", "a", true),
        ("^[]a]$", "]", true),
        (r"^\pN$", "٣", true),
        (r"^\p{^Greek}$", "α", false),
        (r"(?i)^\w$", "ſ", true),
    ] {
        let translated = translate(pattern);
        if pattern == "^[a--]$" {
            assert_eq!(translated.unwrap_err().problem, RegexProblem::BackwardRange);
        } else {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text} {translated:?}");
        }
    }
}

#[test]
fn escapes_and_braces_follow_go() {
    for (pattern, text, expected) in [
        (r"^\Qa.b*\E+$", "a.b**", true),
        (r"^\Qa.b", "a.b", true),
        (r"^\101\x41\x{41}\07$", "AAA\u{7}", true),
        ("^a{,2}$", "a{,2}", true),
        ("^a{01}$", "a{01}", true),
        ("^{$", "{", true),
        ("^a${2}$", "a", true),
        ("^a(?i)*$", "aaa", true),
        ("^(?:a*(?i)*)b$", "aab", true),
        ("(?i:a)b", "Ab", true),
        ("(?i:a)b", "AB", false),
        ("a(?i)b|c", "C", true),
        ("(?s)^.$", "\n", true),
        ("^.$", "\n", false),
        ("(?m)^b$", "a\nb", true),
        ("b$", "b\n", false),
        (r"\x{D800}", "a", false),
        ("[\\x{D700}-\\x{E000}]", "\u{D7FF}", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn refusals_name_place_and_cure() {
    for (pattern, position, hint) in [
        ("*a", 1, "nothing to repeat"),
        ("a**", 3, "a repetition of a repetition"),
        ("a{1001}", 2, "1000 at most"),
        ("a{2,1}", 2, "the lower bound comes first"),
        ("(?:a{40}){26}", 10, "nested ones multiplied"),
        ("(a", 1, "no closing `)`"),
        ("a)", 2, "closes no group"),
        ("(?x)a", 1, "there is no look-around"),
        ("(?=a)", 1, "there is no look-around"),
        ("(?<=a)", 1, "a group's name"),
        ("[a", 1, "no closing `]`"),
        ("[[:foo:]]", 2, "known are such as"),
        (r"\p{Foo}", 1, "write a category or script"),
        (r"(a)\1", 4, "back-references"),
        (r"\C", 1, "unknown escape `\\C`"),
        (r"\Z", 1, "unknown escape `\\Z`"),
        ("a\\", 2, "nothing follows"),
    ] {
        let error = translate(pattern).unwrap_err();
        assert_eq!(error.position, position, "{pattern}: {error}");
        assert!(error.to_string().contains(hint), "{pattern}: {error}");
    }
    let deep = "(".repeat(5000) + &")".repeat(5000);
    assert_eq!(translate(&deep).unwrap_err().problem, RegexProblem::TooDeep);
}

fn shape(pattern: &str) -> Shape {
    let options = Options { flags: Flags::default(), capturing: true };
    parse(&Tokens::plain(pattern).list, options).unwrap().shape
}

#[test]
fn required_texts_are_found_and_never_claimed() {
    for (pattern, required) in [
        ("foo", "foo"),
        ("a.foo[x]", "foo"),
        ("fo+bar", "bar"),
        ("xfoo?", "xfo"),
        ("(foo)bar", "bar"),
        ("(?:.(foo).)b", "foo"),
        ("(foo)?b", "b"),
        ("(foo)*b", "b"),
        ("(foo){0}b", "b"),
        ("fo{0}b", "b"),
        ("(foo|bar)b", "b"),
        ("foo|bar", ""),
        ("(?i)foo", ""),
        ("(?i:foo)b", "b"),
        ("foo\\.bar$", "foo.bar"),
        ("[foo]", ""),
    ] {
        assert_eq!(&*shape(pattern).required, required, "{pattern}");
    }
}

#[test]
fn literal_prefixes_are_found_and_never_claimed() {
    for (pattern, prefix, exact) in [
        ("^foo$", "foo", true),
        (r"\Afoo\z", "foo", true),
        (r"^a\/b\.c$", "a/b.c", true),
        ("^foo", "foo", false),
        ("^fo+", "f", false),
        ("^fo?$", "f", false),
        ("^fo{0}$", "f", false),
        ("^foo.*$", "foo", false),
        ("foo$", "", false),
        ("^foo|bar", "", false),
        ("^(foo)$", "foo", false),
        ("^(?:a(b)c)d.", "abcd", false),
        ("^(fo+)o$", "f", false),
        ("^a(foo$)b", "afoo", false),
        ("^a(foo)?b", "a", false),
        ("^a(foo){2}b", "a", false),
        ("^(a|b)c", "", false),
        ("^(?i:a)b", "", false),
        ("^*foo$", "", false),
        ("^foo$*", "foo", false),
        ("^foo$x", "foo", false),
        ("(?i)^foo$", "", false),
        ("(?m)^foo$", "", false),
        ("a^foo", "", false),
        (r"^\Qa*\E$", "a*", true),
    ] {
        let shape = shape(pattern);
        let expected: Vec<_> =
            [prefix].iter().filter(|p| !p.is_empty()).map(|p| PrefixPart::Text((*p).into())).collect();
        assert_eq!((shape.prefix, shape.exact), (expected, exact), "{pattern}");
    }
}

#[test]
fn unanchored_alternatives_are_shown_with_an_example_that_matches() {
    for (pattern, example) in [
        ("trainee|dev", Some("former-devs")),
        ("^trainee|dev$", Some("former-dev")),
        ("(trainee|dev)", Some("former-devs")),
        ("((?:a|b))+", None),
        ("a.*|b.*", None),
        ("^a$|b", Some("former-bs")),
    ] {
        let loose = Alternatives::Loose { example: example.map(str::to_owned) };
        assert_eq!(shape(pattern).alternatives, loose, "{pattern}");
        assert!(example.is_none_or(|example| matches(pattern, example)), "{pattern}");
    }
    for pattern in ["^(a|b)$", "^a|^b", "a$|b$", "^a$|^b$", "dev", "^x(a|b)", "[a|b]", r"a\|b"] {
        assert_eq!(shape(pattern).alternatives, Alternatives::Meant, "{pattern}");
    }
}

const PIECES: &str = "(a|b|é|\\*|\\+|\\?|\\(|\\)|\\(\\?i\\)|\\(\\?:|\\||\\^|\\$|\\[|\\]|\\{2\\}|\\{1,|\\\\Q|\\\\E|\\\\pL|\\\\w|-|&&|\\[:alpha:\\]|\\\\x\\{|\\}|7){0,10}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever is accepted is valid in the other syntax; nothing panics; the prefix is never wrong.
    #[test]
    fn accepted_means_valid(pattern in prop_oneof![PIECES.boxed(), ".{0,30}".boxed()], text in "[abé7\\^]{0,4}") {
        let options = Options { flags: Flags::default(), capturing: true };
        if let Ok(translated) = parse(&Tokens::plain(&pattern).list, options) {
            let regex = Regex::new(&translated.source);
            prop_assert!(regex.is_ok(), "{} {:?}", translated.source, regex);
            let regex = regex.unwrap();
            prop_assert_eq!(regex.captures_len(), translated.groups as usize + 1);
            let prefix = match translated.shape.prefix.first() {
                Some(PrefixPart::Text(text)) => &**text,
                _ => "",
            };
            prop_assert!(!regex.is_match(&text) || text.starts_with(prefix));
            if translated.shape.exact {
                prop_assert_eq!(regex.is_match(&text), text == prefix);
                prop_assert!(regex.is_match(prefix));
            }
            if let Alternatives::Loose { example: Some(example) } = translated.shape.alternatives {
                prop_assert!(regex.is_match(&example));
            }
        }
    }
}
