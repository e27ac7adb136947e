//! Labels are matched, not expanded: the outcome must be that of trying every combination as docker_auth does.

use super::*;
use crate::{
    Glob,
    go_regex::{self, NEVER},
};

const KEYS: [&str; 2] = ["x", "y"];

fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| ['\\', c]).collect()
}

/// One combination put into the template's text. None if a value is malformed where it acts as a pattern.
fn expand(template: &str, combination: &[Value<'_>], regex: bool) -> Option<String> {
    let mut out = template.to_owned();
    for (key, value) in KEYS.into_iter().zip(combination) {
        let variable = format!("${{labels:{key}}}");
        let in_class = if regex { regex_syntax::escape(value.text()) } else { escaped(value.text()) };
        for opening in ["[", "[^", "[b", "[^b"] {
            out = out.replace(&format!("{opening}{variable}"), &format!("{opening}{in_class}"));
        }
        if !out.contains(&variable) {
            continue;
        }
        let text = match value {
            Literal(text) if regex => regex_syntax::escape(text),
            Literal(text) => escaped(text),
            Pattern(text) if regex => go_regex::translate(text).ok().map(|_| format!("(?:{text})"))?,
            Pattern(text) => Glob::parse(text, DoubleStar::PlainStar).ok().map(|_| (*text).to_owned())?,
        };
        out = out.replace(&variable, &text);
    }
    Some(out)
}

/// The values of a key to try; a key that the template does not use must not stop the others.
fn candidates<'a>(template: &str, index: usize, values: &[Value<'a>]) -> Vec<Value<'a>> {
    if template.contains(&format!("${{labels:{}}}", KEYS[index])) {
        values.iter().copied().filter(|value| !value.text().is_empty()).collect()
    } else {
        vec![Literal("unused")]
    }
}

fn by_product(template: &str, text: &str, x: &[Value<'_>], y: &[Value<'_>], regex: bool) -> bool {
    let one = |pattern: String| {
        // A label by itself may turn out to be a regex.
        if regex
            || KEYS.iter().any(|key| template == format!("${{labels:{key}}}"))
                && regex_text(&pattern).is_some()
        {
            let pattern = &pattern[1..pattern.len() - 1];
            regex::Regex::new(&go_regex::translate(pattern).unwrap_or_else(|_| NEVER.to_owned()))
                .unwrap()
                .is_match(text)
        } else {
            Glob::parse(&pattern, DoubleStar::PlainStar).unwrap().is_match(text)
        }
    };
    let (x, y) = (candidates(template, 0, x), candidates(template, 1, y));
    x.iter().any(|x| y.iter().any(|y| expand(template, &[*x, *y], regex).is_some_and(one)))
}

fn values() -> impl Strategy<Value = Vec<(bool, String)>> {
    let text = "(a|b|/|\\*|\\?|\\[\\^a\\]|\\[ab\\]|\\[){0,3}";
    prop::collection::vec((any::<bool>(), text), 0..4)
}

fn regex_values() -> impl Strategy<Value = Vec<(bool, String)>> {
    prop::collection::vec((any::<bool>(), "(a|b|\\.|\\*|\\||\\(|\\)|\\[\\^a\\]){0,3}"), 0..4)
}

fn borrow(values: &[(bool, String)]) -> Vec<Value<'_>> {
    values.iter().map(|(pattern, text)| if *pattern { Pattern(text) } else { Literal(text) }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2500))]

    #[test]
    fn of_globs(
        template in "(a|b|/|\\*|\\?|\\[\\^a\\]|(X|Y)|(X|Y)|\\[(X|Y)\\]|\\[\\^(X|Y)\\]|\\[\\^b(X|Y)\\]){0,5}",
        text in "[ab/]{0,6}",
        x in values(),
        y in values(),
    ) {
        let template = template.replace('X', "${labels:x}").replace('Y', "${labels:y}");
        prop_assume!(regex_text(&template).is_none());
        let (x, y) = (borrow(&x), borrow(&y));
        let request = Request::default().label("x", &x).label("y", &y);
        let ours = matches(&template, &text, &request);
        prop_assert_eq!(ours, by_product(&template, &text, &x, &y, false), "{}", template);
    }

    #[test]
    fn of_regexes(
        template in "(a|b|\\.|(X|Y)|(X|Y)|\\[(X|Y)\\]|\\[\\^(X|Y)\\]|\\[\\^b(X|Y)\\]){0,4}",
        text in "[ab.]{0,5}",
        x in regex_values(),
        y in regex_values(),
    ) {
        let template = template.replace('X', "${labels:x}").replace('Y', "${labels:y}");
        let template = format!("/^{template}$/");
        let (x, y) = (borrow(&x), borrow(&y));
        let request = Request::default().label("x", &x).label("y", &y);
        let ours = matches(&template, &text, &request);
        prop_assert_eq!(ours, by_product(&template, &text, &x, &y, true), "{}", template);
    }
}
